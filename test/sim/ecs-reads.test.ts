import { describe, expect, test } from '@jest/globals';
import {
  aTaskDefinition,
  aWorld,
  CLUSTER,
  deaf,
  HOUR,
  MINUTE,
  refusal,
  runsFor,
  SECOND,
  type Wire,
} from '../support/ecs-simulated.ts';

const ready = { provider: { minInstances: 1 } };

function list(world: ReturnType<typeof aWorld>, input: Record<string, unknown> = {}): Wire {
  return world.ecs.call('ListTasks', { cluster: CLUSTER, ...input });
}

describe('ListTasks', () => {
  test('gives 100 at most, and pages that stay right while tasks come and go', async () => {
    const world = aWorld({ container: deaf });
    const arns: string[] = [];
    for (let index = 0; index < 25; index += 1)
      arns.push(...world.run({ count: 10 }).tasks.map((task) => task['taskArn']));
    const first = list(world);
    expect(first['taskArns']).toEqual(arns.slice(0, 100));
    world.ecs.call('StopTask', { cluster: CLUSTER, task: arns[0] });
    const second = list(world, { nextToken: first['nextToken'] });
    const third = list(world, { nextToken: second['nextToken'] });
    expect([...second['taskArns'], ...third['taskArns']]).toEqual(arns.slice(100));
    expect(third).not.toHaveProperty('nextToken');
  });

  test('shows those that are to run; those that are to stop only when asked; PENDING shows none', async () => {
    const world = aWorld({ ...ready, container: deaf });
    const [waiting, stopped] = world.run({ count: 2 }).tasks.map((task) => task['taskArn']);
    world.ecs.call('StopTask', { cluster: CLUSTER, task: stopped });
    expect(list(world)['taskArns']).toEqual([waiting]);
    expect(list(world, { desiredStatus: 'STOPPED' })['taskArns']).toEqual([stopped]);
    expect(list(world, { desiredStatus: 'PENDING' })['taskArns']).toEqual([]);
    await world.pass(HOUR + MINUTE);
    expect(list(world, { desiredStatus: 'STOPPED' })['taskArns']).toEqual([]);
  });

  test('filters by starter, family, instance', async () => {
    const world = aWorld({ ...ready, container: deaf });
    world.ecs.call('RegisterTaskDefinition', aTaskDefinition({ family: 'deploy' }));
    const one = world.run({ startedBy: 'one' }).tasks[0]?.['taskArn'];
    const deploy = world.run({ taskDefinition: 'deploy' }).tasks[0]?.['taskArn'];
    const containerInstance = world.ecs.instances()[0]?.['containerInstanceArn'];
    expect(list(world, { startedBy: 'one' })['taskArns']).toEqual([one]);
    expect(list(world, { startedBy: 'one', desiredStatus: 'RUNNING' })['taskArns']).toEqual([one]);
    expect(list(world, { startedBy: 'nobody' })['taskArns']).toEqual([]);
    expect(list(world, { family: 'deploy' })['taskArns']).toEqual([deploy]);
    expect(list(world, { containerInstance })['taskArns']).toEqual([one, deploy]);
  });

  test.each([{ family: 'default' }, { containerInstance: 'x' }, { launchType: 'EC2' }, { serviceName: 's' }])(
    'refuses startedBy together with %j',
    (other) => {
      const error = refusal(() => list(aWorld(), { startedBy: 'one', ...other }));
      expect(error).toMatchObject({
        type: 'InvalidParameterException',
        message: 'cannot specify startedBy with other arguments',
      });
    },
  );

  test('shows new tasks and stops only after the lag', async () => {
    const world = aWorld({ ...ready, container: deaf });
    world.ecs.setFaults({ listLagSeconds: 60 });
    const { taskArn } = world.run({ startedBy: 'one' }).tasks[0] ?? {};
    await world.pass(59 * SECOND);
    expect(list(world)['taskArns']).toEqual([]);
    expect(world.describe(String(taskArn))['lastStatus']).toBe('RUNNING');
    await world.pass(SECOND);
    expect(list(world, { startedBy: 'one' })['taskArns']).toEqual([taskArn]);
    world.ecs.call('StopTask', { cluster: CLUSTER, task: taskArn });
    await world.pass(59 * SECOND);
    expect(list(world)['taskArns']).toEqual([taskArn]);
    await world.pass(SECOND);
    expect(list(world)['taskArns']).toEqual([]);
  });

  test.each([[{ maxResults: 101 }], [{ nextToken: 'x' }]])('refuses %j', (input) => {
    expect(refusal(() => list(aWorld(), input)).type).toBe('InvalidParameterException');
  });
});

describe('DescribeTasks', () => {
  test('answers unknown tasks with MISSING, in failures', () => {
    const world = aWorld();
    const { taskArn } = world.run().tasks[0] ?? {};
    const unknown = '0'.repeat(32);
    const answer = world.ecs.call('DescribeTasks', { cluster: CLUSTER, tasks: [unknown, taskArn] }) as Wire;
    expect(answer['tasks']).toMatchObject([{ taskArn }]);
    expect(answer['failures']).toEqual([
      { arn: `arn:aws:ecs:us-east-1:123456789012:task/${CLUSTER}/${unknown}`, reason: 'MISSING' },
    ]);
  });

  test('knows a stopped task for an hour', async () => {
    const world = aWorld({ ...ready, container: runsFor(MINUTE) });
    const { taskArn } = world.run().tasks[0] ?? {};
    await world.pass(HOUR + MINUTE);
    expect(world.describe(String(taskArn))['lastStatus']).toBe('STOPPED');
    await world.pass(MINUTE);
    expect(world.describe(String(taskArn))).toEqual({});
    expect(world.ecs.tasks()).toHaveLength(1);
  });

  test('shows tags only when they are asked for', () => {
    const world = aWorld();
    const tags = [{ key: 'pool', value: 'default' }];
    const { taskArn } = world.run({ tags }).tasks[0] ?? {};
    expect(world.describe(String(taskArn))['tags']).toEqual([]);
    const answer = world.ecs.call('DescribeTasks', { cluster: CLUSTER, tasks: [taskArn], include: ['TAGS'] }) as Wire;
    expect(answer['tasks'][0]['tags']).toEqual(tags);
  });

  test('does not know a new task while describing lags', async () => {
    const world = aWorld();
    world.ecs.setFaults({ describeLagSeconds: 5 });
    const { taskArn } = world.run().tasks[0] ?? {};
    expect(world.describe(String(taskArn))).toEqual({});
    await world.pass(5 * SECOND);
    expect(world.describe(String(taskArn))).toMatchObject({ taskArn });
  });

  test.each([
    ['no task', []],
    ['101 tasks', Array(101).fill('0'.repeat(32))],
    ['something that is no id', ['not-an-id']],
  ])('refuses %s', (_sentence, tasks) => {
    const error = refusal(() => aWorld().ecs.call('DescribeTasks', { cluster: CLUSTER, tasks }));
    expect(error.type).toBe('InvalidParameterException');
  });
});

test('clusters, instances and capacity providers can be listed and described', async () => {
  const world = aWorld({ ...ready, container: deaf });
  world.run({ count: 2 });
  await world.pass(MINUTE);
  const { containerInstanceArns } = world.ecs.call('ListContainerInstances', { cluster: CLUSTER }) as Wire;
  const described = world.ecs.call('DescribeContainerInstances', {
    cluster: CLUSTER,
    containerInstances: [...containerInstanceArns, 'unknown'],
  });
  expect(described).toMatchObject({
    containerInstances: [
      { status: 'ACTIVE', agentConnected: true, runningTasksCount: 2, capacityProviderName: 'spot' },
    ],
    failures: [{ reason: 'MISSING' }],
  });
  expect(world.ecs.call('DescribeClusters', { clusters: [CLUSTER, 'other'] })).toMatchObject({
    clusters: [{ clusterName: CLUSTER, runningTasksCount: 2, registeredContainerInstancesCount: 1 }],
    failures: [{ arn: 'other', reason: 'MISSING' }],
  });
  expect(world.ecs.call('DescribeCapacityProviders', { capacityProviders: ['spot'] })).toMatchObject({
    capacityProviders: [{ name: 'spot', autoScalingGroupProvider: { managedTerminationProtection: 'ENABLED' } }],
    failures: [],
  });
});

test('task definitions can be described; an unknown one is a ClientException', () => {
  const world = aWorld();
  expect(world.ecs.call('DescribeTaskDefinition', { taskDefinition: 'default' })).toMatchObject({
    taskDefinition: { family: 'default', revision: 1, status: 'ACTIVE', containerDefinitions: [{ name: 'runner' }] },
  });
  expect(refusal(() => world.ecs.call('DescribeTaskDefinition', { taskDefinition: 'x' }))).toMatchObject({
    type: 'ClientException',
    message: 'Unable to describe task definition.',
  });
});
