import { DeleteMessageCommand, type Message, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, expect, test } from '@jest/globals';
import type { SQSEvent } from 'aws-lambda';
import type { InvokeResult } from '../../lib/local/lambda.ts';
import { type LocalQueue, type QueueOptions, startQueue } from '../../lib/local/queue.ts';
import { failedMessages, startQueueTrigger, type Trigger } from '../../lib/local/queue-trigger.ts';

const closing: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close();
});

const SPEED = 200;

async function aQueue(overrides: Partial<QueueOptions> = {}): Promise<LocalQueue> {
  const queue = await startQueue({ time: { originMs: Date.now(), speed: SPEED }, visibilitySeconds: 60, ...overrides });
  closing.push(queue);
  return queue;
}

function trigger(queue: LocalQueue, invoke: (event: SQSEvent) => Promise<InvokeResult>): Trigger {
  const target = { invoke: (event: unknown) => invoke(event as SQSEvent) };
  const started = startQueueTrigger({ queue, target, concurrency: 3, speed: SPEED, log: () => {} });
  closing.push(started);
  return started;
}

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function receiveOne(queue: LocalQueue): Promise<Message> {
  const command = new ReceiveMessageCommand({ QueueUrl: queue.queueUrl, WaitTimeSeconds: 20 });
  const [message] = (await queue.client.send(command)).Messages ?? [];
  if (message === undefined) throw new Error('nothing within 20 s');
  return message;
}

const nothingLeft = { visible: 0, inFlight: 0, delayed: 0, deadLetters: 0 };

test('a delay of 15 minutes and a visibility time-out pass at the shared speed', async () => {
  const queue = await aQueue({ time: { originMs: Date.now(), speed: 1000 } });
  await queue.client.send(
    new SendMessageCommand({
      QueueUrl: queue.queueUrl,
      MessageBody: 'look',
      DelaySeconds: 900,
      MessageGroupId: 'octo/app',
    }),
  );
  expect(await queue.counts()).toMatchObject({ delayed: 1, visible: 0 });
  const first = await receiveOne(queue);
  const again = await receiveOne(queue);
  expect([first.Body, again.Body]).toEqual(['look', 'look']);
  expect(again.ReceiptHandle).not.toBe(first.ReceiptHandle);
  await queue.client.send(new DeleteMessageCommand({ QueueUrl: queue.queueUrl, ReceiptHandle: again.ReceiptHandle }));
  expect(await queue.counts()).toEqual(nothingLeft);
});

test('the function gets the shape of Lambda, up to ten messages at a time, and successes are deleted', async () => {
  const queue = await aQueue();
  await Promise.all(Array.from({ length: 25 }, (_, index) => queue.send(`message ${index}`)));
  const records: SQSEvent['Records'] = [];
  trigger(queue, async (event) => {
    expect(event.Records.length).toBeLessThanOrEqual(10);
    records.push(...event.Records);
    return { ok: true, payload: { batchItemFailures: [] } };
  });
  await until(async () => records.length === 25 && (await queue.counts()).inFlight === 0);
  expect(await queue.counts()).toEqual(nothingLeft);
  expect(new Set(records.map(({ body }) => body)).size).toBe(25);
  expect(records[0]).toEqual({
    messageId: expect.any(String),
    receiptHandle: expect.any(String),
    body: expect.stringMatching(/^message \d+$/),
    attributes: expect.objectContaining({
      ApproximateReceiveCount: '1',
      SentTimestamp: expect.stringMatching(/^\d{13}$/),
    }),
    messageAttributes: {},
    md5OfBody: expect.stringMatching(/^[0-9a-f]{32}$/),
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:demand',
    awsRegion: 'us-east-1',
  });
});

test('a message that fails alone comes back alone and ends as a dead letter', async () => {
  const queue = await aQueue();
  await Promise.all(['good 1', 'bad', 'good 2'].map((body) => queue.send(body)));
  const bodies: string[] = [];
  trigger(queue, async ({ Records }) => {
    bodies.push(...Records.map(({ body }) => body));
    const failed = Records.filter(({ body }) => body === 'bad');
    return {
      ok: true,
      payload: { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) },
    };
  });
  await until(async () => (await queue.counts()).deadLetters === 1);
  expect(bodies.toSorted()).toEqual(['bad', 'bad', 'bad', 'bad', 'bad', 'good 1', 'good 2']);
  expect(await queue.counts()).toEqual({ ...nothingLeft, deadLetters: 1 });
});

test('a batch whose function throws comes back as a whole', async () => {
  const queue = await aQueue();
  await queue.send('one');
  let calls = 0;
  trigger(queue, async () => {
    calls += 1;
    return calls === 1
      ? { ok: false, error: { errorType: 'Error', errorMessage: 'no table' } }
      : { ok: true, payload: null };
  });
  await until(async () => calls === 2 && (await queue.counts()).inFlight === 0);
  expect(await queue.counts()).toEqual(nothingLeft);
});

test('a throttled batch is tried again while nobody else can see its messages', async () => {
  const queue = await aQueue();
  await queue.send('one');
  const receipts = new Set<string | undefined>();
  let calls = 0;
  trigger(queue, async ({ Records }) => {
    receipts.add(Records[0]?.receiptHandle);
    calls += 1;
    return calls === 1
      ? { ok: false, throttled: true, error: { errorType: 'TooManyRequestsException', errorMessage: '' } }
      : { ok: true, payload: {} };
  });
  await until(async () => calls === 2 && (await queue.counts()).inFlight === 0);
  expect(receipts.size).toBe(1);
});

const messages = [{ MessageId: 'a' }, { MessageId: 'b' }];
const answers: [name: string, payload: unknown, failed: string[]][] = [
  ['nothing', null, []],
  ['an empty object', {}, []],
  ['no list', { batchItemFailures: null }, []],
  ['an empty list', { batchItemFailures: [] }, []],
  ['one of them', { batchItemFailures: [{ itemIdentifier: 'b' }] }, ['b']],
  ['an empty identifier', { batchItemFailures: [{ itemIdentifier: '' }] }, ['a', 'b']],
  ['a null identifier', { batchItemFailures: [{ itemIdentifier: null }] }, ['a', 'b']],
  ['a wrong key', { batchItemFailures: [{ messageId: 'a' }] }, ['a', 'b']],
  ['a stranger', { batchItemFailures: [{ itemIdentifier: 'a' }, { itemIdentifier: 'c' }] }, ['a', 'b']],
  ['something else than a list', { batchItemFailures: 'a' }, ['a', 'b']],
];

test.each(answers)('an answer that names %s', (_, payload, failed) => {
  expect([...failedMessages(payload, messages)]).toEqual(failed);
});
