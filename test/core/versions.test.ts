import { expect, test } from '@jest/globals';
import {
  afterAsking,
  afterSeeing,
  judgeVersion,
  type KnownVersion,
  leastDaysLeft,
  type VersionAnswer,
  versionsOf,
} from '../../lib/core/versions.ts';
import { NOW } from '../support/builders.ts';

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

function aVersion(overrides: Partial<KnownVersion> = {}): KnownVersion {
  return { runnerVersion: '2.330.0', seenAt: NOW, askAt: NOW + DAY, ...overrides };
}

test('versions by pool: of runners of ours that have connected', () => {
  const versions = versionsOf('sim', [
    { name: 'sim-default-0-1-1-1', version: '2.337.0' },
    { name: 'sim-large-3-2-1-1', version: '2.337.0' },
    { name: 'sim-default-1-3-1-1', version: '2.330.0' },
    { name: 'sim-default-2-4-1-1' },
    { name: 'other-default-0-1-1-1', version: '2.300.0' },
    { name: 'desk', version: '2.300.0' },
  ]);
  expect([...versions].map(([version, pools]) => [version, [...pools]])).toEqual([
    ['2.337.0', ['default', 'large']],
    ['2.330.0', ['default']],
  ]);
});

const answers: [string, VersionAnswer, Partial<KnownVersion>][] = [
  ['the earlier end counts', { kind: 'known', jobsUntil: NOW + 9, registrationUntil: NOW + 5 }, { endsAt: NOW + 5 }],
  ['the other way round too', { kind: 'known', jobsUntil: NOW + 5, registrationUntil: NOW + 9 }, { endsAt: NOW + 5 }],
  ['an end of jobs alone', { kind: 'known', jobsUntil: NOW + 9 }, { endsAt: NOW + 9 }],
  ['an end of registrations alone', { kind: 'known', registrationUntil: NOW + 9 }, { endsAt: NOW + 9 }],
];
test.each(answers)('what GitHub says: %s, and it is asked again in a day', (_, answer, expected) => {
  expect(afterAsking(aVersion(), answer, NOW)).toEqual({ ...aVersion({ askAt: NOW + DAY }), ...expected });
});

test.each<VersionAnswer>([{ kind: 'known' }, { kind: 'unknown' }])('%j: there is no end, or no longer', (answer) => {
  expect(afterAsking(aVersion({ endsAt: NOW }), answer, NOW)).toEqual(aVersion({ askAt: NOW + DAY }));
});

test('after a failure what was known is still known, and GitHub is asked in an hour', () => {
  const known = aVersion({ endsAt: NOW + 5 * DAY });
  expect(afterAsking(known, { kind: 'failed', reason: 'x' }, NOW)).toEqual({ ...known, askAt: NOW + HOUR });
});

const POOLS = ['default', 'large'];
const TODO = 'put the newest release of actions/runner into the image of default, large';
const KNOWN: VersionAnswer = { kind: 'known' };
const verdicts: [string, VersionAnswer, number | undefined, ReturnType<typeof judgeVersion>][] = [
  ['no end', KNOWN, undefined, { decision: 'runner version is fine', reason: 'GitHub has set no end for 2.330.0' }],
  [
    'unknown to GitHub',
    { kind: 'unknown' },
    undefined,
    { decision: 'runner version is fine', reason: 'GitHub does not know the version 2.330.0' },
  ],
  [
    'two weeks left',
    KNOWN,
    14 * DAY,
    { decision: 'runner version is fine', reason: 'GitHub takes 2.330.0 until 2026-12-07', daysLeft: 14 },
  ],
  [
    'a moment less',
    KNOWN,
    14 * DAY - 1,
    {
      decision: 'runner version ends',
      reason: `GitHub takes 2.330.0 until 2026-12-07 only, 13 more days: ${TODO}`,
      daysLeft: 13,
    },
  ],
  [
    'its last moment',
    KNOWN,
    1,
    {
      decision: 'runner version ends',
      reason: `GitHub takes 2.330.0 until 2026-11-23 only, 0 more days: ${TODO}`,
      daysLeft: 0,
    },
  ],
  [
    'the moment itself',
    KNOWN,
    0,
    { decision: 'runner version refused', reason: `GitHub refuses 2.330.0 since 2026-11-23: ${TODO}`, daysLeft: 0 },
  ],
  [
    'long past',
    KNOWN,
    -100 * DAY,
    { decision: 'runner version refused', reason: `GitHub refuses 2.330.0 since 2026-08-15: ${TODO}`, daysLeft: 0 },
  ],
  [
    'not answered',
    { kind: 'failed', reason: '502' },
    5 * DAY,
    { decision: 'runner version not checked', reason: '502' },
  ],
];
test.each(verdicts)('what is said: %s', (_, answer, left, expected) => {
  const known = aVersion(left === undefined ? {} : { endsAt: NOW + left });
  expect(judgeVersion(known, answer, POOLS, NOW)).toEqual(expected);
});

test('the version that ends first is the one that counts', () => {
  const versions = [aVersion({ endsAt: NOW + 30 * DAY }), aVersion(), aVersion({ endsAt: NOW + 5.5 * DAY })];
  expect(leastDaysLeft(versions, NOW)).toBe(5);
  expect(leastDaysLeft(versions, NOW + 9 * DAY)).toBe(0);
  expect(leastDaysLeft([aVersion()], NOW)).toBeUndefined();
  expect(leastDaysLeft([], NOW)).toBeUndefined();
});

test('a new version is to be asked about at once', () => {
  expect(afterSeeing([], new Set(['2.330.0']), NOW)).toEqual([aVersion({ askAt: NOW })]);
});

test('what is seen again within the hour is not noted', () => {
  const known = [aVersion({ seenAt: NOW - HOUR + 1 })];
  expect(afterSeeing(known, new Set(['2.330.0']), NOW)).toBe(known);
  expect(afterSeeing(known, new Set(), NOW)).toBe(known);
});

test('after an hour it is noted, and nothing else of it changes', () => {
  const known = [aVersion({ seenAt: NOW - HOUR, endsAt: 7 }), aVersion({ runnerVersion: '2.1.0', seenAt: NOW - HOUR })];
  expect(afterSeeing(known, new Set(['2.330.0']), NOW)).toEqual([{ ...known[0], seenAt: NOW }, known[1]]);
});

test('a version that has not been seen for a day is forgotten; if it is back, it is new', () => {
  const known = [
    aVersion({ seenAt: NOW - DAY, endsAt: 7 }),
    aVersion({ runnerVersion: '2.1.0', seenAt: NOW - DAY + 1 }),
  ];
  expect(afterSeeing(known, new Set(), NOW)).toEqual([known[1]]);
  expect(afterSeeing(known, new Set(['2.330.0']), NOW)).toEqual([known[1], aVersion({ askAt: NOW })]);
});

test('no more than fifty are remembered', () => {
  const seen = new Set(Array.from({ length: 60 }, (_, index) => `2.${index}.0`));
  expect(afterSeeing([aVersion()], seen, NOW)).toHaveLength(50);
});
