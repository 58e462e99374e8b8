import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  FIND_LOST_UNTIL_MS,
  JANITOR_TIMEOUT_SECONDS,
  MINTS_BURST,
  SWEEP_CALLS_MAX,
  SWEEP_CALLS_WHILE_LAUNCHING_MAX,
  SWEEP_JOB_PAGES_MAX,
  SWEEP_RUNS_MAX,
} from '../../lib/core/limits.ts';
import {
  ACTIVE_RUN_STATES,
  type ActiveRepository,
  allowanceOf,
  halfOf,
  inTurn,
  isLostWord,
  type RunJob,
  runsOfTurn,
  stillActive,
  stuckAt,
  withFound,
} from '../../lib/core/sweep.ts';
import { NOW } from '../support/builders.ts';

const MINUTE = 60_000;
const QUIET = MINTS_BURST;

describe('what a sweep may cost', () => {
  const limit = { limit: 5000, remaining: 5000, resetsAt: NOW + 30 * MINUTE };
  test.each<{
    name: string;
    limit: Parameters<typeof allowanceOf>[0];
    mintsLeft?: number;
    calls?: number;
    paid: number;
  }>([
    { name: 'of a whole hour: a twentieth of what is above the reserve', limit, paid: 125 },
    { name: 'of what is left above the reserve', limit: { ...limit, remaining: 3000 }, paid: 25 },
    { name: 'the last call above the reserve', limit: { ...limit, remaining: 2501 }, paid: 1 },
    { name: 'nothing of the reserve', limit: { ...limit, remaining: 2500 }, paid: 0 },
    { name: 'nothing when nothing is left', limit: { ...limit, remaining: 0 }, paid: 0 },
    { name: 'after the reset all is there again', limit: { ...limit, remaining: 0, resetsAt: NOW }, paid: 125 },
    {
      name: 'a large limit: no more than the calls',
      limit: { ...limit, limit: 15_000, remaining: 15_000 },
      paid: SWEEP_CALLS_MAX,
    },
    { name: 'a server without limits', limit: undefined, paid: SWEEP_CALLS_MAX },
    {
      name: 'while many runners are registered: fewer calls',
      limit,
      mintsLeft: MINTS_BURST / 2 - 1,
      calls: SWEEP_CALLS_WHILE_LAUNCHING_MAX,
      paid: SWEEP_CALLS_WHILE_LAUNCHING_MAX,
    },
  ])('$name', ({ limit: given, mintsLeft = QUIET, calls = SWEEP_CALLS_MAX, paid }) => {
    expect(allowanceOf(given, mintsLeft, NOW)).toEqual({ calls, paid });
  });

  test('one visit is possible within half of the smallest number of calls, or it would never end', () => {
    const visit = 2 * ACTIVE_RUN_STATES.length + SWEEP_JOB_PAGES_MAX * SWEEP_RUNS_MAX;
    expect(visit).toBeLessThanOrEqual(halfOf({ calls: SWEEP_CALLS_WHILE_LAUNCHING_MAX, paid: 0 }).calls);
  });

  test('it stops before the function does', () => {
    const [, seconds] = /janitor:\n(?: {4}.*\n)*? {4}timeout: (\d+)/.exec(readFileSync('serverless.yml', 'utf8')) ?? [];
    expect(Number(seconds)).toBe(JANITOR_TIMEOUT_SECONDS);
    // A call that has begun by then may take 10 s.
    expect(FIND_LOST_UNTIL_MS + 10_000).toBeLessThan(JANITOR_TIMEOUT_SECONDS * 1000);
  });
});

describe('whose turn it is', () => {
  const repositories = [{ id: 30 }, { id: 10 }, { id: 20 }];
  test.each([
    { name: 'from the start', cursor: 0, order: [10, 20, 30] },
    { name: 'after the last one that was looked into', cursor: 10, order: [20, 30, 10] },
    { name: 'where that one is gone', cursor: 15, order: [20, 30, 10] },
    { name: 'after the last of all', cursor: 30, order: [10, 20, 30] },
  ])('$name', ({ cursor, order }) => {
    expect(inTurn(repositories, cursor).map(({ id }) => id)).toEqual(order);
  });

  test('a repository that cannot be read is passed over in the third sweep that ends there', () => {
    const first = stuckAt(7, undefined);
    const second = stuckAt(7, first.stuck);
    const third = stuckAt(7, second.stuck);
    expect([first, second, third].map(({ passOver }) => passOver)).toEqual([false, false, true]);
    expect(stuckAt(8, second.stuck)).toEqual({ stuck: { repository: 8, sweeps: 1 }, passOver: false });
  });

  const active = (id: number, overrides: Partial<ActiveRepository> = {}) => ({
    id,
    activeAt: NOW,
    sweptAt: NOW,
    turn: 0,
    ...overrides,
  });

  test('those that were never looked into come first, then those that waited longest', () => {
    const known = [active(1, { sweptAt: NOW - 1 }), active(2, { sweptAt: NOW - 2 })];
    expect(withFound(known, [3, 1, 3], NOW).map(({ id }) => id)).toEqual([3, 2, 1]);
  });

  test('active ones stay for a quarter of an hour', () => {
    const list = [active(1, { activeAt: NOW - 15 * MINUTE }), active(2, { activeAt: NOW - 15 * MINUTE + 1 })];
    expect(stillActive(list, NOW).map(({ id }) => id)).toEqual([2]);
  });

  test('of too many, those stay that waited longest', () => {
    const list = Array.from({ length: 600 }, (_, id) => active(id, { sweptAt: NOW - id }));
    const kept = stillActive(list, NOW);
    expect(kept).toHaveLength(500);
    expect(kept[0]?.id).toBe(599);
    expect(JSON.stringify(kept).length).toBeLessThan(100_000);
  });

  test.each([
    { name: 'no runs', runs: 0, turn: 3, chosen: [], isLast: true },
    { name: 'few runs', runs: 2, turn: 3, chosen: [0, 1], isLast: true },
    { name: 'many runs', runs: 15, turn: 0, chosen: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], isLast: false },
    { name: 'many runs, next turn', runs: 15, turn: 1, chosen: [12, 13, 14], isLast: true },
    { name: 'many runs, and anew', runs: 15, turn: 2, chosen: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], isLast: false },
  ])('$name', ({ runs, turn, chosen, isLast }) => {
    expect(
      runsOfTurn(
        Array.from({ length: runs }, (_, index) => index),
        turn,
      ),
    ).toEqual({ chosen, isLast });
  });
});

describe('what GitHub says and nobody has told us', () => {
  function aRunJob(overrides: Partial<RunJob> = {}): RunJob {
    return {
      job: 1,
      attempt: 1,
      state: 'queued',
      labels: [],
      name: 'build',
      createdAt: NOW - MINUTE,
      changedAt: NOW - MINUTE,
      ...overrides,
    };
  }
  test.each<{ name: string; job: Partial<RunJob>; known?: 'queued' | 'in_progress'; lost: boolean }>([
    { name: 'queued, and never heard of', job: {}, lost: true },
    { name: 'in progress, and never heard of', job: { state: 'in_progress' }, lost: true },
    { name: 'completed, and nobody waits for it', job: { state: 'completed' }, lost: false },
    { name: 'completed, and known as queued', job: { state: 'completed' }, known: 'queued', lost: true },
    { name: 'completed, and known as running', job: { state: 'completed' }, known: 'in_progress', lost: true },
    { name: 'in progress, and known as queued', job: { state: 'in_progress' }, known: 'queued', lost: true },
    { name: 'queued, and known', job: {}, known: 'queued', lost: false },
    { name: 'queued, as GitHub said before it ran', job: {}, known: 'in_progress', lost: false },
    { name: 'held', job: { state: 'held' }, lost: false },
    { name: 'queued just now: the webhook is on its way', job: { changedAt: NOW - 29_999 }, lost: false },
    { name: 'queued half a minute ago', job: { changedAt: NOW - 30_000 }, lost: true },
  ])('$name: $lost', ({ job, known, lost }) => {
    expect(isLostWord(aRunJob(job), known, NOW)).toBe(lost);
  });
});
