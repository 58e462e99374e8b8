import { ECSClient } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createCluster } from '../../lib/live/cluster.ts';
import { type ServedEcs, serveEcs } from '../../lib/local/ecs.ts';
import type { Cluster } from '../../lib/world.ts';
import { aRequest } from '../support/contract-cluster.ts';
import { aWorld, CLUSTER, type Wire, type World } from '../support/ecs-simulated.ts';
import { type Fate, startProxy, type WireProxy } from '../support/proxy.ts';

let simulated: World;
let served: ServedEcs;
let proxy: WireProxy;
let client: ECSClient;
let cluster: Cluster;
/** What happens to the requests to come, one after the other; then they pass. */
let fates: Fate[];
/** Called before each request is passed on. */
let before: (index: number) => void;

beforeEach(async () => {
  simulated = aWorld();
  served = await serveEcs({ service: simulated.ecs, port: 0 });
  fates = [];
  before = () => {};
  let index = 0;
  proxy = await startProxy(served.url, () => {
    before(index++);
    return fates.shift() ?? 'pass';
  });
  client = new ECSClient({
    endpoint: proxy.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  cluster = createCluster({ client, cluster: CLUSTER });
});
afterEach(async () => {
  client.destroy();
  await proxy.close();
  await served.close();
});

const operations = () => proxy.seen.map(({ operation }) => operation);

test('the same request is the same bytes', async () => {
  await cluster.runTask(aRequest({ environment: { B: '2', A: '1' }, tags: { b: '2', a: '1' } }));
  await cluster.runTask(aRequest({ environment: { A: '1', B: '2' }, tags: { a: '1', b: '2' } }));
  const [first, second] = proxy.seen;
  expect(first?.body).toBe(second?.body);
  expect(JSON.parse(first?.body ?? '')).toEqual({
    cluster: CLUSTER,
    taskDefinition: 'default',
    count: 1,
    clientToken: 'gha-default-0-4711-1',
    startedBy: 'gha-default-0-4711-1',
    capacityProviderStrategy: [{ capacityProvider: 'spot', weight: 1 }],
    overrides: {
      containerOverrides: [
        {
          name: 'runner',
          environment: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
        },
      ],
    },
    propagateTags: 'TASK_DEFINITION',
    tags: [
      { key: 'a', value: '1' },
      { key: 'b', value: '2' },
    ],
  });
});

test.each<Fate>(['lose answer', 'lose request'])(
  '%s once: the call is repeated at once, and is one task',
  async (fate) => {
    fates = [fate];
    expect(await cluster.runTask(aRequest())).toMatchObject({ kind: 'ok' });
    expect(operations()).toEqual(['RunTask', 'RunTask']);
    expect(simulated.ecs.books().tasks).toHaveLength(1);
  },
);

test('a throttle after a lost answer says nothing about the first call', async () => {
  fates = ['lose answer'];
  before = (index) => simulated.ecs.setFaults({ throttleRunTask: index });
  expect(await cluster.runTask(aRequest())).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('Rate') });
  expect(simulated.ecs.books().tasks).toHaveLength(1);
});

test('two lost answers are enough', async () => {
  fates = ['lose answer', 'lose answer'];
  expect(await cluster.runTask(aRequest())).toMatchObject({ kind: 'unknown' });
  expect(operations()).toEqual(['RunTask', 'RunTask']);
});

test('a throttled call is not repeated: the caller waits', async () => {
  simulated.ecs.setFaults({ throttleRunTask: 1 });
  expect(await cluster.runTask(aRequest())).toMatchObject({ kind: 'retry' });
  expect(operations()).toEqual(['RunTask']);
});

test('a read whose answer was lost is repeated once', async () => {
  fates = ['lose answer'];
  expect(await cluster.listTasks()).toEqual({ kind: 'ok', value: [] });
  expect(operations()).toEqual(['ListTasks', 'ListTasks']);
});

test('a server that cannot be reached leaves a start unknown, and a reading to be tried again', async () => {
  await proxy.close();
  expect(await cluster.runTask(aRequest())).toMatchObject({ kind: 'unknown' });
  expect(await cluster.listTasks()).toMatchObject({ kind: 'retry' });
});

test('an instance that cannot be drained is said to be open, and that is no failure', async () => {
  await cluster.runTask(aRequest());
  await simulated.clock.runUntil(simulated.clock.now() + 5 * 60_000);
  const [{ ec2InstanceId } = {}] = simulated.ecs.instances();
  fates = ['pass', 'lose request'];
  expect(await cluster.closeInstance(String(ec2InstanceId))).toMatchObject({
    kind: 'ok',
    value: { open: expect.stringMatching(/^draining instance i-/) },
  });
  const closed = await cluster.closeInstance(String(ec2InstanceId));
  expect(closed.kind === 'ok' && closed.value.open).toBeUndefined();
});

test.each([
  ['has an exit code has ended before it', 0, undefined],
  ['has none is lost with it', undefined, true],
])('a task of which ECS says that its instance went, and whose container %s', async (_, exitCode, lost) => {
  const started = await cluster.runTask(aRequest());
  const { call } = simulated.ecs;
  // Of its own, the simulated ECS says this of no container with an exit code.
  simulated.ecs.call = (operation, input) => {
    const answer = call(operation, input);
    for (const task of answer['tasks'] as Wire[]) {
      Object.assign(task, { lastStatus: 'STOPPED', stopCode: 'TerminationNotice' });
      Object.assign(task['containers'][0], { exitCode });
    }
    return answer;
  };
  const described = await cluster.describeTasks(started.kind === 'ok' ? [started.value.taskArn] : []);
  expect(described).toMatchObject({ kind: 'ok', value: [{ lastStatus: 'STOPPED' }] });
  expect(described.kind === 'ok' && described.value[0]?.lost).toBe(lost);
});
