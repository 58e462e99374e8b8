/** The simulated ECS through HTTP, spoken to by the real SDK client. */

import {
  AccessDeniedException,
  ClientException,
  ClusterNotFoundException,
  ConflictException,
  DeregisterTaskDefinitionCommand,
  DescribeCapacityProvidersCommand,
  DescribeClustersCommand,
  DescribeContainerInstancesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  InvalidParameterException,
  ListContainerInstancesCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  type RunTaskCommandInput,
  ServerException,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ServedEcs, serveEcs } from '../../lib/local/ecs.ts';
import { aWorld, CLUSTER, MINUTE, runsFor, SECOND, START, type World } from '../support/ecs-simulated.ts';

let world: World;
let served: ServedEcs;
let client: ECSClient;

beforeEach(async () => {
  world = aWorld({ provider: { minInstances: 1 }, container: runsFor(MINUTE) });
  served = await serveEcs({ service: world.ecs, port: 0 });
  client = aClient(1);
});

afterEach(async () => {
  client.destroy();
  await served.close();
});

function aClient(maxAttempts: number): ECSClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return new ECSClient({ endpoint: served.url, region: 'us-east-1', credentials, maxAttempts });
}

function aRunTask(input: Partial<RunTaskCommandInput> = {}): RunTaskCommand {
  return new RunTaskCommand({
    cluster: CLUSTER,
    taskDefinition: 'default',
    capacityProviderStrategy: [{ capacityProvider: 'spot', weight: 1 }],
    ...input,
  });
}

async function refused(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'answered',
    (error: unknown) => error,
  );
}

test('a task is run, described, listed and stopped, with dates as dates', async () => {
  const tags = [{ key: 'pool', value: 'default' }];
  const { tasks, failures } = await client.send(aRunTask({ startedBy: 'one', tags }));
  expect(failures).toEqual([]);
  expect(tasks).toMatchObject([{ lastStatus: 'PENDING', startedBy: 'one', tags, createdAt: new Date(START) }]);
  const taskArn = tasks?.[0]?.taskArn ?? '';
  await world.pass(20 * SECOND);
  const described = await client.send(
    new DescribeTasksCommand({ cluster: CLUSTER, tasks: [taskArn, '0'.repeat(32)], include: ['TAGS'] }),
  );
  expect(described.tasks).toMatchObject([
    { lastStatus: 'RUNNING', version: 3, tags, startedAt: new Date(START + 10_600), containers: [{ name: 'runner' }] },
  ]);
  expect(described.failures).toMatchObject([{ reason: 'MISSING' }]);
  const listed = await client.send(new ListTasksCommand({ cluster: CLUSTER, startedBy: 'one' }));
  expect(listed.taskArns).toEqual([taskArn]);
  const { task } = await client.send(new StopTaskCommand({ cluster: CLUSTER, task: taskArn, reason: 'surplus' }));
  expect(task).toMatchObject({ desiredStatus: 'STOPPED', stopCode: 'UserInitiated', stoppedReason: 'surplus' });
});

test('a list is read page by page', async () => {
  for (let index = 0; index < 15; index += 1) await client.send(aRunTask({ count: 10 }));
  const first = await client.send(new ListTasksCommand({ cluster: CLUSTER }));
  const second = await client.send(new ListTasksCommand({ cluster: CLUSTER, nextToken: first.nextToken }));
  expect(new Set([...(first.taskArns ?? []), ...(second.taskArns ?? [])]).size).toBe(150);
  expect(second.nextToken).toBeUndefined();
});

test('task definitions are registered, described and deregistered', async () => {
  const containerDefinitions = [{ name: 'runner', image: 'runner:2', cpu: 512, memory: 1024 }];
  const registered = await client.send(new RegisterTaskDefinitionCommand({ family: 'deploy', containerDefinitions }));
  expect(registered.taskDefinition).toMatchObject({ family: 'deploy', revision: 1, registeredAt: new Date(START) });
  const described = await client.send(new DescribeTaskDefinitionCommand({ taskDefinition: 'deploy' }));
  expect(described.taskDefinition?.containerDefinitions).toMatchObject(containerDefinitions);
  const gone = await client.send(new DeregisterTaskDefinitionCommand({ taskDefinition: 'deploy:1' }));
  expect(gone.taskDefinition?.status).toBe('INACTIVE');
});

test('clusters, instances and capacity providers are described', async () => {
  const { containerInstanceArns = [] } = await client.send(new ListContainerInstancesCommand({ cluster: CLUSTER }));
  const instances = await client.send(
    new DescribeContainerInstancesCommand({ cluster: CLUSTER, containerInstances: containerInstanceArns }),
  );
  expect(instances.containerInstances).toMatchObject([{ status: 'ACTIVE', registeredAt: new Date(START) }]);
  const clusters = await client.send(new DescribeClustersCommand({ clusters: [CLUSTER] }));
  expect(clusters.clusters).toMatchObject([{ clusterName: CLUSTER, registeredContainerInstancesCount: 1 }]);
  const providers = await client.send(new DescribeCapacityProvidersCommand({ capacityProviders: ['spot'] }));
  expect(providers.capacityProviders).toMatchObject([{ name: 'spot', status: 'ACTIVE' }]);
});

test('tasks that do not fit are in failures', async () => {
  const input = { launchType: 'EC2', capacityProviderStrategy: undefined, count: 5 } as const;
  const { tasks, failures } = await client.send(aRunTask(input));
  expect(tasks).toHaveLength(4);
  expect(failures).toMatchObject([{ reason: 'RESOURCE:MEMORY' }]);
});

test('the client’s own token makes its own repetitions safe', async () => {
  world.ecs.setFaults({ failAfter: 1 });
  const patient = aClient(2);
  expect(await refused(patient.send(aRunTask()))).toBeInstanceOf(ServerException);
  expect(world.ecs.books().operations['RunTask']).toMatchObject({ calls: 2 });
  expect(world.ecs.books().tasks).toHaveLength(1);
  patient.destroy();
});

describe('errors arrive as the exceptions of the SDK', () => {
  test('ConflictException, with the tasks that exist', async () => {
    const { tasks } = await client.send(aRunTask({ clientToken: 't' }));
    const error = await refused(client.send(aRunTask({ clientToken: 't', startedBy: 'somebody' })));
    expect(error).toBeInstanceOf(ConflictException);
    expect(error).toMatchObject({ resourceIds: [tasks?.[0]?.taskArn], $metadata: { httpStatusCode: 400 } });
  });

  test('ClusterNotFoundException, ClientException, InvalidParameterException', async () => {
    expect(await refused(client.send(aRunTask({ cluster: 'other' })))).toBeInstanceOf(ClusterNotFoundException);
    expect(await refused(client.send(aRunTask({ taskDefinition: 'x' })))).toBeInstanceOf(ClientException);
    expect(await refused(client.send(aRunTask({ count: 11 })))).toBeInstanceOf(InvalidParameterException);
  });

  test('ThrottlingException with HTTP 400, which the SDK knows as one', async () => {
    world.ecs.setFaults({ throttleRunTask: 1 });
    expect(await refused(client.send(aRunTask()))).toMatchObject({
      name: 'ThrottlingException',
      message: 'Rate exceeded',
      $metadata: { httpStatusCode: 400 },
    });
  });

  test('AccessDeniedException, ServerException with HTTP 500, and a cut connection', async () => {
    world.ecs.setFaults({ accessDenied: 1 });
    expect(await refused(client.send(aRunTask()))).toBeInstanceOf(AccessDeniedException);
    world.ecs.setFaults({ accessDenied: 0, failBefore: 1 });
    const error = await refused(client.send(aRunTask()));
    expect(error).toBeInstanceOf(ServerException);
    expect(error).toMatchObject({ $metadata: { httpStatusCode: 500 } });
    world.ecs.setFaults({ failBefore: 0, cutAfter: 1 });
    expect(String(await refused(client.send(aRunTask())))).toContain('socket hang up');
    expect(world.ecs.books().tasks).toHaveLength(1);
  });

  test('an operation that ECS does not have, and a body that is no JSON', async () => {
    const post = (operation: string, body: string) =>
      fetch(served.url, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': `AmazonEC2ContainerServiceV20141113.${operation}`,
        },
      }).then(async (answer) => [answer.status, await answer.json()]);
    expect(await post('MakeCoffee', '{}')).toMatchObject([400, { __type: 'UnknownOperationException' }]);
    expect(await post('RunTask', '{')).toMatchObject([400, { __type: 'SerializationException' }]);
  });
});

describe('the control surface', () => {
  const get = (path: string) => fetch(`${served.url}${path}`).then((answer) => answer.json());
  const post = (path: string, body: unknown) =>
    fetch(`${served.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  test('shows every task with all fields, stopped ones and their tags included', async () => {
    await client.send(aRunTask({ clientToken: 't', tags: [{ key: 'pool', value: 'default' }] }));
    await world.pass(200 * MINUTE);
    expect(await get('/_sim/tasks')).toMatchObject([
      { lastStatus: 'STOPPED', clientToken: 't', tags: [{ key: 'pool', value: 'default' }] },
    ]);
  });

  test('shows instances and kills them', async () => {
    const [instance] = (await get('/_sim/instances')) as { containerInstanceArn: string; ec2InstanceId: string }[];
    const id = instance?.containerInstanceArn.split('/').at(-1);
    expect((await post(`/_sim/instances/${encodeURIComponent(String(id))}/kill`, {})).status).toBe(200);
    expect((await post(`/_sim/instances/${instance?.ec2InstanceId}/kill`, {})).status).toBe(404);
    expect(await get('/_sim/instances')).toMatchObject([{ agentConnected: false }]);
  });

  test('sets switches, and refuses what it does not know', async () => {
    expect((await post('/_sim/faults', { listLagSeconds: 30 })).status).toBe(200);
    expect(await get('/_sim/faults')).toMatchObject({ listLagSeconds: 30, failBefore: 0 });
    const refusedFault = await post('/_sim/faults', { failBefore: 1, failAfter: 2, nonsense: 1 });
    expect(refusedFault.status).toBe(400);
    const problems = ['failAfter must be a number from 0 to 1', expect.stringContaining('no switch nonsense here')];
    expect(await refusedFault.json()).toMatchObject({ problems });
    expect(await get('/_sim/faults')).toMatchObject({ failBefore: 0 });
  });
});
