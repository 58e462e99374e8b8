/**
 * Which operations of AWS each method of a port asks for, recorded on the wire: the live adapters are called in every way
 * that makes another request, against the local services.
 */
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { SQSClient } from '@aws-sdk/client-sqs';
import { startFauxqs } from 'fauxqs';
import { createCapacity } from '../../lib/live/capacity.ts';
import { createCluster } from '../../lib/live/cluster.ts';
import { createGetParameters } from '../../lib/live/parameter-store.ts';
import { createQueue } from '../../lib/live/queue.ts';
import { createListTable, createTable } from '../../lib/live/tables.ts';
import { serveEcs } from '../../lib/local/ecs.ts';
import { startParameters } from '../../lib/local/parameters.ts';
import type { Capacity, Cluster, ListTable, Queue, Table, TaskRequest, Versioned } from '../../lib/world.ts';
import { serveAutoScaling } from './auto-scaling-server.ts';
import { startDynamoDB } from './dynamodb.ts';
import { aWorld, CLUSTER, runsFor, SECOND } from './ecs-simulated.ts';
import { aCapacityWorld, SMALL } from './guarded-capacity.ts';
import { startProxy } from './proxy.ts';

/** By port and method, such as `runners.put`; operations such as `dynamodb:PutItem`. */
export type WireCalls = Map<string, Set<string>>;

/** One way for each method, or several, that together make every request that the method can make. */
type Ways<Port> = { [Method in keyof Port]: () => Promise<unknown> };

const CLIENT = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

export async function wireCalls(): Promise<WireCalls> {
  const calls: WireCalls = new Map();
  const closers: (() => unknown)[] = [];
  const wire: Wire = { calls, closers, lost: new Set(), seen: [] };
  try {
    await ofTables(wire);
    await ofQueue(wire);
    await ofCluster(wire);
    await ofCapacity(wire);
    await ofParameters(wire);
  } finally {
    for (const close of closers.reverse()) await close();
  }
  return calls;
}

/** `lost`: operations of which the next answer gets lost. */
type Wire = { calls: WireCalls; closers: (() => unknown)[]; lost: Set<string>; seen: string[] };

/** The address of a service with a listener in front of it. */
async function listened(wire: Wire, service: string, target: string): Promise<string> {
  const proxy = await startProxy(target, ({ body, operation: named }) => {
    const operation = named || (new URLSearchParams(body).get('Action') ?? 'unknown');
    wire.seen.push(`${service}:${operation}`);
    return wire.lost.delete(operation) ? 'lose answer' : 'pass';
  });
  wire.closers.push(proxy.close);
  return proxy.url;
}

async function record<Port extends object>(wire: Wire, name: string, port: Port, ways: Ways<Port>): Promise<void> {
  for (const method of Object.keys(port) as (keyof Port & string)[]) {
    wire.seen.length = 0;
    await ways[method]();
    wire.calls.set(`${name}.${method}`, new Set(wire.seen));
  }
}

async function ofTables(wire: Wire): Promise<void> {
  const dynamodb = await startDynamoDB();
  wire.closers.push(dynamodb.close);
  const endpoint = await listened(wire, 'dynamodb', `http://127.0.0.1:${dynamodb.port}`);
  const client = new DynamoDBClient({ ...CLIENT, endpoint });
  wire.closers.push(() => client.destroy());
  const settings = { client, clock: { now: () => 0 } };
  const one = createTable<Story, { job: number }>({ ...settings, table: 'history', key: ['job'] });
  await record(wire, 'history', one, waysOfTable(wire, one, { job: 1 }));
  for (const name of ['backlog', 'runners']) {
    // The same adapter: which of the two tables it is makes no difference to what it asks for.
    const list = createListTable<Place, { pool: string; job: number }>({
      ...settings,
      table: 'backlog',
      key: ['pool', 'job'],
    });
    const ways = { ...waysOfTable(wire, list, { pool: name, job: 1 }), list: () => list.list(name) };
    await record<ListTable<Place, { pool: string; job: number }>>(wire, name, list, ways);
  }
}

type Story = Versioned & { job: number };
type Place = Versioned & { pool: string; job: number };

function waysOfTable<Item extends Story>(
  wire: Wire,
  table: Table<Item, Omit<Item, 'version'>>,
  key: Omit<Item, 'version'>,
): Ways<Table<Item, Omit<Item, 'version'>>> {
  return {
    get: () => table.get(key),
    getMany: () => table.getMany([key]),
    put: async () => {
      // Repeated after a lost answer, it finds its own item.
      wire.lost.add('PutItem');
      await table.put({ ...key, job: 2 }, undefined);
    },
    remove: async () => {
      const stored = await table.get({ ...key, job: 2 });
      wire.seen.length = 0;
      if (stored === undefined || !(await table.remove(stored))) throw new Error('there was nothing to remove');
    },
  };
}

async function ofQueue(wire: Wire): Promise<void> {
  const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  wire.closers.push(() => server.stop());
  const { queueUrl: url } = server.createQueue('demand');
  const client = new SQSClient({ ...CLIENT, endpoint: await listened(wire, 'sqs', `http://127.0.0.1:${server.port}`) });
  wire.closers.push(() => client.destroy());
  const queue = createQueue({ client, url });
  const look = { body: { kind: 'look', pool: 'default' } } as const;
  await record<Queue>(wire, 'queue', queue, {
    send: async () => {
      await queue.send([look]);
      await queue.send([look, look]);
    },
  });
}

const REQUEST: TaskRequest = {
  name: 'gha-default-0-4711-1',
  taskDefinition: 'default',
  capacityProvider: 'spot',
  environment: {},
  tags: { pool: 'default' },
};

async function ofCluster(wire: Wire): Promise<void> {
  const simulated = aWorld({ container: runsFor(10 * SECOND) });
  const served = await serveEcs({ service: simulated.ecs, port: 0 });
  wire.closers.push(served.close);
  const client = new ECSClient({ ...CLIENT, endpoint: await listened(wire, 'ecs', served.url), maxAttempts: 1 });
  wire.closers.push(() => client.destroy());
  const cluster = createCluster({ client, cluster: CLUSTER });
  await record<Cluster>(wire, 'cluster', cluster, {
    runTask: async () => {
      await cluster.runTask(REQUEST);
      // Its name is taken by another call.
      await cluster.runTask({ ...REQUEST, environment: { OTHER: 'call' } });
      // The answer is that of a task which has stopped since.
      await simulated.pass(300 * SECOND);
      await cluster.runTask(REQUEST);
    },
    stopTask: () => cluster.stopTask(String(simulated.run().tasks[0]?.['taskArn']), 'enough'),
    describeTasks: () => cluster.describeTasks([String(simulated.run().tasks[0]?.['taskArn'])]),
    findTask: () => cluster.findTask(REQUEST.name),
    listTasks: () => cluster.listTasks(),
    closeInstance: () => cluster.closeInstance(String(simulated.ecs.instances()[0]?.['ec2InstanceId'])),
  });
}

async function ofCapacity(wire: Wire): Promise<void> {
  const simulated = aCapacityWorld({ instances: 1 });
  simulated.launch('default', SMALL.capacityProvider);
  await simulated.pass(120 * SECOND);
  const served = await serveEcs({ service: simulated.ecs, port: 0 });
  const groups = await serveAutoScaling(simulated.autoScaling);
  wire.closers.push(served.close, groups.close);
  const client = { ...CLIENT, maxAttempts: 1 };
  const ecs = new ECSClient({ ...client, endpoint: await listened(wire, 'ecs', served.url) });
  const endpoint = await listened(wire, 'autoscaling', groups.url);
  const autoScaling = new AutoScalingClient({ ...client, endpoint });
  wire.closers.push(
    () => ecs.destroy(),
    () => autoScaling.destroy(),
  );
  const capacity = createCapacity({ ecs, autoScaling, signal: new AbortController().signal });
  const instances = await capacity.containerInstances(CLUSTER);
  const group = await capacity.group(SMALL.autoScalingGroup);
  const arns = instances.kind === 'ok' ? instances.value.map(({ arn }) => arn) : [];
  const ids = group.kind === 'ok' ? group.value.instances.map(({ id }) => id) : [];
  const name = SMALL.autoScalingGroup;
  await record<Capacity>(wire, 'capacity', capacity, {
    livingTasks: () => capacity.livingTasks(CLUSTER),
    containerInstances: () => capacity.containerInstances(CLUSTER),
    drain: () => capacity.drain(CLUSTER, arns),
    activate: () => capacity.activate(CLUSTER, arns),
    group: () => capacity.group(name),
    protectNewInstances: () => capacity.protectNewInstances(name),
    leaveNewInstances: () => capacity.leaveNewInstances(name),
    protectInstances: () => capacity.protectInstances(name, ids),
    leaveInstances: () => capacity.leaveInstances(name, ids),
  });
}

/** No port of the world: what every function's configuration is read by. */
async function ofParameters(wire: Wire): Promise<void> {
  const server = await startParameters();
  wire.closers.push(server.close);
  const getParameters = createGetParameters({ ...CLIENT, endpoint: await listened(wire, 'ssm', server.endpoint) });
  await record(wire, 'parameters', { getParameters }, { getParameters: () => getParameters(['/a']) });
}
