import { describe, expect, test } from '@jest/globals';
import {
  aboutToTry,
  assess,
  type DeliveriesRecord,
  dueAgain,
  firstDeliveries,
  type HookDelivery,
  isLost,
  movedOn,
  review,
  type Tried,
} from '../../lib/core/deliveries.ts';
import { REDELIVERIES_EACH_MAX } from '../../lib/core/limits.ts';
import { NOW } from '../support/builders.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function anAttempt(overrides: Partial<HookDelivery> = {}): HookDelivery {
  return {
    id: 1,
    guid: 'one',
    deliveredAt: NOW - MINUTE,
    event: 'workflow_job',
    action: 'queued',
    status: 'Invalid HTTP Response: 502',
    statusCode: 502,
    ...overrides,
  };
}

function aTry(overrides: Partial<Tried> = {}): Tried {
  return {
    guid: 'one',
    id: 1,
    deliveredAt: NOW - HOUR,
    firstAt: NOW - HOUR,
    tries: 1,
    triedAt: NOW - HOUR,
    failed: true,
    ...overrides,
  };
}

describe('what counts as lost on the way', () => {
  test.each<{ name: string; attempt: Partial<HookDelivery>; lost: boolean }>([
    { name: 'a 502', attempt: {}, lost: true },
    { name: 'a 500', attempt: { statusCode: 500 }, lost: true },
    { name: 'a time-out', attempt: { status: 'timed out', statusCode: 504 }, lost: true },
    { name: 'no connection', attempt: { status: 'failed to connect to host', statusCode: 0 }, lost: true },
    { name: 'a gateway that had too many requests', attempt: { statusCode: 429 }, lost: true },
    { name: 'a gateway that waited too long', attempt: { statusCode: 408 }, lost: true },
    { name: 'a wrong signature, which we refused', attempt: { statusCode: 401 }, lost: false },
    { name: 'a body that we refused', attempt: { statusCode: 400 }, lost: false },
    { name: 'a form, which we refused', attempt: { statusCode: 415 }, lost: false },
    { name: 'a redirection', attempt: { statusCode: 302 }, lost: false },
    { name: 'one that was taken', attempt: { status: 'OK', statusCode: 202 }, lost: false },
    { name: 'an event of another kind', attempt: { event: 'ping' }, lost: false },
    { name: 'a job that waits for an approval', attempt: { action: 'waiting' }, lost: false },
    { name: 'an end', attempt: { action: 'completed' }, lost: true },
  ])('$name: $lost', ({ attempt, lost }) => {
    expect(isLost(anAttempt(attempt))).toBe(lost);
  });
});

describe('a page of failed attempts', () => {
  const untriedOf = (...page: HookDelivery[]) => assess(firstDeliveries(NOW), page, NOW).untried;

  test('an event that was never tried is, by its latest attempt, and is as old as its first', () => {
    const [first, latest] = [
      anAttempt({ id: 1, deliveredAt: NOW - HOUR }),
      anAttempt({ id: 2, deliveredAt: NOW - MINUTE }),
    ];
    expect(untriedOf(latest, first)).toEqual([
      { guid: 'one', id: 2, deliveredAt: NOW - MINUTE, firstAt: NOW - HOUR, tries: 0, triedAt: 0, failed: true },
    ]);
  });

  test.each<{ name: string; page: Partial<HookDelivery>[]; untried: string[] }>([
    { name: 'two events are two', page: [{ guid: 'one' }, { guid: 'two' }], untried: ['one', 'two'] },
    { name: 'one that is a day old helps nobody', page: [{ deliveredAt: NOW - 24 * HOUR }], untried: [] },
    { name: 'one that is almost a day old does', page: [{ deliveredAt: NOW - 24 * HOUR + 1 }], untried: ['one'] },
    {
      name: 'one that is a day old, and was tried by somebody since, too',
      page: [{}, { deliveredAt: NOW - 24 * HOUR }],
      untried: [],
    },
    {
      name: 'one that we refused at last is ours',
      page: [{ statusCode: 401 }, { deliveredAt: NOW - HOUR }],
      untried: [],
    },
    {
      name: 'one that was taken at last is done (servers that know no filter list it)',
      page: [{ status: 'OK', statusCode: 202 }, { deliveredAt: NOW - HOUR }],
      untried: [],
    },
  ])('$name', ({ page, untried }) => {
    expect(untriedOf(...page.map(anAttempt)).map(({ guid }) => guid)).toEqual(untried);
  });

  test.each<{ name: string; page: Partial<HookDelivery>[]; id: number; failed: boolean }>([
    {
      name: 'the attempt that was repeated says nothing new',
      page: [{ id: 1, deliveredAt: NOW - HOUR }],
      id: 1,
      failed: false,
    },
    { name: 'a later one says that the repetition failed', page: [{ id: 2 }], id: 2, failed: true },
    {
      name: 'a later one that we refused says that it arrived',
      page: [{ id: 2, statusCode: 401 }],
      id: 2,
      failed: false,
    },
  ])('of one that was tried: $name', ({ page, id, failed }) => {
    const { tried, untried } = assess({ since: NOW, tried: [aTry({ failed: false })] }, page.map(anAttempt), NOW);
    expect(untried).toEqual([]);
    expect(tried).toMatchObject([{ id, failed, tries: 1 }]);
  });
});

test('what a reading before has dealt with is on the page too, and is left alone', () => {
  const record = { since: NOW, tried: [] };
  const page = [
    anAttempt({ guid: 'new', deliveredAt: NOW - 15 * MINUTE }),
    anAttempt({ deliveredAt: NOW - 15 * MINUTE - 1 }),
  ];
  expect(assess(record, page, NOW).untried.map(({ guid }) => guid)).toEqual(['new']);
});

describe('again, with growing gaps', () => {
  test.each<{ name: string; one: Partial<Tried>; due: boolean }>([
    { name: 'after the first try, not before ten minutes', one: { triedAt: NOW - 10 * MINUTE + 1 }, due: false },
    { name: 'after the first try, ten minutes later', one: { triedAt: NOW - 10 * MINUTE }, due: true },
    {
      name: 'after the second, not before two hours',
      one: { tries: 2, firstAt: NOW - 3 * HOUR, triedAt: NOW - 2 * HOUR + 1 },
      due: false,
    },
    {
      name: 'after the second, two hours later',
      one: { tries: 2, firstAt: NOW - 3 * HOUR, triedAt: NOW - 2 * HOUR },
      due: true,
    },
    {
      name: 'after the third, never',
      one: { tries: 3, firstAt: NOW - 20 * HOUR, triedAt: NOW - 15 * HOUR },
      due: false,
    },
    { name: 'not if it was answered', one: { failed: false }, due: false },
    { name: 'not when the event is a day old', one: { firstAt: NOW - 24 * HOUR }, due: false },
  ])('$name', ({ one, due }) => {
    expect(dueAgain([aTry(one)], NOW)).toHaveLength(due ? 1 : 0);
  });

  test('that it is about to be tried counts as a try that failed', () => {
    expect(aboutToTry(aTry({ tries: 1 }), NOW)).toMatchObject({ tries: 2, triedAt: NOW, failed: true });
  });
});

describe('what is remembered', () => {
  const longAgo = { deliveredAt: NOW - HOUR, triedAt: NOW - HOUR };
  test.each<{ name: string; one: Partial<Tried>; readSince: number; kept: boolean; givenUp?: boolean }>([
    {
      name: 'an answered one, until its attempts are on no page any more',
      one: { ...longAgo, failed: false },
      readSince: NOW - 45 * MINUTE,
      kept: true,
    },
    { name: 'no longer', one: { ...longAgo, failed: false }, readSince: NOW - 45 * MINUTE + 1, kept: false },
    { name: 'one that has another try', one: longAgo, readSince: NOW, kept: true },
    {
      name: 'one that has none',
      one: { ...longAgo, tries: REDELIVERIES_EACH_MAX },
      readSince: NOW,
      kept: false,
      givenUp: true,
    },
    {
      name: 'one that has none, but would be taken for a new one',
      one: { ...longAgo, tries: 3, triedAt: NOW },
      readSince: NOW,
      kept: true,
    },
    {
      name: 'one that is too old',
      one: { ...longAgo, firstAt: NOW - 24 * HOUR },
      readSince: NOW,
      kept: false,
      givenUp: true,
    },
  ])('$name', ({ one, readSince, kept, givenUp = false }) => {
    const reviewed = review([aTry(one)], readSince, NOW);
    expect({ kept: reviewed.kept.length === 1, givenUp: reviewed.givenUp.length === 1 }).toEqual({ kept, givenUp });
  });
});

describe('how far it has been read', () => {
  const record = { ...firstDeliveries(NOW), since: NOW - HOUR };
  const beganAt = NOW - 5000;

  test.each<{
    name: string;
    page: { deliveries: HookDelivery[]; next?: string };
    reading: DeliveriesRecord['reading'];
    since: number;
  }>([
    { name: 'nothing failed', page: { deliveries: [] }, reading: undefined, since: beganAt },
    { name: 'the last page', page: { deliveries: [anAttempt()] }, reading: undefined, since: beganAt },
    {
      name: 'a page before others',
      page: { deliveries: [anAttempt()], next: 'n' },
      reading: { cursor: 'n', beganAt },
      since: NOW - HOUR,
    },
    {
      name: 'a page that reaches a quarter of an hour behind the last reading',
      page: { deliveries: [anAttempt(), anAttempt({ deliveredAt: NOW - 75 * MINUTE - 1 })], next: 'n' },
      reading: undefined,
      since: beganAt,
    },
    {
      name: 'a page that does not quite',
      page: { deliveries: [anAttempt(), anAttempt({ deliveredAt: NOW - 75 * MINUTE })], next: 'n' },
      reading: { cursor: 'n', beganAt },
      since: NOW - HOUR,
    },
  ])('$name', ({ page, reading, since }) => {
    const moved = movedOn(record, page, beganAt);
    expect({ reading: moved.reading, since: moved.since }).toEqual({ reading, since });
  });

  test('at first, a day back', () => {
    expect(firstDeliveries(NOW).since).toBe(NOW - 24 * HOUR);
  });
});
