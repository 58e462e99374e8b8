/** The three tables behind a real DynamoDB API (dynalite). */
import {
  type AttributeValue,
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  paginateScan,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { LOCAL_CLIENT } from './aws.ts';
import type { SharedTime } from './shared-time.ts';
import { startWorkerServer } from './worker.ts';

export type TableName = 'history' | 'backlog' | 'runners';

export type LocalTables = {
  endpoint: string;
  /** The table's name at the API. */
  names: Record<TableName, string>;
  client: DynamoDBClient;
  close(): Promise<void>;
};

const KEYS: Record<TableName, { hash: Key; range?: Key }> = {
  history: { hash: { name: 'job', type: 'N' } },
  backlog: { hash: { name: 'pool', type: 'S' }, range: { name: 'job', type: 'N' } },
  runners: { hash: { name: 'pool', type: 'S' }, range: { name: 'place', type: 'N' } },
};

type Key = { name: string; type: 'S' | 'N' };

export async function startTables(time: SharedTime): Promise<LocalTables> {
  const server = await startWorkerServer('./tables-worker.ts', time);
  const endpoint = `http://127.0.0.1:${server.port}`;
  const client = new DynamoDBClient({ ...LOCAL_CLIENT, endpoint });
  const names = { history: 'history', backlog: 'backlog', runners: 'runners' };
  await Promise.all(Object.entries(KEYS).map(([name, keys]) => createTable(client, name, keys)));
  return {
    endpoint,
    names,
    client,
    close: async () => {
      client.destroy();
      await server.close();
    },
  };
}

async function createTable(client: DynamoDBClient, name: string, keys: { hash: Key; range?: Key }): Promise<void> {
  const { hash, range } = keys;
  const all = range === undefined ? [hash] : [hash, range];
  const input: CreateTableCommandInput = {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: all.map((key) => ({ AttributeName: key.name, AttributeType: key.type })),
    KeySchema: all.map((key) => ({ AttributeName: key.name, KeyType: key === hash ? 'HASH' : 'RANGE' })),
  };
  await client.send(new CreateTableCommand(input));
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 1, maxDelay: 1 }, { TableName: name });
}

/** All items of a table as plain data. */
export async function readAll(tables: LocalTables, name: TableName): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = [];
  const input = { TableName: tables.names[name], ConsistentRead: true };
  for await (const page of paginateScan({ client: tables.client }, input)) {
    items.push(...(page.Items ?? []).map((item) => plain({ M: item }) as Record<string, unknown>));
  }
  return items;
}

/** Our tables hold JSON only. */
function plain(value: AttributeValue): unknown {
  if (value.M !== undefined) return Object.fromEntries(Object.entries(value.M).map(([key, one]) => [key, plain(one)]));
  if (value.L !== undefined) return value.L.map(plain);
  if (value.N !== undefined) return Number(value.N);
  return value.NULL === true ? null : (value.S ?? value.BOOL);
}
