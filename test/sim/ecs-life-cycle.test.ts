import { expect, test } from '@jest/globals';
import {
  aWorld,
  CLUSTER,
  deaf,
  HOUR,
  MINUTE,
  refusal,
  runsFor,
  SECOND,
  START,
  type Wire,
} from '../support/ecs-simulated.ts';

const ready = { provider: { minInstances: 1 } };

function statuses(events: readonly { detail: Wire }[]): string[] {
  return events.map(({ detail }) => detail['lastStatus']);
}

test('a task with room on an instance runs its container, and every change is an event with a version', async () => {
  const world = aWorld({ ...ready, container: runsFor(60 * SECOND) });
  const { tasks } = world.run({ startedBy: 'gha-default-0-1-1' });
  await world.pass(2 * MINUTE);
  expect(statuses(world.events)).toEqual([
    'PENDING',
    'ACTIVATING',
    'RUNNING',
    'DEACTIVATING',
    'STOPPING',
    'DEPROVISIONING',
    'STOPPED',
  ]);
  expect(world.events.map(({ detail }) => detail['version'])).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(world.events.at(-1)).toMatchObject({
    version: '0',
    'detail-type': 'ECS Task State Change',
    source: 'aws.ecs',
    account: '123456789012',
    region: 'us-east-1',
    resources: [tasks[0]?.['taskArn']],
    detail: {
      startedBy: 'gha-default-0-1-1',
      group: 'family:default',
      capacityProviderName: 'spot',
      desiredStatus: 'STOPPED',
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      createdAt: '2026-11-02T08:00:00.000Z',
      startedAt: '2026-11-02T08:00:10.600Z',
      containers: [{ name: 'runner', lastStatus: 'STOPPED', exitCode: 0 }],
    },
  });
});

test('without an instance it waits in PROVISIONING; two boot, and it runs', async () => {
  const world = aWorld();
  const { tasks } = world.run();
  expect(tasks[0]).toMatchObject({ lastStatus: 'PROVISIONING', desiredStatus: 'RUNNING', createdAt: START / 1000 });
  await world.pass(99 * SECOND);
  expect(world.starts).toHaveLength(0);
  await world.pass(12 * SECOND);
  expect(world.starts).toHaveLength(1);
  expect(world.ecs.instances()).toHaveLength(2);
});

test('the container gets the environment with the overrides merged in, the role and the starter', async () => {
  const world = aWorld(ready);
  world.run({
    startedBy: 'me',
    overrides: {
      taskRoleArn: 'arn:aws:iam::123456789012:role/deploy',
      containerOverrides: [{ name: 'runner', environment: [{ name: 'TICKET', value: 'abc' }] }],
    },
  });
  await world.pass(20 * SECOND);
  expect(world.starts[0]).toMatchObject({
    startedBy: 'me',
    image: 'runner:1',
    taskRoleArn: 'arn:aws:iam::123456789012:role/deploy',
    environment: { POOL: 'default', TICKET: 'abc' },
  });
});

test('an image is pulled once per instance', async () => {
  const world = aWorld({ ...ready, container: runsFor(SECOND) });
  world.run();
  await world.pass(30 * SECOND);
  world.run();
  await world.pass(2 * SECOND);
  expect(world.starts).toHaveLength(2);
});

test('StopTask sends SIGTERM; a container that listens ends with its own exit code', async () => {
  const world = aWorld(ready);
  const arn = world.run({ tags: [{ key: 'job', value: '1' }] }).tasks[0]?.['taskArn'];
  await world.pass(20 * SECOND);
  const { task } = world.ecs.call('StopTask', { cluster: CLUSTER, task: arn, reason: 'surplus' }) as { task: Wire };
  expect(task).toMatchObject({ desiredStatus: 'STOPPED', lastStatus: 'DEACTIVATING', stoppedReason: 'surplus' });
  await world.pass(SECOND);
  expect(world.describe(arn)).toMatchObject({
    lastStatus: 'STOPPED',
    stopCode: 'UserInitiated',
    containers: [{ exitCode: 143 }],
  });
});

test('a container that ignores SIGTERM is killed after 30 s with 137, whatever its promise does later', async () => {
  const world = aWorld({ ...ready, container: runsFor(65 * SECOND, 0, { deaf: true }) });
  const arn = world.run().tasks[0]?.['taskArn'];
  await world.pass(20 * SECOND);
  world.ecs.call('StopTask', { cluster: CLUSTER, task: arn });
  await world.pass(30 * SECOND);
  expect(world.describe(arn)).toMatchObject({ lastStatus: 'STOPPING' });
  expect(world.starts[0]?.signal.aborted).toBe(true);
  expect(world.starts[0]?.killed.aborted).toBe(false);
  await world.pass(SECOND);
  expect(world.describe(arn)).toMatchObject({ lastStatus: 'STOPPED', containers: [{ exitCode: 137 }] });
  expect(world.starts[0]?.killed.aborted).toBe(true);
  await world.pass(MINUTE);
  expect(world.describe(arn)).toMatchObject({ lastStatus: 'STOPPED', containers: [{ exitCode: 137 }] });
  expect(statuses(world.events).filter((status) => status === 'STOPPED')).toHaveLength(1);
});

test('stopTimeout of the container definition counts before the 30 s', async () => {
  const world = aWorld({ ...ready, container: deaf });
  const container = { name: 'runner', image: 'runner:1', memory: 512, stopTimeout: 120 };
  world.ecs.call('RegisterTaskDefinition', { family: 'patient', containerDefinitions: [container] });
  const arn = world.run({ taskDefinition: 'patient' }).tasks[0]?.['taskArn'];
  await world.pass(20 * SECOND);
  world.ecs.call('StopTask', { cluster: CLUSTER, task: arn });
  await world.pass(119 * SECOND);
  expect(world.describe(arn)['lastStatus']).toBe('STOPPING');
  await world.pass(3 * SECOND);
  expect(world.describe(arn)['lastStatus']).toBe('STOPPED');
});

test.each([
  ['waits for an instance', {}, 10 * SECOND],
  ['pulls its image', ready, 5 * SECOND],
  ['starts its container', ready, 10.3 * SECOND],
])('a task that is stopped while it %s never runs', async (_when, options, after) => {
  const world = aWorld(options);
  const arn = world.run().tasks[0]?.['taskArn'];
  await world.pass(after);
  world.ecs.call('StopTask', { cluster: CLUSTER, task: arn, reason: 'cancelled' });
  await world.pass(5 * MINUTE);
  expect(world.starts).toHaveLength(0);
  expect(world.describe(arn)).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'UserInitiated' });
  expect(world.describe(arn)['containers'][0]).not.toHaveProperty('exitCode');
  expect(world.ecs.books().tasks[0]).toMatchObject({ ran: false });
});

test('StopTask deletes the tags, and answers for a stopped task as long as it is known', async () => {
  const world = aWorld({ ...ready, container: runsFor(SECOND) });
  const arn = world.run({ tags: [{ key: 'job', value: '1' }] }).tasks[0]?.['taskArn'];
  const tags = () =>
    (world.ecs.call('DescribeTasks', { cluster: CLUSTER, tasks: [arn], include: ['TAGS'] })['tasks'] as Wire[])[0]?.[
      'tags'
    ];
  await world.pass(MINUTE);
  expect(tags()).toEqual([{ key: 'job', value: '1' }]);
  const { task } = world.ecs.call('StopTask', { cluster: CLUSTER, task: arn, reason: 'late' }) as { task: Wire };
  expect(task).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'EssentialContainerExited' });
  expect(tags()).toEqual([]);
  await world.pass(HOUR);
  expect(refusal(() => world.ecs.call('StopTask', { cluster: CLUSTER, task: arn }))).toMatchObject({
    type: 'InvalidParameterException',
    message: 'The referenced task was not found.',
  });
});

test('StopTask twice sends one SIGTERM and keeps the first reason', async () => {
  const world = aWorld({ ...ready, container: deaf });
  const arn = world.run().tasks[0]?.['taskArn'];
  await world.pass(20 * SECOND);
  world.ecs.call('StopTask', { cluster: CLUSTER, task: arn, reason: 'first' });
  await world.pass(20 * SECOND);
  world.ecs.call('StopTask', { cluster: CLUSTER, task: arn, reason: 'second' });
  await world.pass(11 * SECOND);
  expect(world.describe(arn)).toMatchObject({ lastStatus: 'STOPPED', stoppedReason: 'first' });
});

test.each([
  ['its name says so', { image: 'registry.example/does-not-exist:1' }, {}],
  ['the fault says so', {}, { cannotPullImage: 1 }],
])('an image that cannot be pulled stops the task: %s', async (_why, options, faults) => {
  const world = aWorld({ ...ready, ...options });
  world.ecs.setFaults(faults);
  const arn = world.run().tasks[0]?.['taskArn'];
  await world.pass(MINUTE);
  const task = world.describe(arn);
  expect(task).toMatchObject({ lastStatus: 'STOPPED', desiredStatus: 'STOPPED', stopCode: 'TaskFailedToStart' });
  expect(task['stoppedReason']).toMatch(/^CannotPullContainerError/);
  expect(task['containers'][0]['reason']).toMatch(/^CannotPullContainerError/);
  expect(world.starts).toHaveLength(0);
});

test('a container that crashes in the simulation ends with exit code 1 and says why', async () => {
  const world = aWorld({ ...ready, container: () => Promise.reject(new Error('broken')) });
  const arn = world.run().tasks[0]?.['taskArn'];
  await world.pass(MINUTE);
  expect(world.describe(arn)['containers']).toMatchObject([{ exitCode: 1, reason: 'crashed: broken' }]);
});

test('an instance that dies takes its containers without SIGTERM; ECS notices later', async () => {
  const world = aWorld({ ...ready, container: deaf });
  const arn = world.run().tasks[0]?.['taskArn'];
  await world.pass(20 * SECOND);
  expect(world.ecs.killInstance(String(world.ecs.instances()[0]?.['containerInstanceArn']))).toBe(true);
  await world.pass(29 * SECOND);
  expect(world.starts[0]?.signal.aborted).toBe(false);
  expect(world.starts[0]?.killed.aborted).toBe(true);
  expect(world.describe(arn)['lastStatus']).toBe('RUNNING');
  await world.pass(2 * SECOND);
  expect(world.describe(arn)).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'TerminationNotice' });
  expect(world.describe(arn)['containers'][0]).not.toHaveProperty('exitCode');
  expect(world.ecs.killInstance('i-00000000000000000')).toBe(false);
});

test('a task that is stopped on a dead instance ends when ECS notices, with the reason of the stop', async () => {
  const world = aWorld({ ...ready, container: deaf });
  const arn = world.run().tasks[0]?.['taskArn'];
  await world.pass(20 * SECOND);
  world.ecs.killInstance(String(world.ecs.instances()[0]?.['ec2InstanceId']));
  world.ecs.call('StopTask', { cluster: CLUSTER, task: arn, reason: 'silent' });
  await world.pass(29 * SECOND);
  expect(world.describe(arn)['lastStatus']).toBe('DEACTIVATING');
  await world.pass(2 * SECOND);
  expect(world.describe(arn)).toMatchObject({
    lastStatus: 'STOPPED',
    stopCode: 'UserInitiated',
    stoppedReason: 'silent',
  });
});
