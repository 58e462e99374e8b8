/** Refusals as a pool's record holds them. */
import { expect, test } from '@jest/globals';
import { JOB_WAIT_MAX_MS, REFUSAL_ASKED_EVERY_MS, REFUSED_REPOSITORIES_MAX } from '../../lib/core/limits.ts';
import { heldBy, isWorthAsking, type Refusal, refusalOf, withoutRefusal, withRefusal } from '../../lib/core/refusal.ts';
import { poolRecord } from '../../lib/core/runner.ts';
import { aBacklogRecord, aSeat, aWarmSeat, NOW } from '../support/builders.ts';

const RECORD = poolRecord('default');

function aRefusal(overrides: Partial<Refusal> = {}): Refusal {
  return {
    installation: 7,
    owner: 'octo-org',
    what: 'registration',
    reason: 'no',
    since: NOW,
    askAt: NOW,
    ...overrides,
  };
}

const held: { sentence: string; refusal: Partial<Refusal>; isHeld: boolean }[] = [
  { sentence: 'in the organisation, all of its jobs', refusal: {}, isHeld: true },
  { sentence: 'not those of another one', refusal: { installation: 8 }, isHeld: false },
  { sentence: 'on a repository, its jobs', refusal: { repository: 'app' }, isHeld: true },
  { sentence: 'not those of its neighbour', refusal: { repository: 'web' }, isHeld: false },
  { sentence: 'unless all are taken to be refused', refusal: { repository: 'web', everywhere: true }, isHeld: true },
];

test.each(held)('who is held: $sentence', ({ refusal, isHeld }) => {
  expect(heldBy([aRefusal(refusal)], aBacklogRecord()) !== undefined).toBe(isHeld);
});

test('nobody is held where nothing is refused', () => {
  expect(heldBy(undefined, aBacklogRecord())).toBeUndefined();
});

test('a refused runner holds the jobs of where it would have been registered', () => {
  expect(refusalOf(aSeat(), 'no', NOW)).toEqual(aRefusal({ askAt: NOW + REFUSAL_ASKED_EVERY_MS }));
  expect(refusalOf(aSeat({ repository: 'app' }), 'no', NOW)?.repository).toBe('app');
  expect(refusalOf(aWarmSeat(), 'no', NOW)).toBeUndefined();
});

test('the same refusal again takes the place of the first, and keeps since when', () => {
  const first = withRefusal(RECORD, aRefusal());
  const again = withRefusal(first, aRefusal({ reason: 'still no', since: NOW + 1, askAt: NOW + 2 }));
  expect(again.refusals).toEqual([aRefusal({ reason: 'still no', askAt: NOW + 2 })]);
});

test('repositories are refused one by one, until so many are that all of the owner are', () => {
  let record = withRefusal(RECORD, aRefusal({ installation: 8, owner: 'other' }));
  for (let number = 1; number < REFUSED_REPOSITORIES_MAX; number += 1) {
    record = withRefusal(record, aRefusal({ repository: `app-${number}` }));
  }
  expect(record.refusals).toHaveLength(REFUSED_REPOSITORIES_MAX);
  record = withRefusal(record, aRefusal({ repository: 'one-more' }));
  record = withRefusal(record, aRefusal({ repository: 'and-another' }));
  const everywhere = aRefusal({ repository: 'and-another', everywhere: true });
  expect(record.refusals).toEqual([aRefusal({ installation: 8, owner: 'other' }), everywhere]);
  expect(withoutRefusal(record, everywhere).refusals).toEqual([aRefusal({ installation: 8, owner: 'other' })]);
});

test('a record without refusals says nothing of them', () => {
  expect(withoutRefusal(withRefusal(RECORD, aRefusal()), aRefusal())).toEqual(RECORD);
  expect(withoutRefusal(RECORD, aRefusal())).toBe(RECORD);
});

const asked: { sentence: string; refusal: Refusal | undefined; age: number; isAsked: boolean }[] = [
  { sentence: 'one whose owner is refused is not asked about', refusal: aRefusal(), age: 0, isAsked: false },
  { sentence: 'unless it is to be given up', refusal: aRefusal(), age: JOB_WAIT_MAX_MS, isAsked: true },
  { sentence: 'one whose group does not admit it is', refusal: aRefusal({ what: 'group' }), age: 0, isAsked: true },
  { sentence: 'one that nobody refuses is', refusal: undefined, age: 0, isAsked: true },
];

test.each(asked)('$sentence', ({ refusal, age, isAsked }) => {
  const item = aBacklogRecord({ recordedAt: NOW - age });
  expect(isWorthAsking(refusal && [refusal], item, NOW)).toBe(isAsked);
});

test('a job that runs is asked about, whoever is refused', () => {
  expect(isWorthAsking([aRefusal()], aBacklogRecord({ state: 'in_progress' }), NOW)).toBe(true);
});
