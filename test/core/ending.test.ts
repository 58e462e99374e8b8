import { expect, test } from '@jest/globals';
import { type EndedTask, endingOf, type LaunchFailure } from '../../lib/core/ending.ts';
import { WARM_STEADY_MS } from '../../lib/core/limits.ts';
import type { Seat } from '../../lib/core/runner.ts';
import { aSeat, aWarmSeat, NOW } from '../support/builders.ts';

const rows: [string, Partial<Seat>, number | undefined, 'yes' | 'no' | 'unknown', 'pool' | 'nobody'][] = [
  ['a runner that GitHub named ended with its job', { state: 'busy', busyWith: 1 }, 0, 'yes', 'nobody'],
  ['… whatever its exit code', { state: 'busy', busyWith: 1 }, 137, 'yes', 'nobody'],
  ['… also when the instance was lost', { state: 'busy', busyWith: 1 }, undefined, 'yes', 'nobody'],
  ['a runner that was told to go ran none', { state: 'gone', goneAt: NOW }, 0, 'no', 'nobody'],
  ['… also when it was killed for not going', { state: 'gone', goneAt: NOW }, 137, 'no', 'nobody'],
  ['one that said that a job started ran some job', { state: 'registered', startedAt: NOW }, 1, 'unknown', 'nobody'],
  ['one that ended well ran some job', { state: 'registered' }, 0, 'unknown', 'nobody'],
  ['… even if we never saw it register', { state: 'launching' }, 0, 'unknown', 'nobody'],
  ['a container that never started is the pool’s fault', { state: 'launching' }, undefined, 'no', 'pool'],
  ['a container that failed before it registered too', { state: 'launching' }, 1, 'no', 'pool'],
  ['a registered one that failed by itself too', { state: 'registered' }, 3, 'no', 'pool'],
  ['a registered one that was lost may have had a job', { state: 'registered' }, undefined, 'unknown', 'nobody'],
];

test.each(rows)('%s', (_, seat, exitCode, ran, blame) => {
  const task = { stoppedReason: 'because', ...(exitCode !== undefined && { exitCode }) };
  expect(endingOf(aSeat(seat), task)).toMatchObject({ ran, blame });
});

const failures: [string, Partial<Seat>, Partial<EndedTask>, LaunchFailure | undefined][] = [
  ['its task never had an instance', { state: 'launching' }, { neverPlaced: true }, 'no capacity'],
  ['its container never came up', { state: 'launching' }, {}, 'task failed to start'],
  ['its container ended before it registered', { state: 'launching' }, { exitCode: 2 }, 'never registered'],
  ['its container ended without a job', { state: 'registered' }, { exitCode: 3 }, 'container failed'],
  ['it was lost, perhaps with a job', { state: 'registered' }, {}, undefined],
  ['it ran a job', { state: 'busy', busyWith: 1 }, { exitCode: 0 }, undefined],
  ['nobody wanted it any more', { state: 'gone', goneAt: NOW }, { exitCode: 0 }, undefined],
];

test.each(failures)('what it failed at: %s', (_, seat, task, failure) => {
  expect(endingOf(aSeat(seat), { stoppedReason: 'because', ...task }).failure).toBe(failure);
});

const STEADY = NOW + WARM_STEADY_MS;
const warm: [string, Partial<Seat>, Partial<EndedTask>, 'pool' | 'nobody', LaunchFailure | undefined][] = [
  ['that never came up', { state: 'launching' }, {}, 'pool', 'task failed to start'],
  ['that never had an instance', { state: 'launching' }, { neverPlaced: true }, 'pool', 'no capacity'],
  ['that ended before it asked', { state: 'launching' }, { exitCode: 4 }, 'pool', 'never registered'],
  [
    'that ended well before it asked, which none does',
    { state: 'launching' },
    { exitCode: 0 },
    'pool',
    'never registered',
  ],
  ['that had hardly waited', { heardAt: STEADY - 1 }, { exitCode: 137 }, 'pool', 'never registered'],
  ['that had waited for long', { heardAt: STEADY }, { exitCode: 137 }, 'nobody', 'never registered'],
  ['whose instance was taken away after long', { heardAt: STEADY }, {}, 'nobody', 'never registered'],
  ['that was let go', { state: 'gone', goneAt: NOW }, { exitCode: 0 }, 'nobody', undefined],
];

test.each(warm)('a warm runner %s ran no job', (_, seat, task, blame, failure) => {
  const ending = endingOf(aWarmSeat(seat), { stoppedReason: 'because', ...task });
  expect(ending).toMatchObject({ ran: 'no', blame });
  expect(ending.failure).toBe(failure);
});

test('the reason says how: the exit code if there is one, and what ECS said', () => {
  expect(endingOf(aSeat(), { stoppedReason: 'CannotPullContainerError' }).reason).toBe(
    'launch 1 failed: CannotPullContainerError',
  );
  expect(endingOf(aSeat(), { exitCode: 3, stoppedReason: 'essential' }).reason).toMatch(/exit code 3: essential/);
});
