/** Deliveries that failed, over the simulated GitHub: which are asked for again, how often, and that none is skipped. */
import { describe, expect, test } from '@jest/globals';
import { DELIVERIES, type DeliveriesRecord } from '../../lib/core/deliveries.ts';
import { redeliverLost } from '../../lib/flows/redeliver.ts';
import type { World } from '../../lib/world.ts';
import { createStage, type Stage } from '../support/stage.ts';
import { whileTimePasses } from '../support/time.ts';

type Answer = { status: number; body: string };

/** A stage without a janitor, whose door gives this answer (`undefined`: our function's own). */
async function aStage(answer: Answer | undefined, more: { faults?: Record<string, unknown> } = {}) {
  const door = { answer };
  const stage = await createStage({ janitor: false, tableLatencyMs: 0, door: () => door.answer });
  stage.github.control.setFaults(more.faults ?? {});
  return { stage, door };
}

const run = (stage: Stage, world: World = stage.world) =>
  whileTimePasses(stage, redeliverLost(world, stage.clock.now() + 40_000));

/** Redeliveries by their events, as GitHub's own list has them. */
function redeliveries({ github }: Stage): Record<string, number> {
  const again = github.webhooks.deliveries.filter(({ redelivery }) => redelivery).map(({ guid }) => guid);
  return Object.fromEntries([...Map.groupBy(again, (guid) => guid)].map(([guid, list]) => [guid, list.length]));
}

const guids = ({ github }: Stage) => [...new Set(github.webhooks.deliveries.map(({ guid }) => guid))];
const record = ({ runners }: Stage) =>
  runners.all().find((one): one is DeliveriesRecord => one.pool === DELIVERIES && one.kind === 'deliveries');

const FAILING: Answer = { status: 503, body: '' };

describe('what is asked for again', () => {
  test.each<{ name: string; status: number; again: number }>([
    { name: 'answered 500', status: 500, again: 1 },
    { name: 'answered 504', status: 504, again: 1 },
    { name: 'refused for its signature', status: 401, again: 0 },
    { name: 'refused for its size', status: 413, again: 0 },
    { name: 'taken', status: 202, again: 0 },
  ])('an event that was $name: $again times', async ({ status, again }) => {
    const { stage, door } = await aStage({ status, body: '{}' });
    stage.addJobs({});
    await stage.minutes(1);
    door.answer = undefined;
    for (let minute = 0; minute < 30; minute++) {
      await run(stage);
      await stage.minutes(1);
    }
    const [guid = ''] = guids(stage);
    expect(redeliveries(stage)[guid] ?? 0).toBe(again);
  });

  test('an event that was taken too late changes nothing when it comes again', async () => {
    const { stage } = await aStage(undefined);
    stage.addJobs({ durationSeconds: 3600 });
    await stage.minutes(5);
    const [delivery] = stage.github.webhooks.deliveries;
    if (delivery?.action !== 'queued') throw new Error('nothing was delivered');
    Object.assign(delivery, { status: 'timed out', statusCode: 504 });
    const before = JSON.stringify(stage.history.all());
    await run(stage);
    await stage.minutes(1);
    expect(redeliveries(stage)).toEqual({ [delivery.guid]: 1 });
    expect(JSON.stringify(stage.history.all())).toBe(before);
    expect(stage.ecs.tasks()).toHaveLength(1);
  });
});

describe('as often as it may', () => {
  test('three times, at once, after ten minutes and after two hours, and then no more', async () => {
    const { stage } = await aStage(FAILING);
    stage.addJobs({});
    const began = stage.clock.now();
    for (let minute = 0; minute < 20 * 60; minute++) {
      await stage.minutes(1);
      await run(stage);
    }
    const [guid = ''] = guids(stage);
    const tries = stage.github.webhooks.deliveries.filter((one) => one.guid === guid && one.redelivery);
    expect(tries.map(({ deliveredAt }) => Math.round((deliveredAt - began) / 60_000))).toEqual([1, 11, 131]);
    expect(record(stage)?.tried).toEqual([]);
    expect(stage.lines.filter(({ decision }) => decision === 'webhook given up').length).toBeGreaterThan(0);
  });

  test('one that works again in the meantime is not asked for any more, and is forgotten', async () => {
    const { stage, door } = await aStage(FAILING);
    stage.addJobs({ durationSeconds: 1 });
    await stage.minutes(1);
    await run(stage);
    await stage.minutes(5);
    door.answer = undefined;
    for (let minute = 0; minute < 60; minute++) {
      await stage.minutes(1);
      await run(stage);
    }
    const [guid = ''] = guids(stage);
    expect(redeliveries(stage)[guid]).toBe(2);
    expect(record(stage)?.tried).toEqual([]);
  });

  test('what failed a day ago is left alone', async () => {
    const { stage, door } = await aStage(FAILING);
    stage.addJobs({});
    await stage.minutes(24 * 60);
    door.answer = undefined;
    const [guid = ''] = guids(stage);
    await run(stage);
    await stage.minutes(1);
    expect(redeliveries(stage)[guid]).toBeUndefined();
  });
});

describe('nothing is skipped', () => {
  test('more than one run can ask for: the next ones go on, and each is asked for once', async () => {
    const { stage, door } = await aStage(FAILING);
    stage.addJobs({ count: 250, labels: ['self-hosted', 'elsewhere'] });
    await stage.minutes(1);
    door.answer = undefined;
    const perRun: number[] = [];
    for (let minute = 0; minute < 5; minute++) {
      const before = Object.keys(redeliveries(stage)).length;
      await run(stage);
      await stage.minutes(1);
      perRun.push(Object.keys(redeliveries(stage)).length - before);
    }
    expect(perRun).toEqual([100, 100, 50, 0, 0]);
    expect(new Set(Object.values(redeliveries(stage)))).toEqual(new Set([1]));
  });

  test('what fails while a long list is read is read afterwards', async () => {
    const { stage, door } = await aStage(FAILING);
    stage.addJobs({ count: 150, labels: ['self-hosted', 'elsewhere'] });
    await stage.minutes(1);
    await run(stage);
    const [late = 0] = stage.addJobs({ labels: ['self-hosted', 'elsewhere'] });
    await stage.minutes(1);
    door.answer = undefined;
    for (let minute = 0; minute < 15; minute++) {
      await run(stage);
      await stage.minutes(1);
    }
    const guid = stage.github.webhooks.deliveries.find(({ job }) => job.includes(String(late)))?.guid ?? '';
    expect(redeliveries(stage)[guid]).toBe(1);
    expect(Object.keys(redeliveries(stage))).toHaveLength(151);
  });

  test('GitHub does not answer: nothing has moved, and the next run asks', async () => {
    const { stage, door } = await aStage(FAILING);
    stage.addJobs({});
    await stage.minutes(1);
    door.answer = undefined;
    await run(stage);
    await stage.minutes(60);
    stage.addJobs({});
    door.answer = FAILING;
    stage.addJobs({});
    await stage.minutes(1);
    door.answer = undefined;
    const before = record(stage);
    stage.github.control.setFaults({ restFailBefore: 1 });
    await run(stage);
    expect(record(stage)).toEqual(before);
    stage.github.control.setFaults({ restFailBefore: 0 });
    await stage.minutes(60);
    await run(stage);
    await stage.minutes(1);
    expect(Object.keys(redeliveries(stage)).length).toBeGreaterThanOrEqual(2);
  });

  test('GitHub is limited while it is asked: it counts as not asked', async () => {
    const { stage, door } = await aStage(FAILING);
    stage.addJobs({});
    await stage.minutes(1);
    door.answer = undefined;
    const limited: World = {
      ...stage.world,
      github: {
        ...stage.world.github,
        redeliver: async () => ({ kind: 'retry', reason: 'limited', retryAfterSeconds: 60 }),
      },
    };
    for (let minute = 0; minute < 20; minute++) {
      await run(stage, limited);
      await stage.minutes(1);
    }
    expect(record(stage)?.tried).toEqual([]);
    await run(stage);
    await stage.minutes(1);
    expect(Object.values(redeliveries(stage))).toEqual([1]);
  });

  test('a place in the list that GitHub has forgotten is given up, and the list is read anew', async () => {
    const { stage, door } = await aStage(FAILING);
    stage.addJobs({ count: 150, labels: ['self-hosted', 'elsewhere'] });
    await stage.minutes(1);
    await run(stage);
    const stored = record(stage);
    expect(stored?.reading).toBeDefined();
    const { version: _, ...rest } = stored ?? ({} as DeliveriesRecord);
    const elsewhere = { ...rest, reading: { cursor: 'v1_forgotten', beganAt: stage.clock.now() } };
    await stage.runners.put(elsewhere, stored);
    door.answer = undefined;
    for (let minute = 0; minute < 20; minute++) {
      await run(stage);
      await stage.minutes(1);
    }
    expect(Object.keys(redeliveries(stage))).toHaveLength(150);
  });

  /** The run dies just before its n-th call to the outside, and the next one is whole. */
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
    'a run that dies before its call %i: nothing skipped, no try too many',
    async (deadly) => {
      const { stage, door } = await aStage(FAILING);
      stage.addJobs({ count: 4, labels: ['self-hosted', 'elsewhere'] });
      // Longer than the overlap of two readings, which would hide that something was skipped.
      await stage.minutes(30);
      door.answer = undefined;
      let calls = 0;
      const dying = async <Value>(call: () => Promise<Value>): Promise<Value> => {
        calls += 1;
        if (calls >= deadly) throw new Error('killed');
        return call();
      };
      const { github, runners } = stage.world;
      const world: World = {
        ...stage.world,
        github: {
          ...github,
          failedDeliveries: (cursor) => dying(() => github.failedDeliveries(cursor)),
          redeliver: (id) => dying(() => github.redeliver(id)),
        },
        runners: {
          ...runners,
          get: (key) => dying(() => runners.get(key)),
          put: (item, previous) => dying(() => runners.put(item, previous)),
        },
      };
      await run(stage, world).catch(() => undefined);
      for (let minute = 0; minute < 60; minute++) {
        await stage.minutes(1);
        await run(stage);
      }
      expect(Object.keys(redeliveries(stage))).toHaveLength(4);
      expect(Math.max(...Object.values(redeliveries(stage)))).toBeLessThanOrEqual(3);
    },
  );

  test('two runs at once: nothing skipped, and each event is asked for twice at most', async () => {
    const { stage, door } = await aStage(FAILING);
    stage.addJobs({ count: 40, labels: ['self-hosted', 'elsewhere'] });
    await stage.minutes(1);
    door.answer = undefined;
    await Promise.all([run(stage), run(stage)]).then(() => stage.minutes(1));
    for (let minute = 0; minute < 30; minute++) {
      await run(stage);
      await stage.minutes(1);
    }
    expect(Object.keys(redeliveries(stage))).toHaveLength(40);
    expect(Math.max(...Object.values(redeliveries(stage)))).toBeLessThanOrEqual(2);
  });
});
