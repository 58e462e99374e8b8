import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { attributes, attributeValue, plainItem } from '../../lib/live/attributes.ts';
import { createTable } from '../../lib/live/tables.ts';
import type { Table, Versioned } from '../../lib/world.ts';
import { dynamoDBClient, type LocalDynamoDB, startDynamoDB } from '../support/dynamodb.ts';
import { type Fate, type Seen, startProxy, type WireProxy } from '../support/proxy.ts';

type Story = Versioned & { job: number; reason: string };

describe('a table whose answers are lost', () => {
  let dynamodb: LocalDynamoDB;
  const closing: (() => Promise<void> | void)[] = [];
  let proxy: WireProxy;
  beforeAll(async () => {
    dynamodb = await startDynamoDB();
  });
  afterAll(() => dynamodb.close());
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  /** The first request of the operation meets that fate, `between` happens, and the SDK repeats it. */
  async function tableThrough(operation: string, fate: Fate): Promise<Table<Story, { job: number }>> {
    let left = 1;
    proxy = await startProxy(`http://127.0.0.1:${dynamodb.port}`, (seen: Seen) =>
      seen.operation === operation && left-- > 0 ? fate : 'pass',
    );
    const client = dynamoDBClient(proxy.url);
    closing.push(proxy.close, () => client.destroy());
    return createTable({ client, table: 'history', key: ['job'], clock: { now: () => 0 } });
  }

  const direct = () =>
    createTable<Story, { job: number }>({
      client: dynamodb.client,
      table: 'history',
      key: ['job'],
      clock: { now: () => 0 },
    });

  test('a put that was done and repeated is no lost race', async () => {
    const table = await tableThrough('PutItem', 'lose answer');
    const put = await table.put({ job: 1, reason: 'mine' }, undefined);
    expect(put).toMatchObject({ job: 1, reason: 'mine' });
    expect(await direct().get({ job: 1 })).toEqual(put);
    expect(proxy.seen.map(({ operation }) => operation)).toEqual(['PutItem', 'PutItem', 'GetItem']);
  });

  test('a put that was never done and is repeated is done once', async () => {
    const table = await tableThrough('PutItem', 'lose request');
    const put = await table.put({ job: 2, reason: 'mine' }, undefined);
    expect(await direct().get({ job: 2 })).toEqual(put);
  });

  test('a put that lost its race loses it, whatever was repeated', async () => {
    const theirs = await direct().put({ job: 3, reason: 'theirs' }, undefined);
    const table = await tableThrough('PutItem', 'lose answer');
    expect(await table.put({ job: 3, reason: 'mine' }, undefined)).toBeUndefined();
    expect(await direct().get({ job: 3 })).toEqual(theirs);
  });

  test('a lost race costs no further call', async () => {
    await direct().put({ job: 4, reason: 'theirs' }, undefined);
    const table = await tableThrough('none', 'pass');
    expect(await table.put({ job: 4, reason: 'mine' }, undefined)).toBeUndefined();
    expect(proxy.seen).toHaveLength(1);
  });

  test('a table that is not there is an exception, not an absent item', async () => {
    const nowhere = createTable({
      client: dynamodb.client,
      table: 'nowhere',
      key: ['job'],
      clock: { now: () => 0 },
    });
    await expect(nowhere.get({ job: 1 })).rejects.toThrow();
    await expect(nowhere.put({ job: 1 }, undefined)).rejects.toThrow();
    await expect(nowhere.getMany([{ job: 1 }])).rejects.toThrow();
  });
});

describe('attributes', () => {
  test('JSON comes back as it was', () => {
    const item = {
      text: '',
      number: -1.5e-7,
      yes: true,
      no: false,
      nothing: null,
      list: [1, ['a', {}], []],
      deep: { a: { b: '' } },
    };
    expect(plainItem(attributes(item))).toStrictEqual(item);
  });

  test.each([() => 1, Symbol('no'), Number.NaN, Number.POSITIVE_INFINITY, 1n])('%p is not JSON', (value) => {
    expect(() => attributeValue(value)).toThrow('JSON only');
  });
});
