import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { createQueue } from '../../lib/live/queue.ts';
import type { Queue } from '../../lib/world.ts';
import { startProxy, type WireProxy } from '../support/proxy.ts';
import { sqsClient } from '../support/sqs.ts';

const body = { kind: 'look', pool: 'default' } as const;

let server: FauxqsServer;
let proxy: WireProxy;
let queue: Queue;
let client: ReturnType<typeof sqsClient>;
beforeEach(async () => {
  server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  const { queueUrl } = server.createQueue('demand', { attributes: { MaximumMessageSize: '1024' } });
  proxy = await startProxy(`http://127.0.0.1:${server.port}`, () => 'pass');
  client = sqsClient(proxy.url);
  queue = createQueue({ client, url: queueUrl });
});
afterEach(async () => {
  client.destroy();
  await proxy.close();
  await server.stop();
});

// fauxqs takes groups on a standard queue and forgets them: what counts is what was sent.
test.each<{ name: string; group: string; sent: string | undefined }>([
  { name: 'a repository is a tenant', group: 'octo-org/hello_world.js', sent: 'octo-org/hello_world.js' },
  { name: 'what SQS does not take becomes _', group: 'a b\nä', sent: 'a_b__' },
  { name: 'at most 128 characters', group: 'x'.repeat(200), sent: 'x'.repeat(128) },
  { name: 'an empty one is none', group: '', sent: undefined },
])('group: $name', async ({ group, sent }) => {
  await queue.send([{ body, group }]);
  await queue.send([{ body, group }, { body }]);
  const [single, batch] = proxy.seen.map((seen) => JSON.parse(seen.body));
  expect(single.MessageGroupId).toBe(sent);
  expect(batch.Entries.map((entry: { MessageGroupId?: string }) => entry.MessageGroupId)).toEqual([sent, undefined]);
});

test('one message costs one call, 35 cost four', async () => {
  await queue.send([{ body }]);
  await queue.send(Array.from({ length: 35 }, () => ({ body })));
  expect(proxy.seen.map(({ operation }) => operation)).toEqual([
    'SendMessage',
    ...Array.from({ length: 4 }, () => 'SendMessageBatch'),
  ]);
});

test('one refused message of several is an exception', async () => {
  const tooLong = { kind: 'look', pool: 'x'.repeat(2000) } as const;
  await expect(queue.send([{ body }, { body: tooLong }])).rejects.toThrow('1 of 2 messages were refused');
  await expect(queue.send([{ body: tooLong }])).rejects.toThrow();
});
