import { describe, expect, test } from '@jest/globals';
import type { SeenRunner, SeenTask } from '../../lib/core/cleanup.ts';
import { isGhost, isGhostsTurn, isOrphan, isQuestionable, judgeSeat } from '../../lib/core/cleanup.ts';
import type { BacklogRecord } from '../../lib/core/job.ts';
import {
  ASK_AGAIN_UNTIL_MS,
  AWAIT_WORD_MS,
  BOOT_DEADLINE_MS,
  ECS_LAG_MS,
  GOING_DEADLINE_MS,
  IDLE_SUSPICIOUS_MS,
  IDLE_UNHEARD_MS,
  MINT_VOID_AFTER_MS,
  PROVISIONING_DEADLINE_MS,
  UNHEARD_DEADLINE_MS,
} from '../../lib/core/limits.ts';
import type { Seat } from '../../lib/core/runner.ts';
import { aBacklogRecord, aSeat, aWarmSeat, NOW } from '../support/builders.ts';

const ARN = 'arn:aws:ecs:us-east-1:123456789012:task/sim/1';

function aTask(overrides: Partial<SeenTask> = {}): SeenTask {
  return { taskArn: ARN, startedBy: 'sim-default-1-1-1', lastStatus: 'PROVISIONING', createdAt: NOW, ...overrides };
}

const running = aTask({ lastStatus: 'RUNNING', startedAt: NOW });
const known = (overrides: Partial<Seat> = {}) => aSeat({ taskArn: ARN, ...overrides });

describe('each deadline, just before and just after', () => {
  const rows: { sentence: string; seat: Seat; task?: SeenTask; deadlineMs: number; verdict: string }[] = [
    { sentence: 'RunTask was not answered', seat: aSeat(), deadlineMs: ASK_AGAIN_UNTIL_MS, verdict: 'look up' },
    { sentence: 'ECS does not know the task', seat: known(), deadlineMs: ECS_LAG_MS, verdict: 'end' },
    {
      sentence: 'no instance was found',
      seat: known(),
      task: aTask(),
      deadlineMs: PROVISIONING_DEADLINE_MS,
      verdict: 'stop',
    },
    {
      sentence: 'the container does not register',
      seat: known(),
      task: running,
      deadlineMs: BOOT_DEADLINE_MS,
      verdict: 'stop',
    },
    {
      sentence: 'the container was told to register later',
      seat: known({ mintNotBefore: NOW + 60_000 }),
      task: running,
      deadlineMs: 60_000 + BOOT_DEADLINE_MS,
      verdict: 'stop',
    },
    {
      sentence: 'the container registers at this moment',
      seat: known({ mintingAt: NOW + BOOT_DEADLINE_MS }),
      task: running,
      deadlineMs: BOOT_DEADLINE_MS + MINT_VOID_AFTER_MS,
      verdict: 'stop',
    },
    {
      sentence: 'the container has fallen silent while it was warm',
      seat: aWarmSeat({ taskArn: ARN, heardAt: NOW + 3_600_000 }),
      task: running,
      deadlineMs: 3_600_000 + BOOT_DEADLINE_MS,
      verdict: 'stop',
    },
    {
      sentence: 'a job has claimed a warm one, and it is silent',
      seat: known({ heardAt: NOW + 3_600_000 }),
      task: running,
      deadlineMs: 3_600_000 + BOOT_DEADLINE_MS,
      verdict: 'stop',
    },
    {
      sentence: 'it was told to go',
      seat: known({ state: 'gone', goneAt: NOW }),
      task: running,
      deadlineMs: GOING_DEADLINE_MS,
      verdict: 'stop',
    },
    {
      sentence: 'it was given up when nothing had been heard of it: it may work',
      seat: known({ state: 'gone', goneAt: NOW, registeredAt: NOW - IDLE_UNHEARD_MS }),
      task: running,
      deadlineMs: UNHEARD_DEADLINE_MS,
      verdict: 'stop',
    },
    {
      sentence: 'it was given up just after it had said that it is idle',
      seat: known({ state: 'gone', goneAt: NOW, registeredAt: NOW - 900_000, heardAt: NOW - IDLE_UNHEARD_MS + 1 }),
      task: running,
      deadlineMs: GOING_DEADLINE_MS,
      verdict: 'stop',
    },
    {
      sentence: 'it was given up when the job that ran in it had ended',
      seat: known({ state: 'gone', goneAt: NOW, registeredAt: NOW - 900_000, startedAt: NOW - 900_000, busyWith: 1 }),
      task: running,
      deadlineMs: GOING_DEADLINE_MS,
      verdict: 'stop',
    },
  ];
  test.each(rows)('$sentence: nothing, then $verdict', ({ seat, task, deadlineMs, verdict }) => {
    expect(judgeSeat(seat, task, NOW + deadlineMs - 1).do).toBe('nothing');
    expect(judgeSeat(seat, task, NOW + deadlineMs).do).toBe(verdict);
  });

  const tireless: [string, Seat][] = [
    ['registered', known({ state: 'registered', registeredAt: NOW, runnerId: 1 })],
    ['busy', known({ state: 'busy', busyWith: 1 })],
  ];
  test.each(tireless)('a %s runner is never stopped', (_, seat) => {
    expect(judgeSeat(seat, running, NOW + 30 * 24 * 60 * 60_000)).toEqual({ do: 'nothing' });
  });
});

test('a stopped task ends its runner at once, with what ECS says of it', () => {
  const stopped = aTask({ lastStatus: 'STOPPED', exitCode: 3, stoppedReason: 'essential' });
  expect(judgeSeat(known(), stopped, NOW)).toMatchObject({
    do: 'end',
    ending: { ran: 'no', blame: 'pool', reason: expect.stringMatching(/exit code 3: essential/) },
  });
  expect(judgeSeat(aSeat(), aTask({ lastStatus: 'STOPPED' }), NOW)).toMatchObject({
    do: 'end',
    ending: { reason: expect.stringMatching(/its task has stopped/) },
  });
});

test('a busy runner that ECS has forgotten has run its job', () => {
  expect(judgeSeat(known({ state: 'busy', busyWith: 1 }), undefined, NOW + ECS_LAG_MS)).toMatchObject({
    do: 'end',
    ending: { ran: 'yes' },
  });
});

describe('orphans', () => {
  const old = NOW + ECS_LAG_MS;
  const rows: [string, Partial<SeenTask>, string[], number, boolean][] = [
    ['a task that no record knows', {}, [], old, true],
    ['… but just started', {}, [], old - 1, false],
    ['a task that a record knows', {}, ['sim-default-1-1-1'], old, false],
    ['a task of somebody else', { startedBy: 'ecs-svc/123' }, [], old, false],
    ['a task of another deployment', { startedBy: 'sim2-default-1-1-1' }, [], old, false],
  ];
  test.each(rows)('%s', (_, task, names, now, expected) => {
    expect(isOrphan('sim', aTask(task), new Set(names), now)).toBe(expected);
  });

  test('a task of unknown age', () => {
    const { createdAt: _, ...task } = aTask();
    expect(isOrphan('sim', task, new Set(), old)).toBe(false);
  });
});

describe('ghosts', () => {
  const seats = new Map([['sim-default-1-1-1', known({ mint: 2, runnerId: 22 })]]);
  const rows: [string, Partial<SeenRunner>, boolean][] = [
    ['of an earlier mint', { name: 'sim-default-1-1-1-1' }, true],
    ['of the last mint is none', { name: 'sim-default-1-1-1-2', id: 22 }, false],
    ['of the last mint, whose answer was lost, is none yet', { name: 'sim-default-1-1-1-2', id: 23 }, false],
    ['of an earlier mint that is online works', { name: 'sim-default-1-1-1-1', online: true }, false],
    ['of an earlier mint that is busy works', { name: 'sim-default-1-1-1-1', busy: true }, false],
    ['that the record names is none', { name: 'sim-default-1-1-1-1', id: 22 }, false],
    ['that is not ours is none', { name: 'sim2-default-1-1-1-1' }, false],
    ['whose name we would not give is none', { name: 'build-machine' }, false],
  ];
  test.each(rows)('a registration %s', (_, runner, expected) => {
    const seen = { id: 21, name: 'x', online: false, busy: false, ...runner };
    expect(isGhost('sim', seen, { seats, tasks: new Set(['sim-default-8-8-1']) })).toBe(expected);
  });

  test.each([
    ['without a record is one', {}, true],
    ['without a record, but online, is none', { online: true }, false],
    ['without a record, but busy, whose task lives, is none', { name: 'sim-default-8-8-1-1', busy: true }, false],
    ['without a record and without a task, busy for ever, is one', { busy: true }, true],
    ['with a record, busy though its task has ended, is none yet', { name: 'sim-default-1-1-1-1', busy: true }, false],
  ] as [string, Partial<SeenRunner>, boolean][])('a registration %s', (_, runner, expected) => {
    const seen = { id: 1, name: 'sim-default-9-9-1-1', online: false, busy: false, ...runner };
    expect(isGhost('sim', seen, { seats, tasks: new Set(['sim-default-8-8-1']) })).toBe(expected);
  });

  test('a busy registration is none while ECS does not say which tasks live', () => {
    const seen = { id: 1, name: 'sim-default-9-9-1-1', online: false, busy: true };
    expect(isGhost('sim', seen, { seats, tasks: undefined })).toBe(false);
  });

  test('one that GitHub takes for busy is asked for once in ten minutes', () => {
    const seen = { id: 3, name: 'sim-default-9-9-1-1', online: false, busy: true };
    const minutes = Array.from({ length: 10 }, (_, minute) => NOW + minute * 60_000);
    expect(minutes.filter((now) => isGhostsTurn(seen, 0, 1, now))).toHaveLength(1);
  });

  test('of many that GitHub takes for busy, three or so are asked for in a minute, and each has its turn', () => {
    const ghosts = Array.from({ length: 300 }, (_, id) => ({
      id,
      name: 'sim-default-9-9-1-1',
      online: false,
      busy: true,
    }));
    const asked = Array.from({ length: 100 }, (_, minute) =>
      ghosts.filter((ghost) => isGhostsTurn(ghost, 0, ghosts.length, NOW + minute * 60_000)).map(({ id }) => id),
    );
    expect(Math.max(...asked.map(({ length }) => length))).toBe(3);
    expect(new Set(asked.flat()).size).toBe(300);
  });

  test('ghosts of a busy scope take turns, those of a quiet one are removed at once', () => {
    const ghost = (id: number) => ({ id, name: 'sim-default-9-9-1-1', online: false, busy: false });
    const minutes = [0, 1, 2, 3].map((minute) => NOW + minute * 60_000);
    const turns = minutes.map((now) => isGhostsTurn(ghost(7), now - 1000, 0, now));
    expect(turns.filter(Boolean)).toHaveLength(1);
    expect(minutes.every((now) => isGhostsTurn(ghost(7), now - 121_000, 0, now))).toBe(true);
  });
});

describe('jobs of which only GitHub can say how they are', () => {
  const awaiting = aBacklogRecord({ awaitsWord: NOW });
  const busy = aSeat({ state: 'busy', busyWith: 1, startedAt: NOW });
  const stranger = aSeat({ state: 'registered', startedAt: NOW });
  const idle = aSeat({ state: 'registered', registeredAt: NOW });
  const hours = Array.from({ length: 60 }, (_, minute) => NOW + 10 * 60_000 + minute * 60_000);
  const rows: { sentence: string; item: BacklogRecord; seat?: Seat; asked: boolean }[] = [
    { sentence: 'one that awaits a word is asked for', item: awaiting, asked: true },
    {
      sentence: 'one that runs without a runner of ours is',
      item: aBacklogRecord({ state: 'in_progress' }),
      asked: true,
    },
    {
      sentence: 'one that runs on a runner of ours is not',
      item: aBacklogRecord({ state: 'in_progress' }),
      seat: busy,
      asked: false,
    },
    { sentence: 'one whose runner works for somebody unnamed is', item: aBacklogRecord(), seat: stranger, asked: true },
    { sentence: 'one whose runner is idle is', item: aBacklogRecord(), seat: idle, asked: true },
    { sentence: 'one whose runner is launching is not', item: aBacklogRecord(), seat: aSeat(), asked: false },
    { sentence: 'one that waits for a launch is not', item: aBacklogRecord({ reason: 'full' }), asked: false },
  ];
  test.each(rows)('$sentence', ({ item, seat, asked }) => {
    expect(hours.some((now) => isQuestionable(item, seat, now))).toBe(asked);
  });

  test('none before its time', () => {
    expect(isQuestionable(awaiting, undefined, NOW + AWAIT_WORD_MS - 1)).toBe(false);
    expect(isQuestionable(awaiting, undefined, NOW + AWAIT_WORD_MS)).toBe(true);
    for (let job = 0; job < 30; job += 1) {
      expect(isQuestionable(aBacklogRecord({ job }), idle, NOW + IDLE_SUSPICIOUS_MS - 1)).toBe(false);
    }
  });
});
