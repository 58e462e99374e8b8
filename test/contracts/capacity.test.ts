import { afterEach, describe, expect, test } from '@jest/globals';
import type { Outcome } from '../../lib/world.ts';
import { CLUSTER, MINUTE, SECOND } from '../support/ecs-simulated.ts';
import {
  aCapacityWorld,
  type CapacityWorld,
  type ConnectedCapacity,
  inProcess,
  overTheWire,
} from '../support/guarded-capacity.ts';

const PORTS: [string, (world: CapacityWorld) => Promise<ConnectedCapacity>][] = [
  ['the capacity in AWS', overTheWire],
  ['the simulated capacity', inProcess],
];
const DONE = { kind: 'ok', value: undefined };

describe.each(PORTS)('%s', (_name, connect) => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  async function aCapacity(options: Parameters<typeof aCapacityWorld>[0] = {}) {
    const world = aCapacityWorld(options);
    const { capacity, close } = await connect(world);
    closers.push(close);
    return { ...world, capacity };
  }

  test('a task lives from the call that starts it until it has stopped, also while it is told to stop', async () => {
    const { capacity, ecs, launch, pass } = await aCapacity();
    const waiting = launch('default', 'small', { taskDefinition: 'default', overrides: { memory: '8193' } });
    const running = launch('default', 'large', { group: 'service:web', startedBy: 'ecs-svc/1' });
    await pass(MINUTE);
    const [small, large] = value(await capacity.containerInstances(CLUSTER));
    expect([small?.tasks, large?.tasks]).toEqual([0, 1]);
    const tasks = [
      { taskArn: waiting, startedBy: 'gha-default-0-1-1', group: 'family:default', capacityProvider: 'small' },
      {
        taskArn: running,
        startedBy: 'ecs-svc/1',
        group: 'service:web',
        capacityProvider: 'large',
        containerInstance: large?.arn,
      },
    ];
    expect(value(await capacity.livingTasks(CLUSTER))).toEqual(tasks);
    ecs.call('StopTask', { cluster: CLUSTER, task: running });
    expect(value(await capacity.livingTasks(CLUSTER)).map(({ taskArn }) => taskArn)).toEqual([waiting, running]);
    await pass(10 * SECOND);
    expect(value(await capacity.livingTasks(CLUSTER)).map(({ taskArn }) => taskArn)).toEqual([waiting]);
  });

  test('lists have all of their pages', async () => {
    const { capacity, launch, pass } = await aCapacity({ instances: 60 });
    for (let count = 0; count < 230; count += 1) {
      launch('default', 'small');
      await pass(200);
    }
    expect(value(await capacity.livingTasks(CLUSTER))).toHaveLength(230);
    expect(value(await capacity.containerInstances(CLUSTER))).toHaveLength(120);
  });

  test('nothing is placed on what is drained, tasks on it go on, and what is active again takes those that wait', async () => {
    const { capacity, describe: task, launch, pass } = await aCapacity({ instances: 12 });
    const before = launch('default', 'small');
    await pass(MINUTE);
    const arns = value(await capacity.containerInstances(CLUSTER)).map(({ arn }) => arn);
    expect(await capacity.drain(CLUSTER, arns)).toEqual(DONE);
    expect(await capacity.drain(CLUSTER, arns)).toEqual(DONE);
    const after = launch('default', 'small');
    await pass(30 * SECOND);
    expect([task(before)['lastStatus'], task(after)['lastStatus']]).toEqual(['RUNNING', 'PROVISIONING']);
    expect(new Set(statuses(await capacity.containerInstances(CLUSTER)))).toEqual(new Set(['DRAINING']));
    expect(await capacity.activate(CLUSTER, arns)).toEqual(DONE);
    await pass(30 * SECOND);
    expect(task(after)['lastStatus']).toBe('RUNNING');
    expect(new Set(statuses(await capacity.containerInstances(CLUSTER)))).toEqual(new Set(['ACTIVE']));
  });

  test('instances that are gone by now are passed over', async () => {
    const { capacity, ecs, pass } = await aCapacity();
    const arns = value(await capacity.containerInstances(CLUSTER)).map(({ arn }) => arn);
    ecs.killInstance(String(arns[0]));
    await pass(40 * SECOND);
    expect(await capacity.drain(CLUSTER, arns)).toEqual(DONE);
    expect(statuses(await capacity.containerInstances(CLUSTER))).toEqual(['DRAINING']);
  });

  test('a group says which of its instances it protects, and whether it protects those to come', async () => {
    const { capacity } = await aCapacity({ instances: 120 });
    const group = value(await capacity.group('group-small'));
    const ids = group.instances.map(({ id }) => id);
    expect(group).toEqual({
      name: 'group-small',
      protectsNewInstances: true,
      instances: ids.map((id) => ({ id, isProtected: true })),
    });
    expect(ids).toHaveLength(120);
    expect(await capacity.leaveNewInstances('group-small')).toEqual(DONE);
    expect(await capacity.leaveInstances('group-small', ids.slice(1))).toEqual(DONE);
    expect(value(await capacity.group('group-small'))).toEqual({
      name: 'group-small',
      protectsNewInstances: false,
      instances: ids.map((id, index) => ({ id, isProtected: index === 0 })),
    });
    expect(await capacity.protectNewInstances('group-small')).toEqual(DONE);
    expect(await capacity.protectInstances('group-small', ids)).toEqual(DONE);
    expect(value(await capacity.group('group-small'))).toEqual(group);
    expect(value(await capacity.group('group-large')).instances.every(({ isProtected }) => isProtected)).toBe(true);
  });

  test('what is not there is gone', async () => {
    const { capacity } = await aCapacity();
    const [foreign] = value(await capacity.group('group-large')).instances;
    const outcomes = await Promise.all([
      capacity.livingTasks('other'),
      capacity.containerInstances('other'),
      capacity.drain('other', ['0'.repeat(32)]),
      capacity.group('other'),
      capacity.leaveNewInstances('other'),
      capacity.leaveInstances('other', [String(foreign?.id)]),
      capacity.leaveInstances('group-small', [String(foreign?.id)]),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(Array(7).fill('gone'));
  });

  test.each([
    ['ThrottlingException', 'retry'],
    ['AccessDenied', 'refused'],
    ['ServiceUnavailable', 'unknown'],
  ])('a write that Auto Scaling answers with %s is %s', async (code, kind) => {
    const { autoScaling, capacity } = await aCapacity();
    autoScaling.failNext('UpdateAutoScalingGroup', code);
    expect(await capacity.leaveNewInstances('group-small')).toMatchObject({ kind });
    expect(value(await capacity.group('group-small')).protectsNewInstances).toBe(true);
  });

  test('ECS that does not answer as it should is said', async () => {
    const { capacity, ecs } = await aCapacity();
    ecs.setFaults({ accessDenied: 1 });
    expect(await capacity.livingTasks(CLUSTER)).toMatchObject({ kind: 'refused' });
    expect(await capacity.drain(CLUSTER, ['0'.repeat(32)])).toMatchObject({ kind: 'refused' });
  });
});

test('after its time the capacity in AWS does nothing more, and says so', async () => {
  const world = aCapacityWorld();
  const time = new AbortController();
  const { capacity, close } = await overTheWire(world, time.signal);
  time.abort();
  const outcomes = [
    await capacity.livingTasks(CLUSTER),
    await capacity.group('group-small'),
    await capacity.leaveNewInstances('group-small'),
  ];
  for (const outcome of outcomes) {
    expect(outcome).toEqual({ kind: 'retry', reason: expect.stringMatching(/the time of the function is over$/) });
  }
  await close();
});

function value<Value>(outcome: Outcome<Value>): Value {
  if (outcome.kind !== 'ok') throw new Error(`${outcome.kind}: ${outcome.reason}`);
  return outcome.value;
}

function statuses(outcome: Outcome<{ status: string }[]>): string[] {
  return value(outcome).map(({ status }) => status);
}
