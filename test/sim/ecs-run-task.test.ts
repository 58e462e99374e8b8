import { describe, expect, test } from '@jest/globals';
import {
  aRunTask,
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

/** An override of exactly this many characters, JSON included. */
function overridesOf(characters: number) {
  const around = (value: string) => ({ containerOverrides: [{ name: 'runner', environment: [{ name: 'A', value }] }] });
  return around('x'.repeat(characters - JSON.stringify(around('')).length));
}

describe('RunTask is refused', () => {
  test.each<[string, Record<string, unknown>, { type: string; message: string | RegExp }]>([
    ['count 0', { count: 0 }, { type: 'InvalidParameterException', message: /count/ }],
    ['count 11', { count: 11 }, { type: 'InvalidParameterException', message: /count/ }],
    [
      'overrides of 8193 characters',
      { overrides: overridesOf(8193) },
      { type: 'InvalidParameterException', message: 'Container Overrides length must be at most 8192' },
    ],
    ['startedBy with a colon', { startedBy: 'a:b' }, { type: 'InvalidParameterException', message: /startedBy/ }],
    ['startedBy of 129', { startedBy: 'a'.repeat(129) }, { type: 'InvalidParameterException', message: /startedBy/ }],
    ['a token of 65', { clientToken: 'a'.repeat(65) }, { type: 'InvalidParameterException', message: /clientToken/ }],
    ['a token with a space', { clientToken: 'a b' }, { type: 'InvalidParameterException', message: /clientToken/ }],
    [
      '51 tags',
      { tags: Array.from({ length: 51 }, (_, n) => ({ key: `k${n}`, value: '' })) },
      { type: 'InvalidParameterException', message: /tags/ },
    ],
    ['propagateTags SERVICE', { propagateTags: 'SERVICE' }, { type: 'InvalidParameterException', message: /SERVICE/ }],
    [
      'launch type and strategy together',
      { launchType: 'EC2', capacityProviderStrategy: [{ capacityProvider: 'spot', weight: 1 }] },
      { type: 'InvalidParameterException', message: /^Specifying both a launch type and capacity provider strategy/ },
    ],
    [
      'a strategy of weight 0, which is the default',
      { capacityProviderStrategy: [{ capacityProvider: 'spot' }] },
      { type: 'InvalidParameterException', message: /weight/ },
    ],
    [
      'a capacity provider that the cluster does not have',
      { capacityProviderStrategy: [{ capacityProvider: 'other', weight: 1 }] },
      { type: 'InvalidParameterException', message: /not associated with the cluster/ },
    ],
    ['an unknown cluster', { cluster: 'other' }, { type: 'ClusterNotFoundException', message: 'Cluster not found.' }],
    ['an unknown family', { taskDefinition: 'x' }, { type: 'ClientException', message: 'TaskDefinition not found.' }],
    [
      'an inactive revision',
      { taskDefinition: 'old:1' },
      { type: 'ClientException', message: 'TaskDefinition is inactive' },
    ],
    [
      'an override for a container that is not there',
      { overrides: { containerOverrides: [{ name: 'sidecar' }] } },
      { type: 'InvalidParameterException', message: /^Override for container named sidecar/ },
    ],
    [
      'launch type EC2 without any instance',
      { launchType: 'EC2' },
      { type: 'InvalidParameterException', message: 'No Container Instances were found in your cluster.' },
    ],
  ])('%s', (_sentence, input, { type, message }) => {
    const world = aWorld();
    world.ecs.call('RegisterTaskDefinition', aTaskDefinition({ family: 'old' }));
    world.ecs.call('DeregisterTaskDefinition', { taskDefinition: 'old:1' });
    const error = refusal(() => world.run(input));
    expect(error.type).toBe(type);
    expect(error.message).toMatch(message);
    expect(world.ecs.books().tasks).toEqual([]);
  });
});

test('at the limits it is accepted: 8192 characters, 128, 64, 10 tasks', () => {
  const world = aWorld();
  const input = { overrides: overridesOf(8192), startedBy: 'a'.repeat(128), clientToken: '~'.repeat(64), count: 10 };
  expect(world.run(input).tasks).toHaveLength(10);
});

test('launch type EC2 fails at once when nothing fits, and adds no instance', async () => {
  const world = aWorld(ready);
  const { tasks, failures } = world.run({ launchType: 'EC2', count: 5 });
  expect(tasks).toHaveLength(4);
  expect(failures).toEqual([{ arn: world.ecs.instances()[0]?.['containerInstanceArn'], reason: 'RESOURCE:MEMORY' }]);
  await world.pass(10 * MINUTE);
  expect(world.ecs.instances()).toHaveLength(1);
});

test('a task that lacks CPU only fails with RESOURCE:CPU', () => {
  const world = aWorld(ready);
  world.ecs.call('RegisterTaskDefinition', aTaskDefinition({ family: 'thirsty', cpu: 5000 }));
  expect(world.run({ launchType: 'EC2', taskDefinition: 'thirsty' }).failures).toMatchObject([
    { reason: 'RESOURCE:CPU' },
  ]);
});

test('without managed scaling a capacity provider fails like launch type EC2', () => {
  const world = aWorld({ provider: { managedScaling: false, minInstances: 1 } });
  expect(world.run({ count: 5 }).failures).toMatchObject([{ reason: 'RESOURCE:MEMORY' }]);
});

test('neither strategy nor launch type: the default strategy of the cluster', () => {
  const world = aWorld({
    clusters: [
      {
        name: CLUSTER,
        capacityProviders: [{ name: 'spot', instanceCpu: 4096, instanceMemory: 8192, maxInstances: 1 }],
        defaultCapacityProviderStrategy: [{ capacityProvider: 'spot', weight: 1 }],
      },
    ],
  });
  const { tasks } = world.ecs.call('RunTask', { cluster: CLUSTER, taskDefinition: 'default' }) as { tasks: Wire[] };
  expect(tasks).toMatchObject([{ lastStatus: 'PROVISIONING', capacityProviderName: 'spot' }]);
});

test('a family means its newest active revision; ARNs of cluster and definition will do', () => {
  const world = aWorld();
  const second = world.ecs.call('RegisterTaskDefinition', aTaskDefinition())['taskDefinition'] as Wire;
  expect(second['taskDefinitionArn']).toBe('arn:aws:ecs:us-east-1:123456789012:task-definition/default:2');
  expect(world.run().tasks[0]?.['taskDefinitionArn']).toBe(second['taskDefinitionArn']);
  const cluster = `arn:aws:ecs:us-east-1:123456789012:cluster/${CLUSTER}`;
  const taskDefinition = String(second['taskDefinitionArn']).replace(/2$/, '1');
  expect(world.run({ cluster, taskDefinition }).tasks[0]?.['taskDefinitionArn']).toBe(taskDefinition);
  world.ecs.call('DeregisterTaskDefinition', { taskDefinition: 'default:2' });
  expect(world.run().tasks[0]?.['taskDefinitionArn']).toBe(taskDefinition);
});

describe('a client token', () => {
  test('gives the same task for the same parameters, whatever the order of their fields', () => {
    const world = aWorld();
    const input = aRunTask({ clientToken: 't', startedBy: 's' });
    const first = world.ecs.call('RunTask', input) as { tasks: Wire[] };
    const again = world.ecs.call('RunTask', Object.fromEntries(Object.entries(input).reverse()));
    expect(again).toEqual(first);
    expect(world.ecs.books().tasks).toHaveLength(1);
  });

  test('with other parameters is a conflict that names the tasks', () => {
    const world = aWorld();
    const { tasks } = world.run({ clientToken: 't', count: 2 });
    const error = refusal(() => world.run({ clientToken: 't', count: 2, startedBy: 'somebody' }));
    expect(error).toMatchObject({ type: 'ConflictException', resourceIds: tasks.map((task) => task['taskArn']) });
    expect(world.ecs.books().tasks).toHaveLength(2);
  });

  test('is of its cluster', () => {
    const provider = { name: 'spot', instanceCpu: 4096, instanceMemory: 8192, maxInstances: 1 };
    const clusters = [CLUSTER, 'second'].map((name) => ({ name, capacityProviders: [provider] }));
    const world = aWorld({ clusters });
    const first = world.run({ clientToken: 't' }).tasks[0]?.['taskArn'];
    const second = world.run({ clientToken: 't', cluster: 'second' }).tasks[0]?.['taskArn'];
    expect(second).not.toBe(first);
  });

  test('replays failures, even when there is room now', async () => {
    const world = aWorld({ ...ready, container: runsFor(SECOND) });
    world.run({ count: 4 });
    const full = world.run({ launchType: 'EC2', clientToken: 't' });
    await world.pass(MINUTE);
    expect(world.run({ launchType: 'EC2', clientToken: 't' })).toEqual(full);
    expect(world.run({ launchType: 'EC2', clientToken: 'new' }).tasks).toHaveLength(1);
  });

  test('says only how many failures there were after an hour, and nothing after a day', async () => {
    const world = aWorld({ ...ready, container: deaf });
    world.run({ count: 4 });
    world.run({ launchType: 'EC2', clientToken: 't' });
    await world.pass(HOUR);
    expect(world.run({ launchType: 'EC2', clientToken: 't' })).toEqual({ tasks: [], failures: [{}] });
    await world.pass(23 * HOUR);
    expect(world.run({ launchType: 'EC2', clientToken: 't' }).failures).toMatchObject([{ reason: 'RESOURCE:MEMORY' }]);
  });

  test('replays a stopped task with three fields, and starts a new one an hour after its end', async () => {
    const world = aWorld({ ...ready, container: runsFor(MINUTE) });
    const { taskArn } = world.run({ clientToken: 't' }).tasks[0] ?? {};
    await world.pass(2 * MINUTE);
    expect(world.run({ clientToken: 't' }).tasks).toEqual([
      { taskArn, lastStatus: 'STOPPED', desiredStatus: 'STOPPED' },
    ]);
    await world.pass(HOUR);
    expect(world.run({ clientToken: 't' }).tasks[0]?.['taskArn']).not.toBe(taskArn);
  });

  test('of a task that runs on is free again after a day', async () => {
    const world = aWorld({ ...ready, container: deaf });
    const { taskArn } = world.run({ clientToken: 't' }).tasks[0] ?? {};
    await world.pass(24 * HOUR - SECOND);
    expect(world.run({ clientToken: 't' }).tasks[0]).toMatchObject({ taskArn, lastStatus: 'RUNNING' });
    await world.pass(SECOND);
    expect(world.run({ clientToken: 't' }).tasks[0]?.['taskArn']).not.toBe(taskArn);
  });

  test('is not used up by an exception', () => {
    const world = aWorld({ provisioningTasksMax: 0 });
    expect(refusal(() => world.run({ clientToken: 't' })).type).toBe('ClientException');
    expect(refusal(() => world.run({ clientToken: 't', count: 2 })).type).toBe('ClientException');
  });

  test('makes a call that was done and answered 500 safe to repeat', () => {
    const world = aWorld();
    world.ecs.setFaults({ failAfter: 1 });
    expect(refusal(() => world.run({ clientToken: 't' })).type).toBe('ServerException');
    world.ecs.setFaults({ failAfter: 0 });
    expect(world.run({ clientToken: 't' }).tasks).toHaveLength(1);
    expect(world.ecs.books().tasks).toHaveLength(1);
  });
});
