/** Lambda's event source mapping for a standard SQS queue: pollers that receive, invoke and delete. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { LOCAL_CLIENT } from './aws.ts';
import type { InvokeResult, LocalFunction } from './lambda.ts';
import type { LocalQueue } from './queue.ts';

export type QueueTriggerOptions = {
  queue: LocalQueue;
  target: Pick<LocalFunction, 'invoke'>;
  /** Batches in work at a time, each with a poller of its own (maximum concurrency). */
  concurrency: number;
  /** Simulated seconds per real second. */
  speed: number;
  /** For each message: after how many seconds it comes once more, whether it is removed or not; `undefined`: it does not. */
  comesAgain?: () => number | undefined;
  /** What went wrong outside of the function. */
  log: (line: string) => void;
};

/** Lambda docs, "Using Lambda with Amazon SQS": the default batch, without a batching window. */
const BATCH_MESSAGES_MAX = 10;
const LONG_POLL_SECONDS = 20;
/** Lambda backs off when invocations fail as a whole; the docs give no numbers. */
const BACK_OFF_SECONDS = [1, 2, 4, 8, 15, 30, 60] as const;
/** A throttled batch is tried again until its messages have become visible again. */
const THROTTLED_PAUSE_MS = 50;

export type Trigger = {
  /** Stops at once; what is in work comes back when its visibility time-out ends. */
  close(): Promise<void>;
};

export function startQueueTrigger(options: QueueTriggerOptions): Trigger {
  const stop = new AbortController();
  const pollers = Array.from({ length: options.concurrency }, () => poll(options, stop.signal));
  return {
    close: async () => {
      stop.abort();
      await Promise.all(pollers);
    },
  };
}

async function poll(options: QueueTriggerOptions, stopped: AbortSignal): Promise<void> {
  let failures = 0;
  while (!stopped.aborted) {
    try {
      const worked = await pollOnce(options, stopped);
      failures = worked ? 0 : failures + 1;
    } catch (error) {
      if (!stopped.aborted) options.log(`the queue's trigger: ${String(error)}`);
      failures += 1;
    }
    if (failures > 0) await backOff(options, failures, stopped);
  }
}

/** Says whether to go on at once: not after an invocation that failed as a whole. */
async function pollOnce(options: QueueTriggerOptions, stopped: AbortSignal): Promise<boolean> {
  const messages = await receive(options.queue, stopped);
  if (messages.length === 0) return true;
  await Promise.all(messages.map((message) => comeAgain(options, message)));
  const result = await invoke(options, messages, stopped);
  if (!result.ok) return false;
  const failed = failedMessages(result.payload, messages);
  await remove(
    options.queue,
    messages.filter(({ MessageId }) => !failed.has(MessageId)),
  );
  return true;
}

async function receive(queue: LocalQueue, stopped: AbortSignal): Promise<Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: queue.queueUrl,
    MaxNumberOfMessages: BATCH_MESSAGES_MAX,
    WaitTimeSeconds: LONG_POLL_SECONDS,
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: ['All'],
  });
  const { Messages } = await queue.client.send(command, { abortSignal: stopped });
  return Messages ?? [];
}

/** A standard queue delivers at least once. The copy counts its receives by itself. */
async function comeAgain({ queue, comesAgain }: QueueTriggerOptions, { Body = '' }: Message): Promise<void> {
  const delaySeconds = comesAgain?.();
  if (delaySeconds !== undefined) await queue.send(Body, delaySeconds);
}

async function invoke(
  { queue, target, speed }: QueueTriggerOptions,
  messages: readonly Message[],
  stopped: AbortSignal,
): Promise<InvokeResult> {
  const event: SQSEvent = { Records: messages.map((message) => record(queue, message)) };
  const until = Date.now() + (queue.visibilitySeconds * 1000) / speed;
  for (;;) {
    const result = await target.invoke(event);
    if (result.ok || !('throttled' in result) || Date.now() >= until || stopped.aborted) return result;
    await sleep(THROTTLED_PAUSE_MS);
  }
}

function record(queue: LocalQueue, message: Message): SQSRecord {
  const attributes = Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
    name,
    {
      ...(value.StringValue === undefined ? {} : { stringValue: value.StringValue }),
      ...(value.BinaryValue === undefined ? {} : { binaryValue: Buffer.from(value.BinaryValue).toString('base64') }),
      stringListValues: [],
      binaryListValues: [],
      dataType: value.DataType,
    },
  ]);
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: message.Attributes as SQSRecord['attributes'],
    messageAttributes: Object.fromEntries(attributes),
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: queue.queueArn,
    awsRegion: LOCAL_CLIENT.region,
  };
}

/**
 * With `ReportBatchItemFailures` an empty answer means that all succeeded; an answer that names no message of the
 * batch where it should means that all failed (Lambda docs, "Success and failure conditions").
 */
export function failedMessages(payload: unknown, messages: readonly Message[]): Set<string | undefined> {
  const ids = new Set(messages.map(({ MessageId }) => MessageId));
  if (payload === null || payload === undefined || payload === '') return new Set();
  const { batchItemFailures } = payload as { batchItemFailures?: { itemIdentifier?: string }[] | null };
  if (batchItemFailures === null || batchItemFailures === undefined) return new Set();
  if (!Array.isArray(batchItemFailures)) return ids;
  const named = batchItemFailures.map((failure) => failure?.itemIdentifier);
  return named.every((id) => id !== undefined && ids.has(id)) ? new Set(named) : ids;
}

async function remove(queue: LocalQueue, messages: readonly Message[]): Promise<void> {
  if (messages.length === 0) return;
  const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  await queue.client.send(new DeleteMessageBatchCommand({ QueueUrl: queue.queueUrl, Entries }));
}

async function backOff({ speed }: QueueTriggerOptions, failures: number, signal: AbortSignal): Promise<void> {
  const seconds = BACK_OFF_SECONDS[Math.min(failures, BACK_OFF_SECONDS.length) - 1] ?? 0;
  await sleep((seconds * 1000) / speed, undefined, { signal }).catch(() => {});
}
