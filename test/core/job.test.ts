import { describe, expect, test } from '@jest/globals';
import type { JobEvent, JobState } from '../../lib/core/job.ts';
import { backlogItem, recordEvent } from '../../lib/core/job.ts';
import { AWAIT_WORD_MS, FRESH_EVENT_MS } from '../../lib/core/limits.ts';
import { aJobEvent, aJobRecord, NOW } from '../support/builders.ts';

const LATER = NOW + 60_000;
const recorded = (event: Partial<JobEvent>) =>
  recordEvent(undefined, aJobEvent(event), { home: { pool: 'default' } }, NOW);

describe('a state only rises', () => {
  const states: JobState[] = ['queued', 'in_progress', 'completed'];
  const pairs = states.flatMap((before) => states.map((event) => ({ before, event })));
  test.each(pairs)('$event after $before', ({ before, event }) => {
    const previous = recorded({ state: before });
    const after = recordEvent(previous, aJobEvent({ state: event }), { home: { pool: 'default' } }, LATER);
    const rises = states.indexOf(event) > states.indexOf(before);
    expect(after.state).toBe(rises ? event : before);
    expect(after === previous).toBe(!rises);
  });
});

describe('the first event', () => {
  test('makes a record of what it says, without a launch', () => {
    expect(recorded({})).toEqual({ ...aJobRecord(), version: '' });
  });

  test('that is in progress has started, on the runner it names', () => {
    const record = recorded({ state: 'in_progress', runnerName: 'sim-default-0-1-1-1' });
    expect(record).toMatchObject({
      startedAt: NOW,
      ranOn: 'sim-default-0-1-1-1',
      reason: 'runs on sim-default-0-1-1-1',
    });
    expect(record).not.toHaveProperty('completedAt');
  });

  test('that is completed is a tombstone, also without a runner', () => {
    const record = recorded({ state: 'completed', conclusion: 'cancelled' });
    expect(record).toMatchObject({ completedAt: NOW, conclusion: 'cancelled', reason: 'cancelled, no runner' });
    expect(record).not.toHaveProperty('ranOn');
    expect(backlogItem(record)).toBeUndefined();
  });

  test('of a job that no pool serves has no pool and no backlog item', () => {
    const record = recordEvent(undefined, aJobEvent(), {}, NOW);
    expect(record).not.toHaveProperty('pool');
    expect(backlogItem(record)).toBeUndefined();
  });

  test.each([
    { sentence: 'an hour old is fresh', ageMs: FRESH_EVENT_MS, state: 'queued', asks: false },
    { sentence: 'older than an hour awaits a word', ageMs: FRESH_EVENT_MS + 1, state: 'queued', asks: true },
    { sentence: 'older, but in progress, awaits none', ageMs: FRESH_EVENT_MS + 1, state: 'in_progress', asks: false },
    { sentence: 'older, but completed, awaits none', ageMs: FRESH_EVENT_MS + 1, state: 'completed', asks: false },
    { sentence: 'from the future awaits none', ageMs: -FRESH_EVENT_MS, state: 'queued', asks: false },
  ] as const)('$sentence', ({ ageMs, state, asks }) => {
    expect(recorded({ state, createdAt: NOW - ageMs }).awaitsWord).toBe(asks ? NOW - AWAIT_WORD_MS : undefined);
  });
});

describe('a later event', () => {
  test('takes away what concerned waiting, and keeps the launch number', () => {
    const waiting = aJobRecord({
      launch: 3,
      runner: 'sim-default-0-1-3',
      notBefore: NOW,
      awaitsWord: NOW,
      failures: 2,
    });
    const running = recordEvent(
      waiting,
      aJobEvent({ state: 'in_progress', runnerName: 'other' }),
      { home: { pool: 'default' } },
      LATER,
    );
    expect(running).toMatchObject({ launch: 3, failures: 2, ranOn: 'other', startedAt: LATER, version: 'v1' });
    for (const gone of ['runner', 'notBefore', 'awaitsWord']) expect(running).not.toHaveProperty(gone);
  });

  test('without a runner leaves the runner that is known', () => {
    const running = recorded({ state: 'in_progress', runnerName: 'one' });
    expect(recordEvent(running, aJobEvent({ state: 'completed' }), { home: { pool: 'default' } }, LATER).ranOn).toBe(
      'one',
    );
  });

  test('lets the story be kept for 30 days more', () => {
    const done = recordEvent(aJobRecord(), aJobEvent({ state: 'completed' }), { home: { pool: 'default' } }, NOW + 1);
    expect(done.expiresAt).toBe(NOW / 1000 + 1 + 30 * 24 * 60 * 60);
  });
});

describe('attempts', () => {
  const ended = aJobRecord({
    state: 'completed',
    launch: 4,
    failures: 2,
    conclusion: 'failure',
    runner: 'x',
    completedAt: NOW,
  });

  test('a newer one begins anew, with the launch number of the old one', () => {
    const again = recordEvent(ended, aJobEvent({ attempt: 2, createdAt: LATER }), { home: { pool: 'default' } }, LATER);
    expect(again).toMatchObject({ state: 'queued', attempt: 2, launch: 4, failures: 0, version: 'v1' });
    for (const gone of ['conclusion', 'completedAt', 'runner']) expect(again).not.toHaveProperty(gone);
  });

  test('an older one says nothing, whatever its state', () => {
    const second = aJobRecord({ attempt: 2 });
    expect(
      recordEvent(second, aJobEvent({ attempt: 1, state: 'completed' }), { home: { pool: 'default' } }, LATER),
    ).toBe(second);
  });
});

describe('the backlog item', () => {
  test('says as much as a look needs', () => {
    const { version: _, ...item } = backlogItemOf({});
    expect(Object.keys(item).sort()).toEqual(
      [
        'createdAt',
        'installation',
        'job',
        'labels',
        'owner',
        'pool',
        'reason',
        'recordedAt',
        'repository',
        'state',
      ].sort(),
    );
  });

  test('of a running job is there', () =>
    expect(backlogItemOf({ state: 'in_progress' })).toMatchObject({ state: 'in_progress' }));

  test('names the runner only while it awaits GitHub’s word', () => {
    expect(backlogItemOf({ runner: 'x' })).not.toHaveProperty('runner');
    expect(backlogItemOf({ runner: 'x', awaitsWord: NOW, notBefore: LATER })).toMatchObject({
      runner: 'x',
      awaitsWord: NOW,
      notBefore: LATER,
    });
  });

  function backlogItemOf(overrides: Parameters<typeof aJobRecord>[0]): Record<string, unknown> {
    return { ...backlogItem(aJobRecord(overrides)) };
  }
});
