import { expect, test } from '@jest/globals';
import { aTaskDefinition, aWorld, CLUSTER, deaf, MINUTE, refusal, runsFor, SECOND } from '../support/ecs-simulated.ts';

function runMany(world: ReturnType<typeof aWorld>, count: number, input: Record<string, unknown> = {}): void {
  for (let left = count; left > 0; left -= 10) world.run({ ...input, count: Math.min(10, left) });
}

test('at most 500 tasks wait in PROVISIONING; one more is an exception and nothing is done', () => {
  const world = aWorld();
  runMany(world, 495);
  const error = refusal(() => world.run({ count: 6 }));
  expect(error).toMatchObject({ type: 'ClientException', message: 'Tasks provisioning capacity limit exceeded.' });
  expect(world.run({ count: 5 }).tasks).toHaveLength(5);
  expect(world.ecs.books().tasks).toHaveLength(500);
});

test('a call that is too much keeps no room of an instance', () => {
  const world = aWorld({ provider: { minInstances: 1 }, provisioningTasksMax: 0 });
  expect(refusal(() => world.run({ count: 5 })).type).toBe('ClientException');
  expect(world.run({ count: 4 }).tasks).toMatchObject(Array(4).fill({ lastStatus: 'PENDING' }));
});

test('a task waits 10 to 30 minutes for capacity that does not come, then it has failed to start', async () => {
  const world = aWorld();
  world.ecs.setFaults({ noCapacity: 1 });
  const arns = world.run({ count: 10 }).tasks.map((task) => task['taskArn']);
  await world.pass(10 * MINUTE - SECOND);
  expect(arns.map((arn) => world.describe(arn)['lastStatus'])).toEqual(Array(10).fill('PROVISIONING'));
  await world.pass(20 * MINUTE + 2 * SECOND);
  expect(arns.map((arn) => world.describe(arn))).toMatchObject(
    Array(10).fill({ lastStatus: 'STOPPED', stopCode: 'TaskFailedToStart', stoppedReason: 'EMPTY CAPACITY PROVIDER' }),
  );
  expect(world.ecs.books().aliveByFamily).toEqual({ default: 0 });
});

test('a task bigger than an instance scales nothing and fails for its size', async () => {
  const world = aWorld({ provider: { minInstances: 1 } });
  world.ecs.call('RegisterTaskDefinition', aTaskDefinition({ family: 'huge', memory: 9000 }));
  const arn = world.run({ taskDefinition: 'huge' }).tasks[0]?.['taskArn'];
  await world.pass(31 * MINUTE);
  expect(world.ecs.instances()).toHaveLength(1);
  expect(world.describe(arn)).toMatchObject({ stopCode: 'TaskFailedToStart', stoppedReason: 'RESOURCE:MEMORY' });
});

test('from zero two instances come, further ones only after the warm-up, as many as are needed', async () => {
  const world = aWorld({ container: deaf });
  runMany(world, 40);
  await world.pass(2 * MINUTE);
  expect(world.ecs.instances()).toHaveLength(2);
  expect(world.starts).toHaveLength(8);
  await world.pass(4 * MINUTE);
  expect(world.ecs.instances()).toHaveLength(2);
  await world.pass(MINUTE);
  expect(world.ecs.instances()).toHaveLength(10);
  expect(world.starts).toHaveLength(40);
});

test('never more instances than the maximum; the rest waits for room', async () => {
  const world = aWorld({ provider: { maxInstances: 2 }, container: runsFor(MINUTE) });
  runMany(world, 40);
  await world.pass(30 * MINUTE);
  expect(world.ecs.instances().length).toBeLessThanOrEqual(2);
  expect(world.starts.length).toBe(40);
  expect(world.ecs.books().aliveMaxByFamily).toEqual({ default: 40 });
});

test('a step has a maximum', async () => {
  const world = aWorld({ provider: { maximumScalingStepSize: 3 }, container: deaf });
  runMany(world, 100);
  await world.pass(7 * MINUTE);
  expect(world.ecs.instances()).toHaveLength(5);
});

test('a target capacity of 50 keeps as many instances spare', async () => {
  const world = aWorld({ provider: { targetCapacity: 50 }, container: deaf });
  runMany(world, 16);
  await world.pass(20 * MINUTE);
  expect(world.ecs.instances()).toHaveLength(8);
});

test('instances leave after 15 low minutes, one first, and never a busy one', async () => {
  const world = aWorld({
    container: (start, clock) => runsFor(start.startedBy === 'long' ? 600 * MINUTE : MINUTE)(start, clock),
  });
  world.run({ startedBy: 'long' });
  runMany(world, 39, { startedBy: 'short' });
  await world.pass(20 * MINUTE);
  const most = world.ecs.instances().length;
  expect(most).toBeGreaterThan(2);
  await world.pass(60 * MINUTE);
  expect(world.ecs.instances()).toMatchObject([{ runningTasksCount: 1 }]);
});

test('instances that have been busy for long stay for 15 minutes after their last task', async () => {
  const world = aWorld({ container: runsFor(60 * MINUTE) });
  runMany(world, 8);
  await world.pass(75 * MINUTE);
  expect(world.ecs.books().aliveByFamily).toEqual({ default: 0 });
  expect(world.ecs.instances()).toHaveLength(2);
  await world.pass(90 * SECOND);
  expect(world.ecs.instances()).toHaveLength(1);
});

test('an idle cluster scales in to zero and out again', async () => {
  const world = aWorld({ container: runsFor(MINUTE) });
  world.run();
  await world.pass(16 * MINUTE - SECOND);
  expect(world.ecs.instances()).toHaveLength(2);
  await world.pass(30 * MINUTE);
  expect(world.ecs.instances()).toHaveLength(0);
  world.run();
  await world.pass(3 * MINUTE);
  expect(world.starts).toHaveLength(2);
});

test('a dead instance is replaced for those that wait', async () => {
  const world = aWorld({ container: deaf, provider: { maxInstances: 1 } });
  runMany(world, 5);
  await world.pass(3 * MINUTE);
  world.ecs.killInstance(String(world.ecs.instances()[0]?.['ec2InstanceId']));
  await world.pass(3 * MINUTE);
  expect(world.starts).toHaveLength(5);
});

test('tasks go to the fullest instance that has room', async () => {
  const world = aWorld({ container: deaf, provider: { minInstances: 3 } });
  runMany(world, 6);
  await world.pass(MINUTE);
  const running = world.ecs.instances().map((instance) => instance['runningTasksCount']);
  expect(running).toEqual([4, 2, 0]);
});

test('weights share tasks between capacity providers', async () => {
  const size = { instanceCpu: 100_000, instanceMemory: 1_000_000, maxInstances: 1, minInstances: 1 };
  const capacityProviders = ['spot', 'on-demand'].map((name) => ({ name, ...size }));
  const world = aWorld({ container: deaf, clusters: [{ name: CLUSTER, capacityProviders }] });
  const capacityProviderStrategy = [
    { capacityProvider: 'on-demand', base: 5, weight: 0 },
    { capacityProvider: 'spot', weight: 1 },
  ];
  const names: string[] = [];
  for (let index = 0; index < 20; index += 1) {
    names.push(String(world.run({ capacityProviderStrategy }).tasks[0]?.['capacityProviderName']));
  }
  expect(names.filter((name) => name === 'on-demand')).toHaveLength(5);
});
