/** The tables in DynamoDB: strongly consistent reads, every write conditional on what was read. */
import { randomUUID } from 'node:crypto';
import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import type { Clock, ListTable, Table, Versioned } from '../world.ts';
import { type Attributes, attributes, attributeValue, plainItem } from './attributes.ts';

/** DynamoDB docs, BatchGetItem: at most 100 keys in a call. */
const BATCH_KEYS_MAX = 100;
/** Unprocessed keys come back under throttling; after so many calls without progress the whole read fails. */
const BATCH_ATTEMPTS_MAX = 5;
const BATCH_PAUSE_MS = 50;

export type TableSettings<Key> = {
  client: DynamoDBClient;
  /** Name of the table. */
  table: string;
  /** Names of the key's fields: the partition key, then the sort key. */
  key: readonly (keyof Key & string)[];
  clock: Clock;
};

/** Every method throws when DynamoDB cannot be reached or refuses the call. */
export function createTable<Item extends Versioned, Key extends object>(
  settings: TableSettings<Key>,
): Table<Item, Key> {
  return {
    get: (key) => get<Item>(settings, key),
    getMany: (keys) => getMany<Item, Key>(settings, keys),
    put: (item, previous) => put<Item, Key>(settings, item, previous),
    remove: (item) => remove(settings, item),
  };
}

/** The partition key is the field `pool`; the second one is a number. */
export function createListTable<Item extends Versioned, Key extends { pool: string }>(
  settings: TableSettings<Key>,
): ListTable<Item, Key> {
  return {
    ...createTable<Item, Key>(settings),
    list: (pool, options) => list<Item, Key>(settings, pool, options ?? {}),
  };
}

async function get<Item>(settings: TableSettings<never>, key: object): Promise<Item | undefined> {
  const { client, table } = settings;
  const answer = await client.send(
    new GetItemCommand({ TableName: table, Key: keyOf(settings, key), ConsistentRead: true }),
  );
  return present<Item>(settings, answer.Item === undefined ? [] : [answer.Item])[0];
}

async function getMany<Item, Key extends object>(settings: TableSettings<Key>, keys: readonly Key[]): Promise<Item[]> {
  // DynamoDB refuses a batch that names a key twice.
  const wanted = new Map(keys.map((key) => [JSON.stringify(keyOf(settings, key)), keyOf(settings, key)]));
  const distinct = [...wanted.values()];
  const items: Item[] = [];
  for (let start = 0; start < distinct.length; start += BATCH_KEYS_MAX) {
    const found = await batch(settings, distinct.slice(start, start + BATCH_KEYS_MAX));
    items.push(...present<Item>(settings, found));
  }
  return items;
}

async function batch<Key>({ client, table }: TableSettings<Key>, keys: Attributes[]): Promise<Attributes[]> {
  const found: Attributes[] = [];
  let left = keys;
  for (let attempt = 1; left.length > 0; attempt++) {
    if (attempt > BATCH_ATTEMPTS_MAX) throw new Error(`reading ${table}: ${left.length} keys stay unprocessed`);
    if (attempt > 1) await new Promise((resolve) => setTimeout(resolve, BATCH_PAUSE_MS * 2 ** attempt));
    const answer = await client.send(
      new BatchGetItemCommand({ RequestItems: { [table]: { Keys: left, ConsistentRead: true } } }),
    );
    found.push(...(answer.Responses?.[table] ?? []));
    left = answer.UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return found;
}

async function put<Item extends Versioned, Key extends object>(
  settings: TableSettings<Key>,
  item: Omit<Item, 'version'>,
  previous: Item | undefined,
): Promise<Item | undefined> {
  const written = { ...item, version: randomUUID() };
  const write = new PutItemCommand({
    TableName: settings.table,
    Item: attributes(written),
    ...(previous === undefined ? ifAbsent(settings) : ifStill(previous)),
  });
  return (await applied(settings, written, () => settings.client.send(write)))
    ? (plainItem(attributes(written)) as Item)
    : undefined;
}

/** An expired item is not there, although DynamoDB deletes it only within days. */
function ifAbsent<Key>({ key, clock }: TableSettings<Key>) {
  return {
    ConditionExpression: 'attribute_not_exists(#key) OR #expiresAt <= :now',
    ExpressionAttributeNames: { '#key': String(key[0]), '#expiresAt': 'expiresAt' },
    ExpressionAttributeValues: { ':now': attributeValue(nowSeconds(clock)) },
  };
}

function ifStill(item: Versioned) {
  return {
    ConditionExpression: '#version = :version',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':version': attributeValue(item.version) },
  };
}

/**
 * False if the condition failed. The SDK repeats a call whose answer was lost; if that one had been applied, the
 * repetition meets our own item, which is not a lost race.
 */
async function applied<Key extends object>(
  settings: TableSettings<Key>,
  written: Versioned,
  write: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    if ((error.$metadata.attempts ?? 1) < 2) return false;
    const stored = await get<Versioned>(settings, written);
    return stored?.version === written.version;
  }
}

/**
 * After a lost answer the repetition finds nothing, which looks like somebody else's removal: then this says false,
 * as a caller that died after the removal would have said nothing either.
 */
async function remove<Key>(settings: TableSettings<Key>, item: Versioned): Promise<boolean> {
  try {
    await settings.client.send(
      new DeleteItemCommand({ TableName: settings.table, Key: keyOf(settings, item), ...ifStill(item) }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

async function list<Item, Key>(
  settings: TableSettings<Key>,
  pool: string,
  { limit = Number.POSITIVE_INFINITY, after }: { limit?: number; after?: number },
): Promise<Item[]> {
  const items: Item[] = [];
  let start: Attributes | undefined;
  do {
    if (items.length >= limit) break;
    const answer = await settings.client.send(
      new QueryCommand({
        ...range(settings, pool, after),
        ...(Number.isFinite(limit) ? { Limit: limit - items.length } : {}),
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      }),
    );
    items.push(...present<Item>(settings, answer.Items ?? []));
    start = answer.LastEvaluatedKey;
  } while (start !== undefined);
  return items;
}

function range<Key>({ table, key }: TableSettings<Key>, pool: string, after: number | undefined) {
  const later = after !== undefined;
  return {
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: later ? '#pool = :pool AND #second > :after' : '#pool = :pool',
    // By alias: `pool` is a reserved word of DynamoDB.
    ExpressionAttributeNames: { '#pool': String(key[0]), ...(later ? { '#second': String(key[1]) } : {}) },
    ExpressionAttributeValues: { ':pool': attributeValue(pool), ...(later ? { ':after': attributeValue(after) } : {}) },
  };
}

function present<Item>({ clock }: { clock: Clock }, stored: Attributes[]): Item[] {
  const now = nowSeconds(clock);
  return stored.map(plainItem).filter(({ expiresAt }) => typeof expiresAt !== 'number' || expiresAt > now) as Item[];
}

function keyOf<Key>({ key }: TableSettings<Key>, item: object): Attributes {
  const fields = new Map(Object.entries(item));
  return attributes(Object.fromEntries(key.map((name) => [name, fields.get(name)])));
}

function nowSeconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000);
}
