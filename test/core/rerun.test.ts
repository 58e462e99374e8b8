import { describe, expect, test } from '@jest/globals';
import { RERUN_AGAIN_MS } from '../../lib/core/limits.ts';
import type { LostRecord } from '../../lib/core/lost.ts';
import { LOST, lostAtOf, lostPlaceOf } from '../../lib/core/lost.ts';
import type { Owed, SeenRun } from '../../lib/core/rerun.ts';
import { judgeLost, judgeRun, judgeTogether, nextAskAt, ourAttempt, planRerun } from '../../lib/core/rerun.ts';
import type { RunJob } from '../../lib/core/sweep.ts';
import { aJobRecord, aSeat, NOW } from '../support/builders.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const aLost = (overrides: Partial<LostRecord> = {}): LostRecord => ({
  version: 'v1',
  kind: 'lost',
  pool: LOST,
  place: 7,
  runner: 'sim-default-1-1-1',
  of: 'default',
  lostAt: NOW,
  notedAt: NOW,
  job: 1,
  reason: 'its instance went under it',
  ...overrides,
});

const died = { state: 'completed', conclusion: 'failure', ranOn: 'sim-default-1-1-1-1', run: 9 } as const;
const pool = { rerunsMax: 2, ranOn: 'sim-default-1-1-1' };

describe('as far as our records say', () => {
  test.each([
    ['it died', {}, {}, {}, 'ask'],
    ['its pool wants none', {}, {}, { rerunsMax: 0 }, 'drop'],
    ['it waits', {}, { state: 'queued' as const }, {}, 'wait'],
    ['by our record it still runs: with others of its run', {}, { state: 'in_progress' as const }, {}, 'ask'],
    ['it succeeded', {}, { conclusion: 'success' }, {}, 'drop'],
    ['a person cancelled it', {}, { conclusion: 'cancelled' }, {}, 'drop'],
    ['it ran out of time', {}, { conclusion: 'timed_out' }, {}, 'drop'],
    ['it ran on another runner', {}, {}, { ranOn: 'sim-default-2-1-2' }, 'drop'],
    ['in the last attempt that is run again', {}, { attempt: 2 }, {}, 'ask'],
    ['in one more', {}, { attempt: 3 }, {}, 'drop'],
    ['a day ago', { notedAt: NOW - DAY }, {}, {}, 'drop'],
  ])('%s', (_, lost, job, of, expected) => {
    const verdict = judgeLost(aLost(lost), aJobRecord({ ...died, ...job }), { ...pool, ...of }, NOW);
    expect(verdict.do).toBe(expected);
  });

  test('of an earlier version, without its run', () => {
    const { run: _, ...record } = aJobRecord(died);
    expect(judgeLost(aLost(), record, pool, NOW)).toMatchObject({
      do: 'drop',
      reason: 'the run of its job is not known',
    });
  });

  test('nobody has named a job: an hour is waited', () => {
    const { job: _, ...unnamed } = aLost();
    expect(judgeLost(unnamed, undefined, pool, NOW + 59 * MINUTE).do).toBe('wait');
    expect(judgeLost(unnamed, undefined, pool, NOW + 60 * MINUTE).do).toBe('drop');
  });
});

const owed = (lost: Partial<LostRecord> = {}, job: Partial<Owed['job']> = {}): Owed => ({
  record: aLost(lost),
  job: { ...aJobRecord(died), run: 9, ...job },
});
const aRun = (overrides: Partial<SeenRun> = {}): SeenRun => ({
  hasEnded: true,
  conclusion: 'failure',
  attempt: 1,
  createdAt: NOW,
  ...overrides,
});

test.each([
  ['it has ended', owed(), aRun(), 'ask'],
  ['it goes on', owed(), aRun({ hasEnded: false }), 'wait'],
  ['a person cancelled it', owed(), aRun({ conclusion: 'cancelled' }), 'drop'],
  ['a person ran it again', owed(), aRun({ attempt: 2 }), 'drop'],
  ['a person ran it again, and it goes on', owed(), aRun({ attempt: 2, hasEnded: false }), 'drop'],
  ['we ran another job of it again', owed({ attempt: 2 }), aRun({ attempt: 2 }), 'ask'],
  ['we ran another job of it again, and then a person', owed({ attempt: 2 }), aRun({ attempt: 3 }), 'drop'],
  ['it was asked for, and GitHub did it', owed({}, { rerun: { at: NOW, attempt: 1 } }), aRun({ attempt: 2 }), 'done'],
  ['it was asked for just now', owed({}, { rerun: { at: NOW - MINUTE, attempt: 1 } }), aRun(), 'wait'],
  [
    'it was asked for, and GitHub never heard',
    owed({}, { rerun: { at: NOW - 2 * MINUTE, attempt: 1 } }),
    aRun(),
    'ask',
  ],
  ['it is a month old', owed(), aRun({ createdAt: NOW - 30 * DAY }), 'drop'],
])('its run: %s', (_, one, run, expected) => {
  expect(judgeRun(one, run, 0, NOW).do).toBe(expected);
});

test('an attempt that another job of the run has brought about by us is no person’s, for a day', () => {
  const again = aLost({ job: 7, attempt: 2, again: { run: 9 } });
  const ours = ourAttempt([again, aLost({ attempt: 3, again: { run: 10 } }), aLost({ attempt: 4 })], 9);
  expect(ours).toBe(2);
  expect(judgeRun(owed(), aRun({ attempt: 2 }), ours, NOW).do).toBe('ask');
  expect(judgeRun(owed(), aRun({ attempt: 3 }), ours, NOW).do).toBe('drop');
  const kept = (age: number) => judgeLost(again, undefined, { rerunsMax: 2, ranOn: undefined }, NOW + age).do;
  expect([kept(DAY - 1), kept(DAY)]).toEqual(['wait', 'drop']);
});

const aJob = (overrides: Partial<RunJob> = {}): RunJob => ({
  job: 1,
  attempt: 1,
  state: 'completed',
  conclusion: 'failure',
  labels: [],
  name: 'build',
  createdAt: NOW,
  changedAt: NOW + 10 * MINUTE,
  ...overrides,
});
const other = owed({ runner: 'sim-default-2-2-1', job: 2 }, { job: 2, name: 'test' });
const otherJob = aJob({ job: 2, name: 'test' });

test.each([
  ['all that failed died', [owed(), other], [aJob(), otherJob], true, { call: 'failed' }],
  [
    'others were cancelled for it',
    [owed()],
    [aJob(), aJob({ job: 3, conclusion: 'cancelled' })],
    true,
    { call: 'failed' },
  ],
  ['another failed by itself', [owed(), other], [aJob(), otherJob, aJob({ job: 3 })], true, { call: 'job', job: 1 }],
  [
    'another ran out of time',
    [owed()],
    [aJob(), aJob({ job: 3, conclusion: 'timed_out' })],
    true,
    { call: 'job', job: 1 },
  ],
  ['there are more jobs than were read', [owed()], [aJob()], false, { call: 'job', job: 1 }],
  ['it has a new id', [owed()], [aJob({ job: 51 }), aJob({ job: 52, name: 'lint' })], true, { call: 'job', job: 51 }],
  ['two have its name', [owed()], [aJob({ job: 51 }), aJob({ job: 52 })], true, { call: 'none' }],
  ['it had failed before', [owed()], [aJob({ changedAt: NOW - 1000 })], true, { call: 'none' }],
  ['it succeeded', [owed()], [aJob({ conclusion: 'success' })], true, { call: 'none' }],
])('what is asked for: %s', (_, group, jobs, isWhole, expected) => {
  expect(planRerun(group, jobs, isWhole)).toMatchObject(expected);
});

test('nobody is asked for beside one whose answer is waited for, whoever comes later in the same minute', () => {
  const run = { hasEnded: true, conclusion: 'failure', attempt: 1, createdAt: NOW };
  const asked = owed({ attempt: 2 }, { rerun: { at: NOW, attempt: 1 } });
  const verdicts = (now: number) => judgeTogether([asked, other], run, 0, now).map(({ verdict }) => verdict.do);
  expect(verdicts(NOW + RERUN_AGAIN_MS - 1)).toEqual(['wait', 'wait']);
  expect(verdicts(NOW + RERUN_AGAIN_MS)).toEqual(['ask', 'ask']);
});

test('one that had failed by itself keeps the others from being asked for all at once', () => {
  const plan = planRerun([owed(), other], [aJob({ changedAt: NOW - 1 }), otherJob], true);
  expect(plan).toMatchObject({ call: 'job', job: 2, asked: [other], later: [], dropped: [{ owed: owed() }] });
});

describe('when a runner was lost', () => {
  const busy = aSeat({ state: 'busy', busyWith: 1 });
  test.each([
    ['with its instance', busy, { lost: true as const, stoppedAt: NOW - 5 }, NOW - 5],
    ['with its instance, ECS says no time', busy, { lost: true as const }, NOW],
    ['its container had an exit code', busy, { exitCode: 0 }, undefined],
    ['somebody stopped it', busy, { stoppedAt: NOW }, undefined],
    ['nothing is known of its task', busy, {}, undefined],
    [
      'the same, and its instance was announced to go',
      aSeat({ state: 'busy', interruptedAt: NOW - DAY }),
      {},
      NOW - DAY + 2 * MINUTE,
    ],
    ['the same, but it had an exit code', aSeat({ state: 'busy', interruptedAt: NOW }), { exitCode: 1 }, undefined],
    ['it had never been registered', aSeat(), { lost: true as const }, undefined],
    ['it had been told to go', aSeat({ state: 'gone' }), { lost: true as const }, undefined],
    [
      'it had been told to go, long after its job',
      aSeat({ state: 'gone', busyWith: 1 }),
      { lost: true as const, stoppedAt: NOW - DAY },
      NOW - DAY,
    ],
  ])('%s', (_, seat, task, expected) => {
    expect(lostAtOf(seat, task, NOW)).toBe(expected);
  });
});

test('names have numbers of their own', () => {
  const names = Array.from({ length: 20_000 }, (_, job) => `sim-default-${job % 50}-${100_520_616_165 + job}-1`);
  const places = new Set(names.map(lostPlaceOf));
  expect(places.size).toBe(names.length);
  expect([...places].every(Number.isSafeInteger)).toBe(true);
});

test('in a day, GitHub is asked some forty times', () => {
  let times = 0;
  for (let at = NOW; at < NOW + DAY; at = nextAskAt(aLost(), at)) times += 1;
  expect(times).toBeLessThan(50);
});
