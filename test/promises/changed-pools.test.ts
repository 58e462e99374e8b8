/** Deployments change and remove pools while jobs wait and runners work: no job is lost, no runner is killed. */
import { describe, expect, test } from '@jest/globals';
import { UNSERVED } from '../../lib/core/pool.ts';
import { KNOWN_POOLS } from '../../lib/core/runner.ts';
import { aPool } from '../support/pools.ts';
import type { Stage, StageOptions } from '../support/stage.ts';
import { CLEAN, createStage } from '../support/stage.ts';

const small = (revision: number, overrides = {}) =>
  aPool({ labels: ['self-hosted', 'ecs'], max: 10, taskDefinition: `sim-default:${revision}`, ...overrides });
const other = (overrides = {}) =>
  aPool({ name: 'other', labels: ['self-hosted', 'other'], taskDefinition: 'sim-other:1', ...overrides });

/** By GitHub's and ECS's own books. `surplus`: containers that were told to go, since their jobs had gone elsewhere. */
async function expectAllDone(stage: Stage, jobs: number, surplus = 0): Promise<void> {
  expect(await stage.until(stage.allCompleted, 120)).toBe(true);
  await stage.minutes(15);
  const done = stage.github.control.jobs();
  expect(done).toHaveLength(jobs);
  expect(done.filter(({ conclusion }) => conclusion !== 'success')).toEqual([]);
  expect(stage.ecs.books().tasks.filter(({ exitCode }) => exitCode !== 0)).toEqual([]);
  expect(stage.ecs.tasks().length).toBeGreaterThanOrEqual(jobs);
  expect(stage.ecs.tasks().length).toBeLessThanOrEqual(jobs + surplus);
  expect(stage.leftovers()).toEqual(CLEAN);
}

const waiting = (stage: Stage, pool: string) => stage.backlog.all().filter((item) => item.pool === pool);

describe.each([1, 2, 3, 4, 5])('seed %i', (seed) => {
  test('50 jobs, another version while some run, launch and wait, and back again', async () => {
    const stage = await createStage({ seed, pools: [small(1)] });
    stage.addJobs({ count: 30, durationSeconds: 90 });
    await stage.minutes(2);
    stage.configure([small(2, { labels: ['self-hosted', 'ecs', 'new'], max: 15 })]);
    stage.addJobs({ count: 20, durationSeconds: 90 });
    await stage.minutes(2);
    stage.configure([small(3)]);
    await expectAllDone(stage, 50, 2);
    expect(stage.ecs.books().aliveMaxByFamily['sim-default']).toBeLessThanOrEqual(15);
  });

  test('another task definition every 20 seconds, while ECS loses answers', async () => {
    const stage = await createStage({ seed, pools: [small(1)] });
    stage.ecs.setFaults({ failAfter: 0.2 });
    stage.addJobs({ count: 40, durationSeconds: 30 });
    for (let revision = 2; revision < 12; revision++) {
      await stage.clock.runUntil(stage.clock.now() + 20_000);
      stage.ecs.setFaults({ failAfter: 0 });
      stage.configure([small(revision)]);
      stage.ecs.setFaults({ failAfter: revision < 11 ? 0.2 : 0 });
    }
    await expectAllDone(stage, 40, 40);
    const failures = new Set(stage.lines.flatMap(({ failure }) => failure ?? []));
    expect([...failures]).toEqual(['put off by ECS']);
  });

  test('a pool is removed while its jobs wait, launch and run; another takes over its labels', async () => {
    const stage = await createStage({ seed, pools: [small(1), other()] });
    stage.addJobs({ count: 30, durationSeconds: 120 });
    await stage.minutes(1);
    stage.configure([other({ labels: ['self-hosted', 'other', 'ecs'] })]);
    stage.addJobs({ count: 10, durationSeconds: 30, labels: ['other'] });
    await expectAllDone(stage, 40, 2);
    expect(stage.lines).toContainEqual(expect.objectContaining({ decision: 'job moved', pool: 'other' }));
  });

  test('a pool is removed, and nobody serves its jobs; then it is added again', async () => {
    const stage = await createStage({ seed, pools: [small(1), other()] });
    stage.addJobs({ count: 25, durationSeconds: 300 });
    await stage.minutes(2);
    stage.configure([other()]);
    await stage.minutes(8);
    expect(stage.livingTasks()).toEqual([]);
    const left = waiting(stage, UNSERVED);
    expect(left.length).toBeGreaterThanOrEqual(15);
    for (const { reason } of left) expect(reason).toBe('no pool serves it any more: no pool has the label "ecs"');
    stage.configure([small(2), other()]);
    await expectAllDone(stage, 25, 2);
  });
});

test('jobs that no pool serves any more and that are cancelled leave, though their events match no pool', async () => {
  const stage = await createStage({ pools: [small(1, { max: 1 }), other()] });
  const ids = stage.addJobs({ count: 5, durationSeconds: 60 });
  await stage.clock.runUntil(stage.clock.now() + 30_000);
  stage.configure([other()]);
  await stage.minutes(6);
  for (const id of ids) stage.github.control.cancel(id);
  await stage.minutes(15);
  expect(stage.leftovers()).toEqual(CLEAN);
  const conclusions = stage.history.all().map(({ conclusion }) => conclusion);
  expect(conclusions.sort()).toEqual(['cancelled', 'cancelled', 'cancelled', 'cancelled', 'success']);
});

test('a pool that never had a task is removed, and its jobs are not forgotten', async () => {
  const stage = await createStage({ pools: [small(1), other()] });
  stage.ecs.setFaults({ throttleRunTask: 1 });
  stage.addJobs({ count: 5, durationSeconds: 20 });
  await stage.clock.runUntil(stage.clock.now() + 30_000);
  stage.configure([other({ labels: ['self-hosted', 'other', 'ecs'] })]);
  stage.ecs.setFaults({ throttleRunTask: 0 });
  await expectAllDone(stage, 5);
});

test('a pool is removed before ECS has answered about its tasks', async () => {
  const stage = await createStage({ pools: [small(1), other()] });
  stage.ecs.setFaults({ failBefore: 1 });
  stage.addJobs({ count: 5, durationSeconds: 20 });
  await stage.clock.runUntil(stage.clock.now() + 30_000);
  stage.ecs.setFaults({ failBefore: 0 });
  stage.configure([other({ labels: ['self-hosted', 'other', 'ecs'] })]);
  expect(await stage.until(stage.allCompleted, 20)).toBe(true);
  await expectAllDone(stage, 5);
});

test('a maximum is lowered while more runners work: nobody is launched beside them until they are fewer', async () => {
  const stage = await createStage({ pools: [small(1)] });
  stage.addJobs({ count: 3, durationSeconds: 10 * 60 });
  await stage.until(() => stage.seats().length === 3, 5);
  stage.addJobs({ count: 7, durationSeconds: 30 * 60 });
  await stage.until(() => stage.github.control.runners().filter(({ busy }) => busy).length === 10, 5);
  stage.configure([small(2, { max: 3 })]);
  stage.addJobs({ count: 5, durationSeconds: 60 });
  await stage.minutes(20);
  expect(stage.ecs.tasks()).toHaveLength(10);
  await expectAllDone(stage, 15);
});

test('labels move from one pool to another while runners of the first live: nothing is launched twice', async () => {
  const stage = await createStage({ pools: [small(1, { max: 20 }), other()] });
  stage.addJobs({ count: 20, durationSeconds: 60 });
  // Some containers are up, some boot, none has a job yet.
  await stage.until(() => stage.seats().some(({ state }) => state === 'registered'), 3);
  stage.configure([
    small(2, { labels: ['self-hosted', 'changed'] }),
    other({ labels: ['self-hosted', 'other', 'ecs'] }),
  ]);
  await expectAllDone(stage, 20, 1);
});

test('a runner of before is not kept for a job that asks for a label which only new ones have', async () => {
  const stage = await createStage({ pools: [small(1, { max: 1, idleSecondsMax: 3600 })] });
  const [job = 0] = stage.addJobs({});
  stage.github.control.setFaults({ refuseSessions: 1 });
  await stage.until(() => stage.seats().some(({ state }) => state === 'registered'), 5);
  stage.github.control.cancel(job);
  stage.github.control.setFaults({ refuseSessions: 0 });
  await stage.minutes(1);
  stage.configure([small(2, { labels: ['self-hosted', 'ecs', 'gpu'], max: 2, idleSecondsMax: 3600 })]);
  await stage.minutes(2);
  expect(stage.seats()).toHaveLength(1);
  const [wanting = 0] = stage.addJobs({ labels: ['gpu'] });
  expect(
    await stage.until(() => stage.history.all().some((one) => one.job === wanting && one.state === 'completed'), 10),
  ).toBe(true);
  expect(stage.lines).not.toContainEqual(expect.objectContaining({ decision: 'runner adopted', job: wanting }));
});

test('a maximum that is reduced: those that live go on, and nobody comes until there are fewer', async () => {
  const stage = await createStage({ pools: [small(1)] });
  stage.addJobs({ count: 30, durationSeconds: 200 });
  await stage.minutes(2);
  expect(stage.livingTasks()).toHaveLength(10);
  stage.configure([small(1, { max: 3 })]);
  await stage.minutes(1);
  let most = 0;
  for (let lap = 0; lap < 30; lap++) {
    await stage.clock.runUntil(stage.clock.now() + 20_000);
    const begun = stage.livingTasks().filter(({ createdAt }) => Number(createdAt) * 1000 > stage.clock.now() - 20_000);
    if (begun.length > 0) most = Math.max(most, stage.livingTasks().length);
  }
  expect(most).toBe(3);
  await expectAllDone(stage, 30, 1);
});

test('a pool that was removed is forgotten an hour after its last runner, with its own record', async () => {
  const stage = await createStage({ pools: [small(1), other()] });
  stage.addJobs({ count: 2, durationSeconds: 1200 });
  await stage.minutes(2);
  stage.configure([other()]);
  const known = () => stage.runners.all().filter(({ pool }) => pool === KNOWN_POOLS);
  const own = () => stage.runners.all().filter(({ kind }) => kind === 'pool');
  await stage.minutes(70);
  expect(known()).toMatchObject([{ pools: [{ name: 'default', leftAt: expect.any(Number) }, { name: 'other' }] }]);
  await stage.minutes(20);
  expect(known()).toMatchObject([{ pools: [{ name: 'other' }] }]);
  expect(own()).toEqual([]);
  stage.configure([small(2), other()]);
  await stage.minutes(1);
  stage.addJobs({ count: 2, durationSeconds: 20 });
  await expectAllDone(stage, 4);
});

test('idle runners of a removed pool leave', async () => {
  const stage = await createStage({ pools: [small(1, { idleSecondsMax: 3600 }), other()] });
  const [job = 0] = stage.addJobs({});
  stage.github.control.setFaults({ refuseSessions: 1 });
  await stage.until(() => stage.seats().some(({ state }) => state === 'registered'), 5);
  stage.github.control.cancel(job);
  stage.github.control.setFaults({ refuseSessions: 0 });
  await stage.minutes(5);
  expect(stage.livingTasks()).toHaveLength(1);
  stage.configure([other()]);
  await stage.minutes(5);
  expect(stage.leftovers()).toEqual(CLEAN);
});

/** Outside calls of the janitor's runs in which a removed pool's jobs are moved. */
async function callsOfMove(): Promise<string[]> {
  const calls: string[] = [];
  await moveWhile((name, { when, call }) => {
    if (name === 'janitor' && when === 'before') calls.push(call);
  });
  return calls;
}

/** One job waits behind another; its pool is removed, another serves it. `watch` sees the next two runs of the janitor. */
async function moveWhile(watch: NonNullable<StageOptions['watch']>): Promise<Stage> {
  let isWatched = false;
  const stage = await createStage({
    pools: [small(1, { max: 1 }), other()],
    watch: (...moment) => isWatched && watch(...moment),
  });
  stage.addJobs({ count: 3, durationSeconds: 200 });
  await stage.minutes(1.5);
  stage.configure([other({ labels: ['self-hosted', 'other', 'ecs'] })]);
  isWatched = true;
  await stage.minutes(2);
  isWatched = false;
  return stage;
}

const crashes = (await callsOfMove()).flatMap((call, index) =>
  (['before', 'after'] as const).map((when) => ({ call, when, number: index + 1 })),
);

test('the table of crashes has the calls that move a job', () => {
  const calls = crashes.map(({ call }) => call);
  for (const call of ['history.get', 'history.put', 'backlog.put', 'backlog.remove']) expect(calls).toContain(call);
});

test.each(crashes)('the janitor dies $when its call $number, $call: no job is lost, none runs twice', async (crash) => {
  let seen = 0;
  const stage = await moveWhile((name, { when }, invocation) => {
    if (name !== 'janitor') return;
    if (when === 'before') seen += 1;
    if (seen === crash.number && when === crash.when) {
      seen += 1_000_000;
      invocation.kill();
    }
  });
  await expectAllDone(stage, 3);
});
