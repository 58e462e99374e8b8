/** What both clusters do: the one in ECS (through HTTP, with the real client) and the simulated one. */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { ClosedInstance, Cluster, Outcome, Task, TaskRequest } from '../../lib/world.ts';
import {
  aTaskDefinition,
  aWorld,
  CLUSTER,
  deaf,
  HOUR,
  MINUTE,
  runsFor,
  SECOND,
  START,
  type World,
} from './ecs-simulated.ts';

export type ClusterUnderTest = { cluster: Cluster; close: () => Promise<void> };

const NAME = 'gha-default-0-4711-1';

export function aRequest(overrides: Partial<TaskRequest> = {}): TaskRequest {
  return {
    name: NAME,
    taskDefinition: 'default',
    capacityProvider: 'spot',
    environment: { TICKET: 'abc' },
    tags: { pool: 'default' },
    ...overrides,
  };
}

export function clusterContract(
  name: string,
  connect: (world: World, clusterName: string) => Promise<ClusterUnderTest>,
): void {
  const closers: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  async function aCluster(options: Parameters<typeof aWorld>[0] = {}, clusterName = CLUSTER) {
    const world = aWorld({ provider: { minInstances: 1 }, container: deaf, ...options });
    world.ecs.call('RegisterTaskDefinition', aTaskDefinition({ family: 'old' }));
    world.ecs.call('DeregisterTaskDefinition', { taskDefinition: 'old:1' });
    const { cluster, close } = await connect(world, clusterName);
    closers.push(close);
    return { ...world, cluster };
  }

  describe(name, () => {
    test('the same request starts one task, under its name, with everything it asks for', async () => {
      const { cluster, ecs, pass, starts } = await aCluster();
      const first = await cluster.runTask(aRequest({ taskRole: 'arn:aws:iam::123456789012:role/deploy' }));
      const tags = ecs.tasks()[0]?.['tags'];
      expect(first).toMatchObject({ kind: 'ok', value: { startedBy: NAME, lastStatus: 'PENDING', createdAt: START } });
      expect(await cluster.runTask(aRequest({ taskRole: 'arn:aws:iam::123456789012:role/deploy' }))).toEqual(first);
      await pass(20 * SECOND);
      expect(starts).toMatchObject([
        { startedBy: NAME, taskRoleArn: 'arn:aws:iam::123456789012:role/deploy', environment: { TICKET: 'abc' } },
      ]);
      expect(tags).toEqual([{ key: 'pool', value: 'default' }]);
    });

    test('has the tags of its task definition too, and its own win', async () => {
      const { cluster, ecs } = await aCluster();
      const tags = [
        { key: 'owner', value: 'build' },
        { key: 'pool', value: 'another' },
      ];
      ecs.call('RegisterTaskDefinition', { ...aTaskDefinition({ family: 'tagged' }), tags });
      await cluster.runTask(aRequest({ taskDefinition: 'tagged' }));
      expect(ecs.tasks()[0]?.['tags']).toEqual([
        { key: 'owner', value: 'build' },
        { key: 'pool', value: 'default' },
      ]);
    });

    test('a conflict gives the task that exists', async () => {
      const { cluster } = await aCluster();
      const first = await cluster.runTask(aRequest());
      expect(await cluster.runTask(aRequest({ environment: { TICKET: 'other' } }))).toEqual(first);
    });

    test('a conflict with a task that ECS does not show yet is as good as just started', async () => {
      const { cluster, ecs } = await aCluster();
      ecs.setFaults({ describeLagSeconds: 60 });
      await cluster.runTask(aRequest());
      const again = await cluster.runTask(aRequest({ environment: {} }));
      expect(again).toMatchObject({ kind: 'ok', value: { startedBy: NAME, lastStatus: 'PROVISIONING' } });
    });

    test('a replayed task that has stopped is ok and STOPPED, with its exit code', async () => {
      const { cluster, pass } = await aCluster({ container: runsFor(SECOND, 3) });
      await cluster.runTask(aRequest());
      await pass(MINUTE);
      expect(await cluster.runTask(aRequest())).toMatchObject({
        kind: 'ok',
        value: {
          startedBy: NAME,
          lastStatus: 'STOPPED',
          exitCode: 3,
          stoppedReason: 'Essential container in task exited',
        },
      });
    });

    describe('RunTask', () => {
      test.each<[string, Record<string, number>, Partial<TaskRequest>, string, number]>([
        ['throttled', { throttleRunTask: 1 }, {}, 'retry', 0],
        ['refused in failures', { runTaskFailures: 1 }, {}, 'full', 0],
        ['failed before', { failBefore: 1 }, {}, 'unknown', 0],
        ['failed after', { failAfter: 1 }, {}, 'unknown', 1],
        ['cut before, twice', { cutBefore: 1 }, {}, 'unknown', 0],
        ['cut after, twice', { cutAfter: 1 }, {}, 'unknown', 1],
        ['not allowed', { accessDenied: 1 }, {}, 'refused', 0],
        ['of an unknown task definition', {}, { taskDefinition: 'x' }, 'refused', 0],
        ['of an inactive task definition', {}, { taskDefinition: 'old:1' }, 'retry', 0],
        ['of an unknown capacity provider', {}, { capacityProvider: 'x' }, 'refused', 0],
        ['with a name that ECS does not take', {}, { name: 'a b' }, 'bug', 0],
      ])('%s', async (_sentence, faults, overrides, kind, started) => {
        const { cluster, ecs } = await aCluster();
        ecs.setFaults(faults);
        expect(await cluster.runTask(aRequest(overrides))).toMatchObject({ kind });
        expect(ecs.books().tasks).toHaveLength(started);
      });

      test('in an unknown cluster is refused', async () => {
        const { cluster } = await aCluster({}, 'other');
        expect(await cluster.runTask(aRequest())).toMatchObject({ kind: 'refused' });
      });

      test('beyond the PROVISIONING quota is full', async () => {
        const { cluster } = await aCluster({ provider: {}, provisioningTasksMax: 0 });
        expect(await cluster.runTask(aRequest())).toMatchObject({
          kind: 'full',
          reason: expect.stringMatching(/capacity limit exceeded/),
        });
      });

      test('without room and capacity provider is full', async () => {
        const { cluster } = await aCluster({ provider: {} });
        const { capacityProvider: _, ...request } = aRequest();
        expect(await cluster.runTask(request)).toMatchObject({
          kind: 'full',
          reason: expect.stringMatching(/No Container Instances/),
        });
      });
    });

    test.each(['throttleRunTask', 'failBefore', 'failAfter', 'cutBefore', 'cutAfter', 'accessDenied'])(
      'after %s the same request again is one task',
      async (fault) => {
        const { cluster, ecs } = await aCluster();
        ecs.setFaults({ [fault]: 1 });
        await cluster.runTask(aRequest());
        ecs.setFaults({ [fault]: 0 });
        expect(await cluster.runTask(aRequest())).toMatchObject({ kind: 'ok', value: { startedBy: NAME } });
        expect(ecs.books().tasks).toHaveLength(1);
      },
    );

    test('a failure is the answer to its name, also when there is room again; the next name is free', async () => {
      const { cluster, ecs } = await aCluster();
      ecs.setFaults({ runTaskFailures: 1 });
      expect(await cluster.runTask(aRequest())).toMatchObject({
        kind: 'full',
        reason: expect.stringMatching(/RESOURCE:MEMORY|AGENT/),
      });
      ecs.setFaults({ runTaskFailures: 0 });
      expect(await cluster.runTask(aRequest())).toMatchObject({ kind: 'full' });
      expect(await cluster.runTask(aRequest({ name: 'gha-default-0-4711-2' }))).toMatchObject({ kind: 'ok' });
    });

    test('a task that was asked to stop ends with the reason and its exit code; stopping it again is fine', async () => {
      const { cluster, pass } = await aCluster({ container: runsFor(HOUR) });
      const [taskArn] = await arns(cluster.runTask(aRequest()));
      await pass(MINUTE);
      const [running] = await tasks(cluster.describeTasks([taskArn]));
      expect(running).toMatchObject({ lastStatus: 'RUNNING', createdAt: START, startedAt: expect.any(Number) });
      expect(Object.keys(running ?? {})).not.toContain('exitCode');
      expect(Object.keys(running ?? {})).not.toContain('stoppedReason');
      expect(await cluster.stopTask(taskArn, 'x'.repeat(300))).toEqual({ kind: 'ok', value: undefined });
      await pass(MINUTE);
      const [stopped] = await tasks(cluster.describeTasks([taskArn]));
      expect(stopped).toMatchObject({
        lastStatus: 'STOPPED',
        exitCode: 143,
        stoppedReason: expect.stringMatching(/^x+/),
      });
      expect(await cluster.stopTask(taskArn, 'again')).toEqual({ kind: 'ok', value: undefined });
    });

    test.each([
      ['failAfter', 'unknown'],
      ['cutAfter', 'unknown'],
      ['accessDenied', 'refused'],
    ])('stopping that meets %s is %s', async (fault, kind) => {
      const { cluster, ecs } = await aCluster();
      const [taskArn] = await arns(cluster.runTask(aRequest()));
      ecs.setFaults({ [fault]: 1 });
      expect(await cluster.stopTask(taskArn, 'surplus')).toMatchObject({ kind });
    });

    test('the reason of a container that never started is told, and it has no exit code', async () => {
      const { cluster, ecs, pass } = await aCluster();
      ecs.setFaults({ cannotPullImage: 1 });
      const [taskArn] = await arns(cluster.runTask(aRequest()));
      await pass(5 * MINUTE);
      const [stopped] = await tasks(cluster.describeTasks([taskArn]));
      expect(stopped).toMatchObject({ lastStatus: 'STOPPED', stoppedReason: expect.stringMatching(/CannotPull/) });
      expect(Object.keys(stopped ?? {})).not.toContain('exitCode');
    });

    test.each([
      ['never had an instance', { noCapacity: 1 }, true],
      ['had one', { cannotPullImage: 1 }, undefined],
    ])('a task that ended and %s says so', async (_, faults, neverPlaced) => {
      const { cluster, ecs, pass } = await aCluster({ provider: { minInstances: 'noCapacity' in faults ? 0 : 1 } });
      ecs.setFaults(faults);
      const [taskArn] = await arns(cluster.runTask(aRequest()));
      expect((await tasks(cluster.describeTasks([taskArn])))[0]?.neverPlaced).toBeUndefined();
      await pass(50 * MINUTE);
      const [stopped] = await tasks(cluster.describeTasks([taskArn]));
      expect(stopped).toMatchObject({ lastStatus: 'STOPPED' });
      expect(stopped?.neverPlaced).toBe(neverPlaced);
    });

    test('lists may lag behind', async () => {
      const { cluster, ecs, pass } = await aCluster();
      ecs.setFaults({ listLagSeconds: 120 });
      await cluster.runTask(aRequest());
      expect(await cluster.findTask(NAME)).toEqual({ kind: 'ok', value: undefined });
      expect(await cluster.listTasks()).toEqual({ kind: 'ok', value: [] });
      await pass(3 * MINUTE);
      expect(await cluster.findTask(NAME)).toMatchObject({ kind: 'ok', value: { startedBy: NAME } });
      expect(await cluster.listTasks()).toMatchObject({ kind: 'ok', value: { length: 1 } });
    });

    test('tasks are found by name: living, stopped, and no more after an hour', async () => {
      const { cluster, pass } = await aCluster({ container: runsFor(MINUTE) });
      await cluster.runTask(aRequest());
      expect(await cluster.findTask(NAME)).toMatchObject({ kind: 'ok', value: { lastStatus: 'PENDING' } });
      await pass(2 * MINUTE);
      expect(await cluster.findTask(NAME)).toMatchObject({ kind: 'ok', value: { lastStatus: 'STOPPED', exitCode: 0 } });
      await pass(HOUR);
      expect(await cluster.findTask(NAME)).toEqual({ kind: 'ok', value: undefined });
    });

    test('all tasks that are not to be stopped are listed, over several pages', async () => {
      const { cluster, ecs, pass } = await aCluster();
      for (let job = 0; job < 250; job += 1) {
        await cluster.runTask(aRequest({ name: `gha-default-${job}-${job}-1` }));
        await pass(SECOND);
      }
      const listed = await cluster.listTasks();
      if (listed.kind !== 'ok') throw new Error(listed.reason);
      expect(listed.value).toHaveLength(250);
      const [first] = listed.value;
      expect(await cluster.stopTask(String(first?.taskArn), 'surplus')).toEqual({ kind: 'ok', value: undefined });
      expect(await cluster.listTasks()).toMatchObject({ kind: 'ok', value: { length: 249 } });
      ecs.setFaults({ describeLagSeconds: 60 });
      expect(await cluster.listTasks()).toMatchObject({
        kind: 'retry',
        reason: expect.stringMatching(/does not describe/),
      });
    });

    test('the tasks of an instance are found by its EC2 id, and no others; of another cluster’s nothing is known', async () => {
      const { cluster, ecs, pass } = await aCluster({ provider: { minInstances: 2 } });
      for (let job = 0; job < 6; job += 1) await cluster.runTask(aRequest({ name: `gha-default-${job}-${job}-1` }));
      await pass(MINUTE);
      const on = async (id: unknown) => names(await cluster.closeInstance(String(id)));
      const [one = {}, other = {}] = ecs.instances();
      const found = [await on(one['ec2InstanceId']), await on(other['ec2InstanceId'])];
      expect(found.flat().sort()).toEqual([0, 1, 2, 3, 4, 5].map((job) => `gha-default-${job}-${job}-1`));
      expect(found.every((some) => some.length > 0)).toBe(true);
      expect(ecs.instances().map(({ status }) => status)).toEqual(['DRAINING', 'DRAINING']);
      expect(await cluster.closeInstance('i-0123456789abcdef0')).toMatchObject({ kind: 'gone' });
      ecs.setFaults({ throttleReads: 1 });
      expect(await cluster.closeInstance(String(one['ec2InstanceId']))).toMatchObject({ kind: 'retry' });
    });

    test('a task that its instance took with it says so, and when; one that was stopped does not', async () => {
      const { cluster, ecs, pass } = await aCluster({ container: runsFor(HOUR) });
      const [lost] = await arns(cluster.runTask(aRequest()));
      const [stopped] = await arns(cluster.runTask(aRequest({ name: 'gha-default-1-1-1' })));
      await pass(MINUTE);
      await cluster.stopTask(stopped, 'enough');
      await pass(MINUTE);
      for (const { ec2InstanceId } of ecs.instances()) ecs.killInstance(String(ec2InstanceId));
      await pass(MINUTE);
      const seen = await tasks(cluster.describeTasks([lost, stopped]));
      const ofArn = (arn: string) => seen.find(({ taskArn }) => taskArn === arn);
      expect(ofArn(lost)).toMatchObject({ lost: true, stoppedAt: START + 2 * MINUTE + 30 * SECOND });
      expect(ofArn(stopped)?.lost).toBeUndefined();
    });

    test('unknown tasks are left out, and cannot be stopped', async () => {
      const { cluster } = await aCluster();
      const unknown = `arn:aws:ecs:us-east-1:123456789012:task/${CLUSTER}/${'0'.repeat(32)}`;
      expect(await cluster.describeTasks([unknown])).toEqual({ kind: 'ok', value: [] });
      expect(await cluster.describeTasks([])).toEqual({ kind: 'ok', value: [] });
      expect(await cluster.stopTask(unknown, 'ghost')).toMatchObject({ kind: 'gone' });
    });

    test.each(['throttleReads', 'failBefore', 'failAfter', 'cutAfter'])(
      'a read that %s is to be repeated',
      async (fault) => {
        const { cluster, ecs } = await aCluster();
        ecs.setFaults({ [fault]: 1 });
        expect(await cluster.listTasks()).toMatchObject({ kind: 'retry' });
        expect(await cluster.findTask(NAME)).toMatchObject({ kind: 'retry' });
        expect(await cluster.describeTasks(['0'.repeat(32)])).toMatchObject({ kind: 'retry' });
      },
    );
  });
}

async function arns(outcome: Promise<Outcome<Task>>): Promise<[string]> {
  const [task] = await tasks(
    outcome.then((given) => (given.kind === 'ok' ? { ...given, value: [given.value] } : given)),
  );
  return [task?.taskArn ?? ''];
}

async function tasks(outcome: Promise<Outcome<Task[]>>): Promise<Task[]> {
  const given = await outcome;
  if (given.kind !== 'ok') throw new Error(`${given.kind}: ${given.reason}`);
  return given.value;
}

function names(outcome: Outcome<ClosedInstance>): string[] {
  if (outcome.kind !== 'ok') throw new Error(`${outcome.kind}: ${outcome.reason}`);
  return outcome.value.tasks.map(({ startedBy }) => startedBy);
}
