/** What a list of GitHub's proves about a runner, and what it does not. */
import { describe, expect, test } from '@jest/globals';
import type { SeenRunner } from '../../lib/core/cleanup.ts';
import { LISTED_AFTER_MS, OBSERVED_APART_MS, OUTLIVED_MS, SILENT_MS } from '../../lib/core/limits.ts';
import type { LastJob } from '../../lib/core/presence.ts';
import { isConfirmed, judgePresence, listedAs, mayRetire } from '../../lib/core/presence.ts';
import type { Doubt, Seat } from '../../lib/core/runner.ts';
import { aSeat, NOW } from '../support/builders.ts';

const DAYS_5_MS = 5 * 24 * 60 * 60 * 1000;
const registered = (overrides: Partial<Seat> = {}) =>
  aSeat({ state: 'registered', registeredAt: NOW, runnerId: 7, mint: 1, ...overrides });
const busy = (overrides: Partial<Seat> = {}) =>
  registered({ state: 'busy', startedAt: NOW, busyWith: 1, ...overrides });
const strangers = ({ busyWith: _, ...seat } = busy()): Seat => seat;
const listed = (overrides: Partial<SeenRunner> = {}) => ({ id: 7, name: 'x', online: true, busy: false, ...overrides });

type Row = { sentence: string; seat: Seat; seen?: SeenRunner; endedAt?: number; afterMs: number; is: string };
const rows: Row[] = [
  {
    sentence: 'is idle and was heard',
    seat: registered({ heardAt: NOW + SILENT_MS }),
    seen: listed(),
    afterMs: SILENT_MS,
    is: 'fine',
  },
  {
    sentence: 'has just registered and is on no list yet',
    seat: registered(),
    afterMs: LISTED_AFTER_MS - 1,
    is: 'fine',
  },
  { sentence: 'is on no list', seat: registered(), afterMs: LISTED_AFTER_MS, is: 'unlisted' },
  {
    sentence: 'has been silent, but not for long',
    seat: registered(),
    seen: listed(),
    afterMs: SILENT_MS - 1,
    is: 'fine',
  },
  { sentence: 'has been silent for long', seat: registered(), seen: listed(), afterMs: SILENT_MS, is: 'silent' },
  {
    sentence: 'is listed busy though nobody told us',
    seat: registered(),
    seen: listed({ busy: true }),
    afterMs: 0,
    is: 'busy',
  },
  {
    sentence: 'is listed busy and silent for a day',
    seat: registered(),
    seen: listed({ busy: true }),
    afterMs: 86_400_000,
    is: 'busy',
  },
  {
    sentence: 'works and is listed busy',
    seat: busy(),
    seen: listed({ busy: true }),
    afterMs: DAYS_5_MS - 1,
    is: 'fine',
  },
  { sentence: 'works and is wrongly listed idle', seat: busy(), seen: listed(), afterMs: DAYS_5_MS - 1, is: 'fine' },
  {
    sentence: 'works, offline for all that GitHub sees',
    seat: busy(),
    seen: listed({ online: false }),
    afterMs: DAYS_5_MS - 1,
    is: 'fine',
  },
  { sentence: 'works and is on no list', seat: busy(), afterMs: DAYS_5_MS - 1, is: 'fine' },
  {
    sentence: 'works for longer than allowed',
    seat: busy(),
    seen: listed({ busy: true }),
    afterMs: DAYS_5_MS,
    is: 'overtime',
  },
  {
    sentence: 'is past the longest job and listed idle',
    seat: busy(),
    seen: listed(),
    afterMs: DAYS_5_MS,
    is: 'past the longest job',
  },
  {
    sentence: 'is past the longest job and on no list',
    seat: strangers(),
    afterMs: DAYS_5_MS,
    is: 'past the longest job',
  },
  { sentence: 'has just ended its job', seat: busy(), endedAt: NOW, afterMs: OUTLIVED_MS - 1, is: 'fine' },
  { sentence: 'has ended its job long ago', seat: busy(), endedAt: NOW, afterMs: OUTLIVED_MS, is: 'outlived its job' },
  {
    sentence: 'has ended its job, and is listed busy',
    seat: busy(),
    seen: listed({ busy: true }),
    endedAt: NOW,
    afterMs: OUTLIVED_MS,
    is: 'fine',
  },
  {
    sentence: 'was to run a job that never got there',
    seat: strangers(busy({ heardAt: NOW + OBSERVED_APART_MS })),
    seen: listed(),
    afterMs: OBSERVED_APART_MS,
    is: 'idle',
  },
  {
    sentence: 'said that it is idle just before a job came',
    seat: strangers(busy({ heardAt: NOW + 60_000 })),
    seen: listed(),
    afterMs: OBSERVED_APART_MS,
    is: 'fine',
  },
  { sentence: 'is launching', seat: aSeat(), afterMs: DAYS_5_MS, is: 'fine' },
  { sentence: 'was told to go', seat: registered({ state: 'gone' }), afterMs: DAYS_5_MS, is: 'fine' },
];

test.each(rows)('a runner that $sentence: $is', ({ seat, seen, endedAt, afterMs, is }) => {
  const presence = judgePresence(seat, seen, { endedAt, jobMs: DAYS_5_MS }, NOW + afterMs);
  expect(presence.is === 'doubtful' ? presence.what : presence.is).toBe(is);
});

describe('two observations', () => {
  const rows: [string, Seat['doubt'], number, boolean][] = [
    ['one that was never doubted', undefined, 0, false],
    ['one that was doubted a moment ago', { what: 'silent', since: NOW }, OBSERVED_APART_MS - 1, false],
    ['one that was doubted on another list', { what: 'silent', since: NOW }, OBSERVED_APART_MS, true],
    ['one that was doubted for another reason', { what: 'unlisted', since: NOW }, OBSERVED_APART_MS, false],
  ];
  test.each(rows)('%s', (_, doubt, afterMs, confirmed) => {
    expect(isConfirmed(registered(doubt && { doubt }), 'silent', NOW + afterMs)).toBe(confirmed);
  });
});

describe('what is not known keeps a runner', () => {
  const rows: [Doubt, Seat, LastJob, boolean][] = [
    ['silent', registered(), 'waits', true],
    ['silent', registered(), 'none', true],
    ['silent', registered(), 'runs elsewhere', true],
    ['silent', registered(), 'runs here', false],
    ['silent', registered(), 'unknown', false],
    ['unlisted', registered(), 'unknown', false],
    ['unlisted', registered(), 'ended', true],
    ['outlived its job', busy(), 'ended', true],
    ['outlived its job', busy(), 'waits', false],
    ['past the longest job', busy(), 'none', false],
    ['past the longest job', busy(), 'runs here', false],
    ['past the longest job', strangers(), 'runs here', false],
    ['past the longest job', strangers(), 'ended', true],
  ];
  test.each(rows)('%s, %#: its last job %s', (what, seat, job, may) => {
    expect(mayRetire(what, seat, job)).toBe(may);
  });
});

test('it is known by its id, or by the name of its last mint', () => {
  const runners = [listed({ id: 1, name: 'sim-default-1-1-1-1' }), listed({ id: 2, name: 'sim-default-1-1-1-2' })];
  const { runnerId: _, ...nameless } = registered({ mint: 2 });
  expect(listedAs(nameless, runners)?.id).toBe(2);
  expect(listedAs(registered({ runnerId: 1, mint: 3 }), runners)?.id).toBe(1);
  expect(listedAs(registered({ runnerId: 9, mint: 3 }), runners)).toBeUndefined();
});
