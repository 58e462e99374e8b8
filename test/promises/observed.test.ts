/** A stage that observes: it says what it would do, and does nothing. */
import { expect, test } from '@jest/globals';
import type { Observer } from '../support/observer.ts';
import { createObserver } from '../support/observer.ts';
import { aPool } from '../support/pools.ts';
import { CLEAN, createStage } from '../support/stage.ts';

const BEGINNINGS = ['cluster.runTask', 'github.registerRunner'];
const WRITES = [...BEGINNINGS, 'cluster.stopTask', 'github.removeRunner'];

async function besideReal(observedMax: number) {
  let observer: Observer | undefined;
  const stage = await createStage({ alsoDeliver: (delivery) => void observer?.deliver(delivery) });
  observer = createObserver(stage, [aPool({ max: observedMax })]);
  return { stage, observer };
}

test.each([50, 8])(
  'beside a stage that runs 20 jobs, with a maximum of %i: each is said once, nothing is done',
  async (max) => {
    const { stage, observer } = await besideReal(max);
    stage.addJobs({ count: 20, durationSeconds: 60 });
    await stage.minutes(1);
    const decided = () => observer.lines.filter(({ decision }) => decision === 'would launch');
    expect(decided()).toHaveLength(Math.min(max, 20));
    expect(observer.backlog.all()).toHaveLength(20);
    expect(observer.backlog.all()[0]?.reason).toMatch(
      /^would be launched on place \d+ of pool default: this stage only observes$/,
    );
    expect(await stage.until(stage.allCompleted, 15)).toBe(true);
    await stage.minutes(15);
    const jobs = decided().map(({ job }) => job);
    expect(new Set(jobs).size).toBe(jobs.length);
    expect(observer.calls.filter((call) => WRITES.includes(call))).toEqual([]);
    expect(observer.backlog.all()).toEqual([]);
    expect(observer.runners.all().filter(({ kind }) => kind === 'runner')).toEqual([]);
    expect(observer.history.all().filter(({ state, launch }) => state === 'completed' && launch === 0)).toHaveLength(
      20,
    );
    expect(observer.queue.counts().deadLetters).toBe(0);
    expect(stage.ecs.books().tasks).toHaveLength(20);
    expect(stage.leftovers()).toEqual(CLEAN);
  },
);

test('events that never came: GitHub is asked about jobs that may have run long ago', async () => {
  const { stage, observer } = await besideReal(50);
  stage.addJobs({ count: 5, durationSeconds: 60 });
  await stage.minutes(1);
  stage.github.control.setFaults({ loseWebhooks: 1 });
  await stage.minutes(40);
  expect(observer.backlog.all()).toEqual([]);
  expect(observer.calls.filter((call) => WRITES.includes(call))).toEqual([]);
});

test('a stage that launched, and now observes: those that work end, those that start are sent away, none is stopped', async () => {
  const calls: string[] = [];
  const stage = await createStage({
    pools: [aPool({ max: 5 })],
    watch: (_, { when, call }) => when === 'before' && calls.push(call),
  });
  stage.addJobs({ count: 5, durationSeconds: 300 });
  await stage.until(() => stage.seats().filter(({ state }) => state === 'busy').length === 5, 5);
  stage.addJobs({ count: 5, durationSeconds: 30 });
  stage.configure([aPool({ max: 10 })]);
  expect(await stage.until(() => stage.seats().some(({ state }) => state === 'launching'), 4)).toBe(true);
  stage.configure([aPool({ max: 10 })], 'observe');
  await stage.minutes(1);
  calls.length = 0;
  stage.addJobs({ count: 3, durationSeconds: 30 });
  await stage.minutes(10);
  expect(calls.filter((call) => BEGINNINGS.includes(call))).toEqual([]);
  expect(stage.leftovers()).toMatchObject({ tasks: 0, registrations: 0, seats: 0, deadLetters: 0 });
  expect(stage.backlog.all().filter(({ reason }) => /^would be launched/.test(reason)).length).toBeGreaterThanOrEqual(
    3,
  );
  stage.configure([aPool({ max: 10 })], 'launch');
  expect(await stage.until(stage.allCompleted, 15)).toBe(true);
  expect(stage.ecs.books().tasks.filter(({ exitCode }) => exitCode !== 0)).toEqual([]);
  await stage.minutes(3);
  expect(stage.leftovers()).toEqual(CLEAN);
});

test('a stage that launched, and now observes: an idle runner leaves after its idle time, so that the stage gets empty', async () => {
  const stage = await createStage();
  const [job = 0] = stage.addJobs({});
  stage.github.control.setFaults({ refuseSessions: 1 });
  await stage.until(() => stage.seats().some(({ state }) => state === 'registered'), 5);
  stage.github.control.cancel(job);
  stage.configure([aPool()], 'observe');
  stage.github.control.setFaults({ refuseSessions: 0 });
  await stage.minutes(8);
  expect(stage.lines).toContainEqual(expect.objectContaining({ decision: 'idle runner: go' }));
  expect(stage.leftovers()).toEqual(CLEAN);
});
