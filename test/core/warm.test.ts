import { describe, expect, test } from '@jest/globals';
import { WARM_HEARD_MS, WARM_SETTLE_MS, WARM_SILENT_MS } from '../../lib/core/limits.ts';
import type { Pool } from '../../lib/core/pool.ts';
import type { Seat } from '../../lib/core/runner.ts';
import type { WarmSeen } from '../../lib/core/warm.ts';
import {
  boundTo,
  claimable,
  isUnclaimed,
  isUnregistered,
  planWarm,
  ranked,
  unbound,
  waiting,
} from '../../lib/core/warm.ts';
import { aJobRecord, aSeat, aSpareSeat, aWarmSeat, NOW } from '../support/builders.ts';
import { aPool } from '../support/pools.ts';

/** Of the revision of before, or with another request otherwise. */
const outdated = (seat: Seat, change: Partial<Seat['request']> = { taskDefinition: 'sim-default:0' }): Seat => ({
  ...seat,
  request: { ...seat.request, ...change },
});

describe('whom a job may claim', () => {
  const rows: [string, Seat, boolean][] = [
    ['one that is warm', aWarmSeat(), true],
    ['one that boots', aWarmSeat({ state: 'launching' }), true],
    ['one of the task definition of before', outdated(aWarmSeat()), true],
    ['one with the role of before', outdated(aWarmSeat(), { taskRole: 'arn:aws:iam::1:role/before' }), false],
    ['… which the deployment had made', aWarmSeat({ role: 'arn:aws:iam::1:role/before' }), false],
    ['one that was let go', aWarmSeat({ state: 'gone' }), false],
    ['one that a job has claimed', aSeat(), false],
    ['one of an owner that no job needs', aSpareSeat({ state: 'launching' }), false],
    ['one that was heard a moment ago', aWarmSeat({ heardAt: NOW - WARM_SILENT_MS + 1 }), true],
    ['one that has fallen silent', aWarmSeat({ heardAt: NOW - WARM_SILENT_MS }), false],
  ];
  test.each(rows)('%s', (_, seat, expected) => {
    expect(claimable(aPool(), [seat], NOW)).toEqual(expected ? [seat] : []);
  });

  test('a word that is written down once a minute is heard in time', () => {
    expect(WARM_SILENT_MS).toBeGreaterThanOrEqual(2 * WARM_HEARD_MS);
  });

  test('those that wait before those that boot, new ones before old ones, and not always the same first', () => {
    const boots = aWarmSeat({ place: 0, state: 'launching' });
    const old = outdated(aWarmSeat({ place: 1 }));
    const [one, other] = [aWarmSeat({ place: 2 }), aWarmSeat({ place: 3 })];
    const order = (job: number) => ranked(aPool(), [boots, old, one, other], job).map(({ place }) => place);
    expect(order(4)).toEqual([2, 3, 1, 0]);
    expect(order(5)).toEqual([3, 2, 1, 0]);
  });
});

describe('bound and unbound', () => {
  const pool = aPool({ labels: ['new'], group: 'new', register: 'repository' });
  const claimed = boundTo(aWarmSeat(), pool, aJobRecord({ installation: 8, owner: 'other', repository: 'web' }));

  test('a job claims it: to be registered where the job is, as the pool says now', () => {
    expect(claimed).toMatchObject({ state: 'launching', installation: 8, owner: 'other', repository: 'web' });
    expect(claimed).toMatchObject({ labels: ['new'], group: 'new' });
    expect(claimed).not.toHaveProperty('warmSince');
    expect(isUnclaimed(claimed)).toBe(false);
  });

  test('its job needs it no more: nobody’s again, and as it was', () => {
    const free = unbound({ ...claimed, serves: 1, mintNotBefore: NOW });
    for (const key of ['serves', 'owner', 'installation', 'repository', 'mintNotBefore']) {
      expect(free).not.toHaveProperty(key);
    }
    expect(isUnclaimed(free)).toBe(true);
    expect(waiting(free, NOW + 5)).toMatchObject({ state: 'warm', warmSince: NOW + 5, heardAt: NOW + 5 });
    expect(waiting(waiting(free, NOW), NOW + 5)).toMatchObject({ warmSince: NOW, heardAt: NOW + 5 });
  });

  const rows: [string, Partial<Seat>, boolean][] = [
    ['was never asked of GitHub', {}, true],
    ['was asked of GitHub', { mint: 1 }, false],
    ['is being asked of GitHub', { mintingAt: NOW }, false],
    ['is registered', { state: 'registered' }, false],
    ['was told to go', { state: 'gone' }, false],
  ];
  test.each(rows)('one that %s may be given back: %s', (_, seat, expected) => {
    expect(isUnregistered(aSeat(seat))).toBe(expected);
  });
});

describe('how many', () => {
  const LATER = NOW - WARM_SETTLE_MS;
  const waits = (count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => aWarmSeat({ place: from + index, launchedAt: NOW + from + index }));
  const boots = (place: number) => aWarmSeat({ place, state: 'launching' });
  const old = (count: number, from = 0) => waits(count, from).map((seat) => outdated(seat));
  const busy = (count: number, from: number) =>
    Array.from({ length: count }, (_, index) => aSeat({ job: 90 + index, place: from + index, state: 'busy' }));
  const gone = (place: number) => aWarmSeat({ place, state: 'gone', goneAt: NOW });

  type Row = {
    sentence: string;
    pool?: Partial<Pool>;
    seats: Seat[];
    seen?: Partial<WarmSeen>;
    places: number[];
    leaving: number[];
  };
  const rows: Row[] = [
    { sentence: 'all that are missing, on the places given', seats: waits(1), places: [9, 8], leaving: [] },
    { sentence: 'none where all are there', seats: waits(3), places: [], leaving: [] },
    { sentence: 'those that boot are there', seats: [...waits(2), boots(2)], places: [], leaving: [] },
    { sentence: 'as many as may be launched', seats: [], seen: { may: { launches: 1 } }, places: [9], leaving: [] },
    { sentence: 'as many as there are places', seats: [], seen: { places: [4] }, places: [4], leaving: [] },
    { sentence: 'the youngest is too many', seats: waits(4), places: [], leaving: [3] },
    { sentence: 'those that boot before those that wait', seats: [boots(0), ...waits(3, 1)], places: [], leaving: [0] },
    {
      sentence: 'nobody is too many before all agree',
      seats: waits(4),
      seen: { surplusSince: LATER + 1 },
      places: [],
      leaving: [],
    },
    {
      sentence: 'nobody at the first sight',
      seats: waits(4),
      seen: { surplusSince: undefined },
      places: [],
      leaving: [],
    },
    { sentence: 'none is wanted', pool: { warm: 0 }, seats: [...waits(1), ...old(1, 1)], places: [], leaving: [0, 1] },
    {
      sentence: 'where jobs have most of the places, fewer',
      pool: { max: 5 },
      seats: [...waits(1), ...busy(3, 1)],
      seen: { places: [4] },
      places: [4],
      leaving: [],
    },
    {
      sentence: 'a maximum that was lowered makes them leave first',
      pool: { max: 3 },
      seats: [...waits(2), ...busy(2, 2)],
      seen: { places: [] },
      places: [],
      leaving: [1],
    },
    {
      sentence: 'outdated ones stay until one has come up in their place',
      seats: old(3),
      places: [9],
      leaving: [],
    },
    { sentence: '… which is only one', seats: [...old(3), boots(3)], places: [], leaving: [] },
    { sentence: '… then one goes', seats: [...old(3), ...waits(1, 3)], places: [], leaving: [0] },
    {
      sentence: '… and while it goes, the next one comes',
      seats: [gone(0), ...old(2, 1), ...waits(1, 3)],
      places: [9],
      leaving: [],
    },
    {
      sentence: 'in a full pool, one gives its place',
      pool: { max: 3 },
      seats: old(3),
      seen: { places: [] },
      places: [],
      leaving: [0],
    },
    {
      sentence: '… but not the next one while it goes',
      pool: { max: 3 },
      seats: [gone(0), ...old(2, 1)],
      seen: { places: [] },
      places: [],
      leaving: [],
    },
    {
      sentence: '… nor while its successor boots',
      pool: { max: 3 },
      seats: [boots(0), ...old(2, 1)],
      seen: { places: [] },
      places: [],
      leaving: [],
    },
    {
      sentence: '… nor when new ones fail',
      pool: { max: 3 },
      seats: old(3),
      seen: { places: [], isSound: false },
      places: [],
      leaving: [],
    },
  ];
  test.each(rows)('$sentence', ({ pool, seats, seen, places, leaving }) => {
    const decided = planWarm({
      pool: aPool({ max: 10, warm: 3, ...pool }),
      seats,
      unclaimed: seats.filter(isUnclaimed),
      places: [9, 8, 7, 6],
      may: { launches: 20 },
      isSound: true,
      surplusSince: LATER,
      now: NOW,
      ...seen,
    });
    expect(decided.places).toEqual(places);
    expect(decided.leaving.map(({ seat }) => seat.place)).toEqual(leaving);
  });

  const surplus = (surplusSince: number | undefined, count = 4) =>
    planWarm({
      pool: aPool({ max: 10, warm: 3 }),
      seats: waits(count),
      unclaimed: waits(count),
      places: [],
      may: { launches: 0 },
      isSound: true,
      surplusSince,
      now: NOW,
    });

  test('too many are noted, looked at when all agree, and forgotten when there are not any more', () => {
    expect(surplus(undefined)).toMatchObject({ surplusSince: NOW, lookAt: NOW + WARM_SETTLE_MS, leaving: [] });
    expect(surplus(NOW - 1000)).toMatchObject({ surplusSince: NOW - 1000, lookAt: NOW - 1000 + WARM_SETTLE_MS });
    expect(surplus(LATER)).not.toHaveProperty('lookAt');
    expect(surplus(LATER, 3)).toEqual({ places: [], leaving: [] });
  });
});
