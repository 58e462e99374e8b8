/** What a warm container hears, and what two scalers do that reach for the same one. */
import { describe, expect, test } from '@jest/globals';
import { WARM_HEARD_MS, WARM_RETRY_SECONDS } from '../../lib/core/limits.ts';
import type { Pool } from '../../lib/core/pool.ts';
import type { Seat } from '../../lib/core/runner.ts';
import { register } from '../../lib/flows/register.ts';
import { ticketFor } from '../../lib/flows/ticket.ts';
import { claimWarm, launchWarm } from '../../lib/flows/warm.ts';
import { registrarHandler } from '../../lib/handlers/registrar.ts';
import { aJobRecord, aSeat, aWarmSeat, NOW } from '../support/builders.ts';
import { aConfig } from '../support/pools.ts';
import { createStage } from '../support/stage.ts';
import { warmPool } from '../support/warm.ts';

/** As it would be launched by a deployment whose containers prove nothing. */
function unproved({ role: _, ...seat }: Seat): Seat {
  return seat;
}

async function aStage(seat: Seat, pool: Partial<Pool> = {}) {
  let writes = 0;
  const stage = await createStage({ janitor: false, tableLatencyMs: 0, pools: [warmPool(pool)] });
  const config = aConfig([warmPool(pool)]);
  await stage.runners.put(unproved(seat), undefined);
  await stage.history.put(aJobRecord({ job: 1, state: 'completed', runner: seat.name, launch: 1 }), undefined);
  const put = stage.world.runners.put;
  const world = {
    ...stage.world,
    clock: { now: () => NOW + 1000 },
    runners: {
      ...stage.world.runners,
      put: (...change: Parameters<typeof put>) => {
        writes += 1;
        return put(...change);
      },
    },
  };
  const asked = register(world, config, { name: seat.name, ticket: ticketFor(config.ticketSecrets, seat.name) });
  await stage.clock.runUntil(stage.clock.now() + 1000);
  return { ...stage, answer: await asked, writes: () => writes, seat: stage.seats()[0] };
}

describe('a container that asks', () => {
  const current = { request: { ...aSeat().request, capacityProvider: 'sim' } };
  const outdated = { request: { ...aSeat().request, taskDefinition: 'sim-default:0' } };
  const rows: { sentence: string; seat: Seat; pool?: Partial<Pool>; kind: string; writes: number; state: string }[] = [
    {
      sentence: 'for the first time waits',
      seat: aWarmSeat({ state: 'launching' }),
      kind: 'warm',
      writes: 1,
      state: 'warm',
    },
    { sentence: 'again does, and nothing is written', seat: aWarmSeat(), kind: 'warm', writes: 0, state: 'warm' },
    {
      sentence: 'a minute later is noted',
      seat: aWarmSeat({ heardAt: NOW + 1000 - WARM_HEARD_MS }),
      kind: 'warm',
      writes: 1,
      state: 'warm',
    },
    {
      sentence: 'though its pool wants none: that is for a look to say',
      seat: aWarmSeat(),
      pool: { warm: 0 },
      kind: 'warm',
      writes: 0,
      state: 'warm',
    },
    {
      sentence: 'after it was let go ends',
      seat: aWarmSeat({ state: 'gone' }),
      kind: 'gone',
      writes: 0,
      state: 'gone',
    },
    { sentence: 'for a job that is gone becomes warm', seat: aSeat(current), kind: 'warm', writes: 1, state: 'warm' },
    { sentence: '… unless it is outdated', seat: aSeat(outdated), kind: 'gone', writes: 1, state: 'gone' },
    {
      sentence: '… or was asked of GitHub',
      seat: aSeat({ ...current, mint: 1 }),
      kind: 'gone',
      writes: 1,
      state: 'gone',
    },
    {
      sentence: '… or its pool wants none',
      seat: aSeat(current),
      pool: { warm: 0 },
      kind: 'gone',
      writes: 1,
      state: 'gone',
    },
  ];
  test.each(rows)('$sentence', async ({ seat, pool, kind, writes, state }) => {
    const stage = await aStage(seat, pool);
    expect(stage.answer.kind).toBe(kind);
    expect(stage.writes()).toBe(writes);
    expect(stage.seat?.state).toBe(state);
    if (state === 'warm') for (const key of ['serves', 'owner']) expect(stage.seat).not.toHaveProperty(key);
  });

  test('is told when to ask again, and that it is warm; a line is logged the first time only', async () => {
    const { world, clock, runners, lines } = await createStage({ janitor: false, pools: [warmPool()] });
    const config = aConfig([warmPool()]);
    const seat = unproved(aWarmSeat({ state: 'launching' }));
    const ask = registrarHandler(world, async () => config);
    const event = {
      rawPath: `/runners/${seat.name}/registration`,
      headers: { authorization: `Bearer ${ticketFor(config.ticketSecrets, seat.name)}` },
      pathParameters: { name: seat.name },
      isBase64Encoded: false,
    };
    const answers = runners
      .put(seat, undefined)
      .then(async () => [await ask(event), await ask(event), await ask(event)]);
    await clock.runUntil(clock.now() + 5000);
    expect(WARM_RETRY_SECONDS).toBeLessThanOrEqual(5);
    for (const answer of await answers) {
      expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': String(WARM_RETRY_SECONDS) } });
      expect(JSON.parse(String(answer.body))).toEqual({ reason: 'waits for a job', warm: true });
    }
    expect(lines.filter(({ decision }) => decision === 'registration: warm')).toHaveLength(1);
  });
});

describe('claims side by side', () => {
  async function claims(
    orders: { job: number; places: number[] }[],
    jobs = orders.map(({ job }) => aJobRecord({ job })),
  ) {
    const stage = await createStage({ janitor: false, pools: [warmPool()] });
    const { clock, world, runners, history } = stage;
    const done = (async () => {
      const stored = await Promise.all([0, 1, 2].map((place) => runners.put(aWarmSeat({ place }), undefined)));
      await Promise.all(jobs.map((job) => history.put(job, undefined)));
      return Promise.all(
        orders.map(async ({ job, places }) => {
          const record = await history.get({ job });
          const seats = places.map((place) => stored[place]).filter((seat) => seat?.kind === 'runner');
          return record && claimWarm(world, { pool: warmPool(), job: record, seats });
        }),
      );
    })();
    await clock.runUntil(clock.now() + 5000);
    return { ...stage, ends: await done };
  }
  const serving = (seats: Seat[]) => seats.flatMap(({ serves }) => serves ?? []).sort();

  test('two jobs, one runner: one gets it, the other has another to try', async () => {
    const { ends, seats } = await claims([
      { job: 1, places: [0, 1] },
      { job: 2, places: [0, 2] },
    ]);
    expect(ends).toEqual(['launched', 'launched']);
    expect(serving(seats())).toEqual([1, 2]);
  });

  test('or none', async () => {
    const { ends, seats } = await claims([
      { job: 1, places: [0] },
      { job: 2, places: [0] },
    ]);
    expect(ends.sort()).toEqual(['launched', 'no place']);
    expect(serving(seats())).toHaveLength(1);
  });

  test('one job, two runners: it gets one, and the other is nobody’s again', async () => {
    const { ends, seats, history } = await claims([
      { job: 1, places: [0] },
      { job: 1, places: [1] },
    ]);
    expect(ends.sort()).toEqual(['launched', 'not owed']);
    expect(serving(seats())).toEqual([1]);
    expect(seats().filter(({ owner }) => owner !== undefined)).toMatchObject([{ name: history.all()[0]?.runner }]);
  });

  test('one job, the same runner: it gets that, and keeps it', async () => {
    const { ends, seats, history } = await claims([
      { job: 1, places: [0] },
      { job: 1, places: [0] },
    ]);
    expect(ends.sort()).toEqual(['launched', 'not owed']);
    expect(seats().filter(({ serves }) => serves === 1)).toMatchObject([{ name: history.all()[0]?.runner }]);
  });
});

test('a job claims a warm runner while ECS refuses to start it: the job is owed a launch again, and nothing is left', async () => {
  const stage = await createStage({ janitor: false, pools: [warmPool()] });
  const { clock, history, runners, seats } = stage;
  const pool = warmPool();
  const world = {
    ...stage.world,
    cluster: {
      ...stage.world.cluster,
      runTask: async () => {
        const job = await history.get({ job: 1 });
        if (job !== undefined) await claimWarm(stage.world, { pool, job, seats: seats() });
        return { kind: 'refused' as const, reason: 'a wrong role' };
      },
    },
  };
  const done = (async () => {
    const job = aJobRecord({ job: 1 });
    await history.put(job, undefined);
    await launchWarm(world, aConfig([pool]), { pool, places: [4], unproven: false, last: undefined });
  })();
  await clock.runUntil(clock.now() + 5000);
  await done;
  expect(seats()).toEqual([]);
  const [job] = history.all();
  expect(job).toMatchObject({ state: 'queued', failures: 1, reason: 'RunTask: a wrong role' });
  expect(job).not.toHaveProperty('runner');
  expect(runners.all()).toContainEqual(expect.objectContaining({ kind: 'pool', failures: 1 }));
});

test('two scalers look at the same moment and see different places free: one of them launches', async () => {
  const { clock, world, seats, ecs } = await createStage({ janitor: false, pools: [warmPool()] });
  const pool = warmPool();
  const order = { pool, unproven: false, last: undefined };
  const done = Promise.all([9, 8].map((place) => launchWarm(world, aConfig([pool]), { ...order, places: [place] })));
  await clock.runUntil(clock.now() + 5000);
  await done;
  expect(seats()).toHaveLength(1);
  expect(ecs.tasks()).toHaveLength(1);
});
