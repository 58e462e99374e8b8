/** Whatever is taken out of a stack, and the stack itself: no runner is killed, and nothing hangs. */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Capacity } from '../../lib/world.ts';
import { CLUSTER, MINUTE, SECOND } from '../support/ecs-simulated.ts';
import {
  aCapacityWorld,
  type CapacityWorld,
  type ConnectedCapacity,
  inProcess,
  LARGE,
  overTheWire,
  SMALL,
} from '../support/guarded-capacity.ts';
import { aGuard, aRequest, aStack, propertiesOf } from '../support/guarded-stack.ts';

const PORTS: [string, (world: CapacityWorld) => Promise<ConnectedCapacity>][] = [
  ['over the wire', overTheWire],
  ['in process', inProcess],
];

test('without the guard, CloudFormation waits for protected instances until it gives up', async () => {
  const world = aCapacityWorld();
  const { capacity } = await inProcess(world);
  expect(await aStack(world, capacity).removeUnguarded()).toMatchObject({ status: 'STUCK' });
});

describe.each(PORTS)('%s', (_name, connect) => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  async function aDeployed(options: Parameters<typeof aCapacityWorld>[0] = {}) {
    const world = aCapacityWorld(options);
    const { capacity, close } = await connect(world);
    closers.push(close);
    const stack = aStack(world, capacity);
    expect(await stack.create()).toMatchObject({ status: 'CREATE_COMPLETE' });
    return { ...world, capacity, stack };
  }

  test('an idle stack is removed with everything in it', async () => {
    const { autoScaling, ecs, pass, stack } = await aDeployed({ instances: 12 });
    expect(await stack.remove()).toMatchObject({ status: 'DELETE_COMPLETE' });
    await pass(MINUTE);
    expect([autoScaling.groups(), ecs.instances().filter(({ agentConnected }) => agentConnected)]).toEqual([[], []]);
  });

  test('a stack with runners stays as it is until they have ended, and then goes', async () => {
    const { autoScaling, books, capacity, launch, pass, stack } = await counted(aDeployed);
    launch('default', 'small');
    launch('default', 'small');
    launch('large', 'large');
    await pass(MINUTE);
    const before = await state(capacity);
    const refused = await stack.remove();
    expect(refused.status).toBe('DELETE_FAILED');
    expect(refused.reason).toBe(
      '3 runners live (2 of pool default, 1 of pool large). Nothing was stopped. Deploy in mode observe, so that no new ' +
        'ones start; wait until their jobs have ended, or stop them; then remove the stack again. Jobs that wait stay queued at GitHub',
    );
    expect(await state(capacity)).toEqual(before);
    await pass(15 * MINUTE);
    expect(await stack.remove()).toMatchObject({ status: 'DELETE_COMPLETE' });
    expect([autoScaling.groups(), books()]).toEqual([[], [0, 0, 0]]);
  });

  test('a runner that waits for an instance holds the stack, and so does one that was told to stop', async () => {
    const { ecs, launch, pass, stack } = await aDeployed();
    const waiting = launch('default', 'small', { overrides: { memory: '8193' } });
    expect(await stack.remove()).toMatchObject({
      status: 'DELETE_FAILED',
      reason: expect.stringMatching(/^1 runner lives/),
    });
    ecs.call('StopTask', { cluster: CLUSTER, task: waiting });
    expect(await stack.remove()).toMatchObject({ status: 'DELETE_FAILED' });
    await pass(MINUTE);
    expect(await stack.remove()).toMatchObject({ status: 'DELETE_COMPLETE' });
  });

  test('a group without runners goes, whatever works on the others', async () => {
    const { autoScaling, books, launch, pass, stack } = await counted(aDeployed);
    launch('default', 'small');
    await pass(MINUTE);
    expect(await stack.update([SMALL])).toEqual({ status: 'UPDATE_COMPLETE', reason: '' });
    expect(autoScaling.groups()).toEqual(['group-small']);
    await pass(15 * MINUTE);
    expect(books()).toEqual([0]);
  });

  test('a group with runners stays: the update is rolled back, and all is as before', async () => {
    const { autoScaling, books, capacity, launch, pass, stack } = await counted(aDeployed);
    launch('large', 'large');
    await pass(MINUTE);
    const before = await state(capacity);
    const refused = await stack.update([SMALL]);
    expect(refused.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(refused.reason).toMatch(/^1 runner lives \(1 of pool large\) on large, which this update would take away/);
    expect(await state(capacity)).toEqual(before);
    launch('large', 'large');
    await pass(15 * MINUTE);
    expect(books()).toEqual([0, 0]);
    expect(await stack.update([SMALL])).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect(autoScaling.groups()).toEqual(['group-small']);
  });

  test('an update that fails after the guard has let a group go brings the group back', async () => {
    const { capacity, describe: task, launch, pass, stack } = await aDeployed();
    const before = await state(capacity);
    expect(await stack.update([SMALL], true)).toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE' });
    expect(await state(capacity)).toEqual(before);
    const taskArn = launch('large', 'large');
    await pass(MINUTE);
    expect(task(taskArn)['lastStatus']).toBe('RUNNING');
  });

  test('an update that replaces a group, taken back, lets the new one go and brings the old one back', async () => {
    const { capacity } = await aDeployed();
    const { ask } = aGuard(() => capacity);
    const [withSmall, withLarge] = [propertiesOf([SMALL]), propertiesOf([LARGE])];
    const update = { RequestType: 'Update', PhysicalResourceId: 'x' };
    await ask(aRequest({ ...update, OldResourceProperties: withSmall, ResourceProperties: withLarge }));
    const before = await state(capacity);
    await ask(aRequest({ ...update, OldResourceProperties: withLarge, ResourceProperties: withSmall }));
    const after = await state(capacity);
    const protects = ({ groups }: typeof after) =>
      groups.map((group) => group.kind === 'ok' && group.value.protectsNewInstances);
    expect([protects(before), protects(after)]).toEqual([
      [false, true],
      [true, false],
    ]);
    expect(after.containerInstances.map(({ status }) => status)).toEqual(['ACTIVE', 'DRAINING']);
  });

  test('nothing is placed any more on what may go', async () => {
    const { capacity, describe: task, launch, pass } = await aDeployed();
    const removal = aRequest({ RequestType: 'Delete', PhysicalResourceId: 'x' });
    expect(await aGuard(() => capacity).ask(removal)).toMatchObject({ Status: 'SUCCESS' });
    const late = launch('default', 'small');
    await pass(30 * SECOND);
    expect(task(late)['lastStatus']).toBe('PROVISIONING');
  });

  test('somebody else’s task on an instance holds its group; a service of ECS does not', async () => {
    const { launch, pass, stack } = await aDeployed({ minutes: 60 });
    launch('', 'large', { startedBy: 'backup', group: 'family:backup' });
    launch('', 'small', { startedBy: 'ecs-svc/1', group: 'service:web' });
    await pass(MINUTE);
    const refused = await stack.update([SMALL]);
    expect(refused.reason).toMatch(/^1 other task lives \(1 family:backup\) on large/);
    expect(await stack.update([LARGE])).toMatchObject({ status: 'UPDATE_COMPLETE' });
  });

  test('in a cluster that is not ours our runners hold the stack, and nobody else’s do', async () => {
    const { capacity, launch, pass } = await aDeployed();
    launch('', 'small', { startedBy: 'other-default-0-1-1' });
    launch('', 'small', { startedBy: 'gha2-default-0-1-1' });
    await pass(MINUTE);
    const { ask } = aGuard(() => capacity);
    const remove = aRequest({ RequestType: 'Delete', PhysicalResourceId: 'x', ResourceProperties: propertiesOf([]) });
    expect(await ask(remove)).toMatchObject({ Status: 'SUCCESS' });
    launch('default', 'small');
    expect(await ask(remove)).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringMatching(/^1 runner lives \(1 of/),
    });
  });

  test('a task that ECS does not list yet holds its group', async () => {
    const { ecs, launch, pass, stack } = await aDeployed();
    ecs.setFaults({ listLagSeconds: 120 });
    launch('large', 'large');
    await pass(30 * SECOND);
    expect(await stack.update([SMALL])).toMatchObject({
      status: 'UPDATE_ROLLBACK_COMPLETE',
      reason: expect.stringMatching(/^1 task lives \(counted by ECS, not listed yet\) on large/),
    });
  });

  test('an instance that somebody else drains is left so by a refusal', async () => {
    const { capacity, launch, pass, stack } = await aDeployed({ instances: 2 });
    launch('large', 'large');
    await pass(MINUTE);
    const { containerInstances } = await state(capacity);
    const [free] = containerInstances.filter(
      ({ arn, tasks }) => tasks === 0 && containerInstances.slice(2).some((one) => one.arn === arn),
    );
    await capacity.drain(CLUSTER, [String(free?.arn)]);
    const before = await state(capacity);
    expect(await stack.update([SMALL])).toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE' });
    expect(await state(capacity)).toEqual(before);
  });

  test('what is gone already, cluster and groups, is no hindrance', async () => {
    const { capacity } = await aDeployed();
    const { ask } = aGuard(() => capacity);
    const properties = propertiesOf([{ autoScalingGroup: 'none', capacityProvider: 'none' }], { Cluster: 'none' });
    const remove = aRequest({ RequestType: 'Delete', PhysicalResourceId: 'x', ResourceProperties: properties });
    expect(await ask(remove)).toMatchObject({ Status: 'SUCCESS' });
  });

  test.each([
    ['removal', aRequest({ RequestType: 'Delete', PhysicalResourceId: 'x' })],
    [
      'update',
      aRequest({
        RequestType: 'Update',
        PhysicalResourceId: 'x',
        ResourceProperties: propertiesOf([SMALL]),
        OldResourceProperties: propertiesOf([SMALL, LARGE]),
      }),
    ],
  ])('the same %s asked twice does no more than once', async (_name, request) => {
    const { capacity } = await aDeployed();
    const { ask } = aGuard(() => capacity);
    const first = await ask(request);
    const after = await state(capacity);
    expect([await ask(request), await state(capacity)]).toEqual([first, after]);
    expect(first.Status).toBe('SUCCESS');
  });
});

describe('cut short anywhere', () => {
  test.each(Array.from({ length: 20 }, (_, index) => [index]))(
    'a removal that dies after %i calls is put back by the next attempt, if a runner has come meanwhile',
    async (calls) => {
      const world = aCapacityWorld({ instances: 2 });
      const { capacity } = await inProcess(world);
      const before = await state(capacity);
      const request = aRequest({ RequestType: 'Delete', PhysicalResourceId: 'x' });
      const died = aGuard(() => diesAfter(capacity, calls)).ask(request);
      await Promise.race([died, new Promise((resolve) => setImmediate(resolve))]);
      world.launch('default', 'small', { overrides: { memory: '8193' } });
      expect(await aGuard(() => capacity).ask(request)).toMatchObject({ Status: 'FAILED' });
      expect(await state(capacity)).toEqual(before);
    },
  );

  test.each(['leaveNewInstances', 'drain', 'livingTasks', 'group', 'leaveInstances', 'containerInstances'] as const)(
    'where %s fails, the removal is refused, says so, and has put everything back',
    async (call) => {
      const world = aCapacityWorld({ instances: 2 });
      const { capacity } = await inProcess(world);
      const before = await state(capacity);
      const broken: Capacity = { ...capacity, [call]: async () => ({ kind: 'refused', reason: `${call} may not` }) };
      let ports = 0;
      // The second port is the one that puts back.
      const { ask } = aGuard(() => (ports++ === 0 ? broken : capacity));
      const answer = await ask(aRequest({ RequestType: 'Delete', PhysicalResourceId: 'x' }));
      expect(answer).toMatchObject({
        Status: 'FAILED',
        Reason: `${call} may not. Nothing was taken away: repeat it`,
      });
      expect(await state(capacity)).toEqual(before);
    },
  );

  test('what cannot be put back is said, and the next update does it', async () => {
    const world = aCapacityWorld();
    const { capacity } = await inProcess(world);
    const before = await state(capacity);
    const failed = async () => ({ kind: 'retry' as const, reason: 'throttled' });
    const broken: Capacity = { ...capacity, leaveInstances: failed, activate: failed };
    const answer = await aGuard(() => broken).ask(aRequest({ RequestType: 'Delete', PhysicalResourceId: 'x' }));
    expect(answer.Reason).toBe(
      'throttled. Nothing was taken away: repeat it. Not everything could be put back (throttled); the next attempt or update does it',
    );
    const properties = propertiesOf([SMALL, LARGE]);
    const update = { RequestType: 'Update', ResourceProperties: properties, OldResourceProperties: properties };
    await aGuard(() => capacity).ask(aRequest({ ...update, PhysicalResourceId: 'x' }));
    expect(await state(capacity)).toEqual(before);
  });

  test('a runner that arrives while the guard closes the groups is seen', async () => {
    const world = aCapacityWorld();
    const { capacity } = await inProcess(world);
    const before = await state(capacity);
    const late: Capacity = {
      ...capacity,
      leaveNewInstances: async (name) => {
        if (name === 'group-large') world.launch('default', 'small');
        return capacity.leaveNewInstances(name);
      },
    };
    const answer = await aGuard(() => late).ask(aRequest({ RequestType: 'Delete', PhysicalResourceId: 'x' }));
    expect(answer).toMatchObject({ Status: 'FAILED', Reason: expect.stringMatching(/^1 runner lives/) });
    const { containerInstances, groups } = await state(capacity);
    expect(groups).toEqual(before.groups);
    expect(containerInstances.map(({ status }) => status)).toEqual(['ACTIVE', 'ACTIVE']);
  });

  test('an instance that leaves while the others are protected again does not keep them from it', async () => {
    const world = aCapacityWorld({ instances: 3 });
    const { capacity } = await inProcess(world);
    let calls = 0;
    const shrinking: Capacity = {
      ...capacity,
      livingTasks: async (cluster) => (calls++ === 0 ? capacity.livingTasks(cluster) : { kind: 'retry', reason: 'no' }),
      protectInstances: async (name, ids) => {
        if (ids.length === 3) world.ecs.killInstance(String(ids[0]));
        return capacity.protectInstances(name, ids);
      },
      drain: async (cluster, arns) => {
        const ids = await capacity.group('group-small');
        if (ids.kind === 'ok')
          await capacity.leaveInstances(
            'group-small',
            ids.value.instances.map(({ id }) => id),
          );
        return capacity.drain(cluster, arns);
      },
    };
    const answer = await aGuard(() => shrinking).ask(aRequest({ RequestType: 'Delete', PhysicalResourceId: 'x' }));
    expect(answer.Reason).toBe('no. Nothing was taken away: repeat it');
    expect(await capacity.group('group-small')).toMatchObject({
      value: { protectsNewInstances: true, instances: [{ isProtected: true }, { isProtected: true }] },
    });
  });

  test('an instance that comes while the protection is lifted is let go too', async () => {
    const world = aCapacityWorld();
    const { capacity } = await inProcess(world);
    let left = 0;
    const busy: Capacity = {
      ...capacity,
      leaveInstances: async (name, ids) => {
        const outcome = await capacity.leaveInstances(name, ids);
        if (left++ === 0) await capacity.protectInstances(name, ids);
        return outcome;
      },
    };
    const stack = aStack(world, busy);
    expect(await stack.remove()).toMatchObject({ status: 'DELETE_COMPLETE' });
  });
});

/** Exit codes of all containers: 0 is one that ended by itself. */
async function counted<Deployed extends CapacityWorld>(deploy: () => Promise<Deployed>) {
  const deployed = await deploy();
  return { ...deployed, books: () => deployed.ecs.books().tasks.map(({ exitCode }) => exitCode) };
}

async function state(capacity: Capacity) {
  const groups = [await capacity.group('group-small'), await capacity.group('group-large')];
  const containerInstances = await capacity.containerInstances(CLUSTER);
  if (containerInstances.kind !== 'ok') throw new Error(containerInstances.reason);
  return { groups, containerInstances: containerInstances.value };
}

/** The caller hears nothing any more, as when its function is ended. */
function diesAfter(capacity: Capacity, calls: number): Capacity {
  let left = calls;
  return new Proxy(capacity, {
    get: (target, property, receiver) => {
      const method = Reflect.get(target, property, receiver) as (...parameters: unknown[]) => Promise<unknown>;
      return (...parameters: unknown[]) => (left-- > 0 ? method(...parameters) : new Promise(() => {}));
    },
  });
}
