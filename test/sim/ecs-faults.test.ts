import { describe, expect, test } from '@jest/globals';
import { aRunTask, aWorld, CLUSTER, MINUTE, refusal, runsFor, SECOND } from '../support/ecs-simulated.ts';

const ready = { provider: { minInstances: 1 } };

describe('faults', () => {
  test.each<[string, Record<string, unknown>, RegExp]>([
    ['an unknown one', { throttleRunTasks: 1 }, /unknown fault "throttleRunTasks"; known are throttleRunTask, /],
    ['a share above 1', { failBefore: 1.5 }, /failBefore must be a number from 0 to 1/],
    ['a share that is text', { loseEvents: '1' }, /loseEvents must be a number/],
    ['negative seconds', { listLagSeconds: -1 }, /listLagSeconds must be a number of seconds/],
  ])('%s is refused, and nothing of the change is made', (_sentence, changes, message) => {
    const { ecs } = aWorld();
    expect(() => ecs.setFaults({ failAfter: 1, ...changes })).toThrow(message);
    expect(ecs.faults()['failAfter']).toBe(0);
  });

  test('those that are not named stay', () => {
    const { ecs } = aWorld();
    ecs.setFaults({ failAfter: 0.5 });
    ecs.setFaults({ listLagSeconds: 30 });
    expect(ecs.faults()).toMatchObject({ failAfter: 0.5, listLagSeconds: 30, failBefore: 0 });
  });

  test.each<[string, string, number]>([
    ['throttleRunTask', 'ThrottlingException', 0],
    ['accessDenied', 'AccessDeniedException', 0],
    ['failBefore', 'ServerException', 0],
    ['failAfter', 'ServerException', 1],
    ['cutBefore', 'ConnectionCut', 0],
    ['cutAfter', 'ConnectionCut', 1],
  ])('%s answers RunTask %s after %i task was started', (fault, type, started) => {
    const { ecs } = aWorld();
    ecs.setFaults({ [fault]: 1 });
    expect(refusal(() => ecs.call('RunTask', aRunTask())).type).toBe(type);
    expect(ecs.books().tasks).toHaveLength(started);
  });

  test('throttleReads throttles reads only', () => {
    const world = aWorld();
    world.ecs.setFaults({ throttleReads: 1 });
    expect(refusal(() => world.ecs.call('ListTasks', { cluster: CLUSTER })).type).toBe('ThrottlingException');
    expect(world.run().tasks).toHaveLength(1);
  });

  test('runTaskFailures refuses with reasons of both kinds', () => {
    const world = aWorld();
    world.ecs.setFaults({ runTaskFailures: 1 });
    const { failures } = world.run({ count: 10 });
    expect(new Set(failures.map(({ reason }) => reason))).toEqual(new Set(['RESOURCE:MEMORY', 'AGENT']));
  });
});

describe('events', () => {
  const run = async (faults: Record<string, number>) => {
    const world = aWorld({ ...ready, container: runsFor(10 * SECOND) });
    world.ecs.setFaults(faults);
    world.run();
    await world.pass(5 * MINUTE);
    return world.events;
  };

  test('can be lost', async () => {
    expect(await run({ loseEvents: 1 })).toEqual([]);
  });

  test('can arrive twice, with the same id', async () => {
    const events = await run({ duplicateEvents: 1 });
    expect(events).toHaveLength(14);
    expect(new Set(events.map(({ id }) => id)).size).toBe(7);
  });

  test('can arrive out of order, each with its version', async () => {
    const versions = (await run({ reorderEvents: 1 })).map(({ detail }) => Number(detail['version']));
    const sorted = versions.toSorted((one, other) => one - other);
    expect(sorted).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(versions).not.toEqual(sorted);
  });
});

describe('throttling', () => {
  test.each<[string, string, Record<string, unknown>, number, number]>([
    ['100 RunTask at once and 40 a second', 'RunTask', aRunTask({ taskDefinition: 'default' }), 100, 40],
    ['100 ListTasks at once and 20 a second', 'ListTasks', { cluster: CLUSTER }, 100, 20],
    ['50 DescribeClusters at once and 20 a second', 'DescribeClusters', { clusters: [CLUSTER] }, 50, 20],
  ])('lets %s', async (_sentence, operation, input, burst, perSecond) => {
    const { ecs, pass } = aWorld();
    const calls = () => {
      let count = 0;
      for (; count < 1000; count += 1) {
        try {
          ecs.call(operation, input);
        } catch {
          return count;
        }
      }
      return count;
    };
    expect(calls()).toBe(burst);
    expect(refusal(() => ecs.call(operation, input)).type).toBe('ThrottlingException');
    await pass(SECOND);
    expect(calls()).toBe(perSecond);
    await pass(MINUTE);
    expect(calls()).toBe(burst);
  });

  test('RunTask and StopTask share a bucket, and so do ListTasks and DescribeTasks', () => {
    const world = aWorld();
    const task = world.run().tasks[0]?.['taskArn'];
    for (let index = 0; index < 99; index += 1) world.ecs.call('StopTask', { cluster: CLUSTER, task });
    expect(refusal(() => world.run()).type).toBe('ThrottlingException');
    for (let index = 0; index < 100; index += 1) world.ecs.call('ListTasks', { cluster: CLUSTER });
    expect(refusal(() => world.describe(task)).type).toBe('ThrottlingException');
  });
});

test('the books have every task, the most alive by family, and every call with its errors', async () => {
  const world = aWorld({ ...ready, container: runsFor(10 * SECOND, 3) });
  world.run({ startedBy: 'one', clientToken: 'token' });
  world.run({ count: 3 });
  await world.pass(5 * MINUTE);
  world.run();
  refusal(() => world.run({ cluster: 'other' }));
  const books = world.ecs.books();
  expect(books.tasks).toHaveLength(5);
  expect(books.tasks[0]).toMatchObject({
    startedBy: 'one',
    clientToken: 'token',
    family: 'default',
    ran: true,
    exitCode: 3,
    stopCode: 'EssentialContainerExited',
  });
  expect(books.aliveMaxByFamily).toEqual({ default: 4 });
  expect(books.aliveByFamily).toEqual({ default: 1 });
  expect(world.ecs.livingTasks()).toMatchObject([{ lastStatus: 'PENDING' }]);
  expect(books.operations['RunTask']).toEqual({ calls: 4, ok: 3, errors: { ClusterNotFoundException: 1 } });
});

test('the same seed gives the same history', async () => {
  const history = async (seed: number) => {
    const world = aWorld({ seed, container: runsFor(MINUTE), timings: { imagePullMs: [1_000, 60_000] } });
    world.ecs.setFaults({ loseEvents: 0.2, reorderEvents: 0.3, cannotPullImage: 0.2, runTaskFailures: 0.2 });
    for (let index = 0; index < 10; index += 1) world.run({ count: 10 });
    await world.pass(40 * MINUTE);
    return JSON.stringify([world.events, world.ecs.books()]);
  };
  expect(await history(7)).toBe(await history(7));
  expect(await history(7)).not.toBe(await history(8));
});

test('five thousand tasks pass in seconds', async () => {
  const size = { instanceCpu: 1_000_000, instanceMemory: 2_000_000, minInstances: 10 };
  const world = aWorld({ provider: size, container: runsFor(MINUTE) });
  for (let second = 0; second < 125; second += 1) {
    for (let call = 0; call < 40; call += 1) world.run({ clientToken: `${second}-${call}` });
    await world.pass(SECOND);
  }
  await world.pass(5 * MINUTE);
  expect(world.ecs.books().tasks).toHaveLength(5000);
  expect(world.ecs.books().aliveByFamily).toEqual({ default: 0 });
});
