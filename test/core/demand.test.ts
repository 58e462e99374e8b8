import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Observation } from '../../lib/core/demand.ts';
import { plan, readLimit } from '../../lib/core/demand.ts';
import type { BacklogRecord } from '../../lib/core/job.ts';
import {
  AWAIT_WORD_MS,
  IDLE_UNHEARD_MS,
  LAUNCHES_PER_LOOK_MAX,
  LOOK_READ_MAX,
  MINTS_PER_MINUTE,
  OWN_JOBS_FIRST_MS,
  PACED_LOOK_MS,
  POOL_FULL_MS,
  SUSPECT_AFTER_FAILURES,
  UNPROVEN_LAUNCHES_MAX,
} from '../../lib/core/limits.ts';
import { mayTake } from '../../lib/core/pairing.ts';
import type { PoolHealth } from '../../lib/core/pool-health.ts';
import { failedHealth, fullHealth, observedHealth } from '../../lib/core/pool-health.ts';
import type { Seat } from '../../lib/core/runner.ts';
import { poolRecord } from '../../lib/core/runner.ts';
import { aBacklogRecord, aSeat, aSpareSeat, aWarmSeat, NOW } from '../support/builders.ts';
import { aPool } from '../support/pools.ts';

const OLD = NOW - OWN_JOBS_FIRST_MS;
const SOON = NOW + 1000;
const LONG_AGO = NOW - 60_000;

function health(overrides: Partial<PoolHealth> = {}): PoolHealth {
  return { ...poolRecord('default'), proven: 'sim-default:1', ...overrides };
}

function seen(overrides: Partial<Observation> & { max?: number } = {}): Observation {
  const { max = 50, ...rest } = overrides;
  return { pool: aPool({ max }), seats: [], health: health(), backlog: [], own: new Set(), now: NOW, ...rest };
}

/** Queued jobs of these numbers, old enough for everybody to launch them. */
function queued(jobs: readonly number[], overrides: Partial<BacklogRecord> = {}): BacklogRecord[] {
  return jobs.map((job) => aBacklogRecord({ job, recordedAt: OLD, ...overrides }));
}

/** Runners that came up a while ago and serve jobs of high numbers. */
function taken(count: number, overrides: Partial<Seat> = {}): Seat[] {
  return upTo(count).map((place) =>
    aSeat({ job: 9000 + place, place, state: 'busy', busyWith: 9000 + place, launchedAt: LONG_AGO, ...overrides }),
  );
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
const launched = (observation: Observation) => plan(observation).launches.map(({ job }) => job);

function outdated(seat: Seat): Seat {
  return { ...seat, request: { ...seat.request, taskDefinition: 'sim-default:0' } };
}

describe('whom to launch', () => {
  const rows: { sentence: string; observation: Observation; jobs: number[] }[] = [
    { sentence: 'nobody when nobody waits', observation: seen(), jobs: [] },
    {
      sentence: 'nobody when the pool is full',
      observation: seen({ max: 2, seats: taken(2), backlog: queued([1]) }),
      jobs: [],
    },
    {
      sentence: 'everybody when there is room: the own first, then the old ones',
      observation: seen({ backlog: queued([1, 2, 3, 4]), own: new Set([3, 4]) }),
      jobs: [3, 4, 1, 2],
    },
    {
      sentence: 'not the fresh jobs of other scalers when there is room',
      observation: seen({ backlog: queued([1, 2], { recordedAt: OLD + 1 }), own: new Set([2]) }),
      jobs: [2],
    },
    {
      sentence: 'the oldest when there is not room for all, whoever has their events',
      observation: seen({ max: 2, backlog: queued([1, 2, 3, 4], { recordedAt: NOW }), own: new Set([3, 4]) }),
      jobs: [1, 2],
    },
    {
      sentence: 'as many as there are free places',
      observation: seen({ max: 3, seats: taken(2), backlog: queued([1, 2]) }),
      jobs: [1],
    },
    { sentence: 'not who has to wait', observation: seen({ backlog: queued([1], { notBefore: NOW + 1 }) }), jobs: [] },
    {
      sentence: 'who has waited as long as he had to',
      observation: seen({ backlog: queued([1], { notBefore: NOW }) }),
      jobs: [1],
    },
    { sentence: 'not who runs', observation: seen({ backlog: queued([1], { state: 'in_progress' }) }), jobs: [] },
    {
      sentence: 'not who awaits GitHub’s word',
      observation: seen({ backlog: queued([1], { awaitsWord: LONG_AGO }) }),
      jobs: [],
    },
    {
      sentence: 'not who is served',
      observation: seen({ seats: [aSeat({ job: 1, launchedAt: LONG_AGO })], backlog: queued([1, 2]) }),
      jobs: [2],
    },
    {
      sentence: 'who is served no more, since the runner came for another',
      observation: seen({ seats: [aSeat({ job: 1, serves: 2, launchedAt: LONG_AGO })], backlog: queued([1, 2]) }),
      jobs: [1],
    },
    {
      sentence: 'no more than one look can do',
      observation: seen({ max: 500, backlog: queued(upTo(100)) }),
      jobs: upTo(LAUNCHES_PER_LOOK_MAX),
    },
  ];
  test.each(rows)('$sentence', ({ observation, jobs }) => {
    expect(launched(observation)).toEqual(jobs);
  });
});

describe('when to look again, and why', () => {
  const rows: { sentence: string; observation: Observation; lookAt: number | undefined; why: RegExp }[] = [
    { sentence: 'never, when all is done', observation: seen({ backlog: queued([1]) }), lookAt: undefined, why: /./ },
    {
      sentence: 'when a place is free, which is told by an event',
      observation: seen({ max: 1, seats: taken(1), backlog: queued([1]) }),
      lookAt: undefined,
      why: /all 1 places of pool default are taken/,
    },
    {
      sentence: 'when the first may be launched',
      observation: seen({ backlog: [...queued([1], { notBefore: SOON + 1 }), ...queued([2], { notBefore: SOON })] }),
      lookAt: SOON,
      why: /./,
    },
    {
      sentence: 'soon, for the fresh jobs of others',
      observation: seen({ backlog: queued([1], { recordedAt: NOW }) }),
      lookAt: NOW + OWN_JOBS_FIRST_MS,
      why: /next look/,
    },
    {
      sentence: 'at once, when a look was too short',
      observation: seen({ max: 500, backlog: queued(upTo(100)) }),
      lookAt: NOW,
      why: /next look/,
    },
    {
      sentence: 'when ECS has had its pause',
      observation: seen({ backlog: queued([1]), health: health({ notBefore: SOON, reason: 'ECS is full' }) }),
      lookAt: SOON,
      why: /^ECS is full$/,
    },
    {
      sentence: 'not for who runs or is served',
      observation: seen({
        seats: [aSeat({ job: 1, launchedAt: LONG_AGO })],
        backlog: queued([1], { notBefore: SOON }),
      }),
      lookAt: undefined,
      why: /./,
    },
  ];
  test.each(rows)('$sentence', ({ observation, lookAt, why }) => {
    const decided = plan(observation);
    expect(decided.lookAt).toBe(lookAt);
    expect(decided.why).toMatch(why);
  });
});

describe('a pool in doubt', () => {
  const suspect = health({ failures: SUSPECT_AFTER_FAILURES, reason: 'no image' });
  const unproven = poolRecord('default');
  const launching = (count: number) =>
    upTo(count).map((place) => aSeat({ job: 9000 + place, place, launchedAt: LONG_AGO }));
  const rows: { sentence: string; health: PoolHealth; seats: Seat[]; count: number; why: RegExp }[] = [
    {
      sentence: 'suspect: one at a time',
      health: suspect,
      seats: [],
      count: 1,
      why: /suspect after 5 failed launches: no image/,
    },
    {
      sentence: 'suspect: none while one is launching',
      health: suspect,
      seats: launching(1),
      count: 0,
      why: /suspect/,
    },
    { sentence: 'suspect: those that work do not count', health: suspect, seats: taken(3), count: 1, why: /suspect/ },
    {
      sentence: 'one failure short of suspect',
      health: { ...suspect, failures: SUSPECT_AFTER_FAILURES - 1 },
      seats: [],
      count: 10,
      why: /next look/,
    },
    {
      sentence: 'unproven: a few',
      health: unproven,
      seats: [],
      count: UNPROVEN_LAUNCHES_MAX,
      why: /no container of sim-default:1/,
    },
    { sentence: 'unproven: a few at a time', health: unproven, seats: launching(4), count: 1, why: /no container/ },
    {
      sentence: 'unproven: never less than none',
      health: unproven,
      seats: launching(9),
      count: 0,
      why: /no container/,
    },
    {
      sentence: 'proven, but another revision',
      health: health({ proven: 'sim-default:0' }),
      seats: [],
      count: UNPROVEN_LAUNCHES_MAX,
      why: /no container/,
    },
    { sentence: 'proven', health: health(), seats: [], count: 10, why: /next look/ },
  ];
  test.each(rows)('$sentence', ({ health, seats, count, why }) => {
    const decided = plan(seen({ health, seats, backlog: queued(upTo(10)) }));
    expect(decided.launches).toHaveLength(count);
    expect(decided.why).toMatch(why);
    expect(decided.unproven).toBe(health.proven !== 'sim-default:1');
  });
});

describe('pacing', () => {
  const lately = (count: number) =>
    upTo(count).map((place) => aSeat({ job: 9000 + place, place, launchedAt: NOW - 59_999, installation: 7 }));
  const jobs = [...queued([1, 2]), ...queued([3], { installation: 8 })];

  test('each installation has its own minute', () => {
    const decided = plan(seen({ max: 500, seats: lately(MINTS_PER_MINUTE), backlog: jobs }));
    expect(decided.launches.map(({ job }) => job)).toEqual([3]);
    expect(decided).toMatchObject({ lookAt: NOW + PACED_LOOK_MS, why: expect.stringMatching(/paced/) });
  });

  test('the last one in the minute is launched', () => {
    expect(launched(seen({ max: 500, seats: lately(MINTS_PER_MINUTE - 1), backlog: jobs }))).toEqual([1, 3]);
  });

  test('a minute later all are', () => {
    const seats = lately(MINTS_PER_MINUTE);
    expect(launched(seen({ max: 500, seats, backlog: jobs, now: NOW + 1 }))).toEqual([1, 2, 3]);
  });
});

describe('adoptions', () => {
  const spare = (overrides: Partial<Seat> = {}) => aSpareSeat({ job: 99, launchedAt: LONG_AGO, ...overrides });
  const rows: { sentence: string; seat: Seat; backlog: BacklogRecord[]; job: number | undefined }[] = [
    { sentence: 'a runner that nobody needs comes for the oldest job', seat: spare(), backlog: queued([1, 2]), job: 1 },
    {
      sentence: 'also for one that would have to wait',
      seat: spare(),
      backlog: queued([1], { notBefore: SOON }),
      job: 1,
    },
    {
      sentence: 'one that is still launching does, too',
      seat: spare({ state: 'launching' }),
      backlog: queued([1]),
      job: 1,
    },
    {
      sentence: 'not one of which no task is known: its place may never have been claimed',
      seat: aSeat({ job: 2 }),
      backlog: [...queued([1]), ...queued([2], { state: 'in_progress' })],
      job: undefined,
    },
    {
      sentence: 'one that was told to go does not',
      seat: spare({ state: 'gone' }),
      backlog: queued([1]),
      job: undefined,
    },
    {
      sentence: 'nor one that works',
      seat: spare({ busyWith: 5, state: 'busy' }),
      backlog: queued([1]),
      job: undefined,
    },
    {
      sentence: 'one that has just begun to work does: it may be that very job',
      seat: spare({ state: 'busy', startedAt: NOW }),
      backlog: queued([1]),
      job: 1,
    },
    {
      sentence:
        'one that has worked for a while for nobody knows whom does not, or the job would wait as long as that works',
      seat: spare({ state: 'busy', startedAt: NOW - AWAIT_WORD_MS }),
      backlog: queued([1]),
      job: undefined,
    },
    {
      sentence: 'nor one that says nothing',
      seat: spare({ registeredAt: NOW - IDLE_UNHEARD_MS }),
      backlog: queued([1]),
      job: undefined,
    },
    {
      sentence: 'one that says that it is idle does',
      seat: spare({ registeredAt: LONG_AGO, heardAt: NOW - IDLE_UNHEARD_MS + 1 }),
      backlog: queued([1]),
      job: 1,
    },
    {
      sentence: 'nor one that GitHub does not list any more',
      seat: spare({ doubt: { what: 'unlisted', since: NOW } }),
      backlog: queued([1]),
      job: undefined,
    },
    { sentence: 'nor one that is needed', seat: aSeat({ job: 2 }), backlog: queued([1, 2]), job: undefined },
    {
      sentence: 'one whose job runs elsewhere does',
      seat: aSeat({ job: 2, taskArn: 'a task' }),
      backlog: [...queued([1]), ...queued([2], { state: 'in_progress' })],
      job: 1,
    },
    {
      sentence: 'not for another organisation',
      seat: spare(),
      backlog: queued([1], { owner: 'other' }),
      job: undefined,
    },
    {
      sentence: 'not for another installation',
      seat: spare(),
      backlog: queued([1], { installation: 8 }),
      job: undefined,
    },
    {
      sentence: 'in the organisation for any repository',
      seat: spare(),
      backlog: queued([1], { repository: 'web' }),
      job: 1,
    },
    {
      sentence: 'on a repository only for that',
      seat: spare({ repository: 'app' }),
      backlog: [...queued([1], { repository: 'web' }), ...queued([2])],
      job: 2,
    },
    { sentence: 'not for who runs', seat: spare(), backlog: queued([1], { state: 'in_progress' }), job: undefined },
    {
      sentence: 'not for who awaits GitHub’s word',
      seat: spare(),
      backlog: queued([1], { awaitsWord: NOW }),
      job: undefined,
    },
  ];
  test.each(rows)('$sentence', ({ seat, backlog, job }) => {
    const decided = plan(seen({ seats: [seat], backlog }));
    expect(decided.adoptions).toEqual(job === undefined ? [] : [{ job, seat }]);
    expect(decided.launches.map((launch) => launch.job)).not.toContain(job);
  });

  test('are made in a full pool, too, and two runners never come for one job', () => {
    const seats = [spare({ job: 98, place: 0 }), spare({ job: 99, place: 1 })];
    expect(plan(seen({ max: 2, seats, backlog: queued([1]) })).adoptions).toHaveLength(1);
    const jobs = plan(seen({ max: 2, seats, backlog: queued([1, 2, 3]) })).adoptions.map(({ job }) => job);
    expect(jobs).toEqual([1, 2]);
  });

  test('a runner may take a queued job only', () => {
    expect(mayTake(aSeat(), aBacklogRecord())).toBe(true);
    expect(mayTake(aSeat(), aBacklogRecord({ state: 'in_progress' }))).toBe(false);
  });
});

describe('claims of warm runners', () => {
  const warm = (count: number, overrides: Partial<Seat> = {}) =>
    upTo(count).map((place) => aWarmSeat({ place, launchedAt: LONG_AGO, ...overrides }));
  const rows: { sentence: string; observation: Observation; claims: number[]; launches: number[]; warm?: number }[] = [
    {
      sentence: 'jobs claim them before anybody is launched',
      observation: seen({ seats: warm(2), backlog: queued([1, 2, 3]) }),
      claims: [1, 2],
      launches: [3],
    },
    {
      sentence: 'in a full pool, too, the oldest first',
      observation: seen({ max: 2, seats: warm(2), backlog: queued([1, 2, 3]), own: new Set([3]) }),
      claims: [1, 2],
      launches: [],
    },
    {
      sentence: 'while ECS is full, too',
      observation: seen({ seats: warm(1), backlog: queued([1, 2]), health: health({ notBefore: SOON }) }),
      claims: [1],
      launches: [],
    },
    {
      sentence: 'one that still boots will do',
      observation: seen({ seats: warm(1, { state: 'launching' }), backlog: queued([1]) }),
      claims: [1],
      launches: [],
    },
    {
      sentence: 'not who has to wait: his last one may have failed',
      observation: seen({ seats: warm(1), backlog: queued([1], { notBefore: SOON }) }),
      claims: [],
      launches: [],
    },
    {
      sentence: 'not who is served or runs',
      observation: seen({
        seats: [...warm(2), aSeat({ job: 5, place: 9, launchedAt: LONG_AGO })],
        backlog: [...queued([5]), ...queued([6], { state: 'in_progress' })],
      }),
      claims: [],
      launches: [],
    },
    {
      sentence: 'not the fresh jobs of other scalers when there is room',
      observation: seen({ seats: warm(2), backlog: queued([1, 2], { recordedAt: NOW }), own: new Set([2]) }),
      claims: [2],
      launches: [],
    },
    {
      sentence: 'another one is launched in its place',
      observation: seen({ pool: aPool({ warm: 2 }), seats: warm(2), backlog: queued([1]) }),
      claims: [1],
      launches: [],
      warm: 1,
    },
    {
      sentence: 'but not where jobs need the place',
      observation: seen({ pool: aPool({ warm: 2, max: 3 }), seats: warm(2), backlog: queued([1, 2, 3, 4]) }),
      claims: [1, 2],
      launches: [3],
      warm: 0,
    },
    {
      sentence: 'nor those that other scalers are about to launch on',
      observation: seen({ pool: aPool({ warm: 2, max: 3 }), backlog: queued([1, 2], { recordedAt: NOW }) }),
      claims: [],
      launches: [],
      warm: 1,
    },
    {
      sentence: 'nor in a pool whose failures make it wait',
      observation: seen({ pool: aPool({ warm: 2 }), seats: [], health: health({ notBefore: SOON }) }),
      claims: [],
      launches: [],
      warm: 0,
    },
    {
      sentence: 'a suspect pool launches one at a time, warm ones too',
      observation: seen({ pool: aPool({ warm: 5 }), health: health({ failures: SUSPECT_AFTER_FAILURES }) }),
      claims: [],
      launches: [],
      warm: 1,
    },
    {
      sentence: '… and those that are warm do not count as launching',
      observation: seen({
        pool: aPool({ warm: 5 }),
        seats: warm(2),
        health: health({ failures: SUSPECT_AFTER_FAILURES }),
      }),
      claims: [],
      launches: [],
      warm: 1,
    },
    {
      sentence: 'an unproven one launches a few',
      observation: seen({ pool: aPool({ warm: 20 }), health: health({ proven: 'sim-default:0' }) }),
      claims: [],
      launches: [],
      warm: UNPROVEN_LAUNCHES_MAX,
    },
    {
      sentence: 'no more than one look can do',
      observation: seen({ pool: aPool({ warm: 50 }) }),
      claims: [],
      launches: [],
      warm: LAUNCHES_PER_LOOK_MAX,
    },
  ];
  test.each(rows)('$sentence', ({ observation, claims, launches, warm: count = 0 }) => {
    const decided = plan(observation);
    expect(decided.claims.map(({ job }) => job)).toEqual(claims);
    expect(decided.launches.map(({ job }) => job)).toEqual(launches);
    expect(decided.warm.places).toHaveLength(count);
    expect(decided.adoptions).toEqual([]);
  });

  test('who may not be launched yet is looked at in time, though the pool is full', () => {
    const seats = warm(2);
    expect(plan(seen({ max: 2, seats, backlog: queued([1], { notBefore: SOON }) })).lookAt).toBe(SOON);
  });

  test('those that one look cannot launch, the next one does at once', () => {
    expect(plan(seen({ pool: aPool({ warm: 50 }) })).lookAt).toBe(NOW);
    expect(plan(seen({ pool: aPool({ warm: 3 }) })).lookAt).toBe(undefined);
  });

  test('jobs side by side begin with different ones, and have others to try', () => {
    const { claims } = plan(seen({ seats: warm(8), backlog: queued([2, 3]) }));
    const tried = claims.map(({ seats }) => seats.map(({ place }) => place));
    expect(tried.map(([first]) => first)).toEqual([2, 3]);
    expect(new Set(tried.flat()).size).toBe(8);
  });

  test('a warm container proves its task definition, one that boots does not', () => {
    const unproven = poolRecord('default');
    expect(observedHealth(aPool(), [aWarmSeat()], unproven).proven).toBe('sim-default:1');
    expect(observedHealth(aPool(), [aWarmSeat({ state: 'launching' })], unproven).proven).toBe(undefined);
  });

  test('nobody’s runner gets a job of anybody as a spare one does', () => {
    expect(mayTake(aWarmSeat(), aBacklogRecord())).toBe(false);
  });
});

describe('whatever is seen', () => {
  const observations = fc
    .record({
      max: fc.integer({ min: 1, max: 30 }),
      backlog: fc.uniqueArray(
        fc.record({
          job: fc.integer({ min: 0, max: 60 }),
          state: fc.constantFrom('queued' as const, 'queued' as const, 'in_progress' as const),
          recordedAt: fc.constantFrom(OLD, NOW),
          installation: fc.constantFrom(7, 8),
          wait: fc.constantFrom(-1, 0, 0, 1),
          awaits: fc.nat(5),
        }),
        { selector: ({ job }) => job, maxLength: 60 },
      ),
      seats: fc.uniqueArray(
        fc.record({
          place: fc.nat(29),
          job: fc.nat(60),
          spare: fc.boolean(),
          busy: fc.boolean(),
          gone: fc.nat(4),
          warm: fc.constantFrom('no', 'no', 'warm', 'launching', 'outdated'),
        }),
        { selector: ({ place }) => place, maxLength: 30 },
      ),
      own: fc.uniqueArray(fc.nat(60)),
      failures: fc.constantFrom(0, 0, SUSPECT_AFTER_FAILURES),
      proven: fc.constantFrom('sim-default:1', 'sim-default:0'),
      warm: fc.nat(6),
      surplus: fc.constantFrom(undefined, NOW - 3_600_000),
    })
    .map(({ max, backlog, seats, own, failures, proven, warm, surplus }) =>
      seen({
        pool: aPool({ max, warm: Math.min(warm, max) }),
        own: new Set(own),
        health: health({ failures, proven, ...(surplus !== undefined && { warmSurplusSince: surplus }) }),
        backlog: backlog
          .map(({ wait, awaits, ...item }) =>
            aBacklogRecord({
              ...item,
              ...(wait !== 0 && { notBefore: NOW + wait * 1000 }),
              ...(awaits === 0 && { awaitsWord: NOW }),
            }),
          )
          .sort((one, other) => one.job - other.job),
        seats: seats
          .filter(({ place }) => place < max)
          .map(({ place, job, spare, busy, gone, warm }) => {
            if (warm === 'warm') return aWarmSeat({ place });
            if (warm === 'launching') return aWarmSeat({ place, state: 'launching' });
            if (warm === 'outdated') return outdated(aWarmSeat({ place }));
            const state = gone === 0 ? ('gone' as const) : busy ? ('busy' as const) : ('registered' as const);
            const made = { place, job, state, launchedAt: LONG_AGO };
            if (spare) return aSpareSeat(made);
            return aSeat({ ...made, ...(busy && { busyWith: job }) });
          }),
      }),
    );

  test('never more launches than free places, no job and no place twice, nobody who is not owed one', () => {
    fc.assert(
      fc.property(observations, (observation) => {
        const { pool, seats, backlog, now } = observation;
        const { launches, adoptions, claims, warm } = plan(observation);
        const free = Math.max(0, pool.max - seats.length);
        expect(launches.length + warm.places.length).toBeLessThanOrEqual(free);
        const waiting =
          seats.filter((seat) => seat.state !== 'gone' && seat.owner === undefined).length - claims.length;
        expect(waiting + warm.places.length).toBeLessThanOrEqual(Math.max(waiting, pool.warm + 1));
        const leaving = warm.leaving.map(({ seat }) => seat.name);
        expect(new Set(leaving).size).toBe(leaving.length);
        for (const { seats: tried } of claims) expect(leaving).not.toContain(tried[0]?.name);
        for (const { seat } of warm.leaving) expect(seat).toMatchObject({ job: 0 });
        const firsts = [...launches.map(({ places: [first] }) => first), ...warm.places];
        expect(new Set(firsts).size).toBe(firsts.length);
        const jobs = [...launches, ...adoptions, ...claims].map(({ job }) => job);
        expect(new Set(jobs).size).toBe(jobs.length);
        expect(new Set(adoptions.map(({ seat }) => seat.place)).size).toBe(adoptions.length);
        const places = launches.flatMap((launch) => launch.places);
        expect(new Set(places).size).toBe(places.length);
        for (const launch of launches) expect(launch.places.length).toBeGreaterThan(0);
        for (const place of places) {
          expect(place >= 0 && place < pool.max && seats.every((seat) => seat.place !== place)).toBe(true);
        }
        for (const job of jobs) {
          const item = backlog.find((one) => one.job === job);
          expect(item).toMatchObject({ state: 'queued' });
          expect(item).not.toHaveProperty('awaitsWord');
          expect(seats.every((seat) => seat.serves !== job)).toBe(true);
        }
        for (const { job } of [...launches, ...claims]) {
          expect(backlog.find((one) => one.job === job)?.notBefore ?? 0).toBeLessThanOrEqual(now);
        }
      }),
    );
  });

  test('who is owed a launch and has none, though there is room and no doubt, is looked at again', () => {
    fc.assert(
      fc.property(observations, (observation) => {
        const { pool, seats, backlog, now } = observation;
        const { launches, adoptions, claims, lookAt } = plan({ ...observation, health: health() });
        const served = new Set([
          ...seats.map((seat) => seat.serves),
          ...[...launches, ...adoptions, ...claims].map(({ job }) => job),
        ]);
        const forgotten = backlog.filter(
          (item) => item.state === 'queued' && item.awaitsWord === undefined && !served.has(item.job),
        );
        if (forgotten.length === 0 || launches.length >= pool.max - seats.length) return;
        expect(lookAt).toBeGreaterThanOrEqual(now);
      }),
    );
  });
});

describe('a pool’s health', () => {
  test('a failure counts; the fifth makes everybody wait', () => {
    const fourth = failedHealth(health({ failures: 3, failingSince: LONG_AGO }), 'no image', NOW);
    expect(fourth).toMatchObject({ failures: 4, failingSince: LONG_AGO, reason: 'no image' });
    expect(fourth).not.toHaveProperty('notBefore');
    expect(failedHealth(fourth, 'no image', NOW).notBefore).toBeGreaterThan(NOW);
    expect(failedHealth(health(), 'no image', NOW)).toMatchObject({ failures: 1, failingSince: NOW });
  });

  test('a full ECS makes everybody wait a moment, and shortens no longer wait', () => {
    expect(fullHealth(health(), 'full', NOW)).toMatchObject({
      notBefore: NOW + POOL_FULL_MS,
      reason: 'full',
      failures: 0,
    });
    expect(fullHealth(health({ notBefore: NOW + 600_000 }), 'full', NOW).notBefore).toBe(NOW + 600_000);
  });

  const failing = health({ failures: 6, failingSince: LONG_AGO, notBefore: SOON, reason: 'no image' });
  const works = (overrides: Partial<Seat> = {}) =>
    aSeat({ state: 'busy', busyWith: 1, launchedAt: LONG_AGO, ...overrides });
  test.each([
    ['a runner that works heals', [works()], 0],
    ['one that was launched before the failures does not', [works({ launchedAt: LONG_AGO - 1 })], 6],
    ['one that only registered does not', [aSeat({ state: 'registered', registeredAt: NOW })], 6],
  ] as [string, Seat[], number][])('%s', (_, seats, failures) => {
    const observed = observedHealth(aPool(), seats, failing);
    expect(observed.failures).toBe(failures);
    expect(observed.notBefore).toBe(failures === 0 ? undefined : SOON);
  });

  test.each([
    ['a container that came up proves its task definition', { registeredAt: NOW }, 'sim-default:1'],
    ['one that has not proves nothing', {}, undefined],
  ] as [string, Partial<Seat>, string | undefined][])('%s', (_, seat, proven) => {
    expect(observedHealth(aPool(), [aSeat(seat)], poolRecord('default')).proven).toBe(proven);
    expect(
      observedHealth(aPool({ taskDefinition: 'sim-default:2' }), [aSeat(seat)], poolRecord('default')).proven,
    ).toBe(undefined);
  });
});

test('a look reads what it can place, and never too much', () => {
  expect(readLimit(aPool({ max: 10 }))).toBe(10 + LAUNCHES_PER_LOOK_MAX);
  expect(readLimit(aPool({ max: 9999 }))).toBe(LOOK_READ_MAX);
});
