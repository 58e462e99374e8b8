/** The queue in SQS: a standard queue with fair-queue tenants. */
import {
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Queue } from '../world.ts';

/** SQS docs: at most 10 messages in a batch. */
const BATCH_MESSAGES_MAX = 10;
/** SQS docs: DelaySeconds is 0 … 900. */
const DELAY_SECONDS_MAX = 900;
/** SQS docs: MessageGroupId has up to 128 letters, digits and punctuation marks. */
const GROUP_CHARACTERS_MAX = 128;

type Sent = Parameters<Queue['send']>[0][number];

/** `send` throws when one message of several was refused too: whoever sends again sends all again. */
export function createQueue({ client, url }: { client: SQSClient; url: string }): Queue {
  return {
    send: async (messages) => {
      const [first] = messages;
      if (first === undefined) return;
      if (messages.length === 1) {
        await client.send(new SendMessageCommand({ QueueUrl: url, ...entry(first) }));
        return;
      }
      for (let start = 0; start < messages.length; start += BATCH_MESSAGES_MAX) {
        await sendBatch(client, url, messages.slice(start, start + BATCH_MESSAGES_MAX));
      }
    },
  };
}

async function sendBatch(client: SQSClient, url: string, messages: readonly Sent[]): Promise<void> {
  const Entries: SendMessageBatchRequestEntry[] = messages.map((message, index) => ({
    Id: String(index),
    ...entry(message),
  }));
  const answer = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
  const failed = answer.Failed ?? [];
  if (failed.length > 0) {
    const codes = [...new Set(failed.map(({ Code }) => Code))].join(', ');
    throw new Error(`sending to the queue: ${failed.length} of ${messages.length} messages were refused (${codes})`);
  }
}

function entry({ body, delaySeconds, group }: Sent) {
  return {
    MessageBody: json(body),
    ...(delaySeconds === undefined ? {} : { DelaySeconds: wholeDelaySeconds(delaySeconds) }),
    ...(group === undefined || group === '' ? {} : { MessageGroupId: tenant(group) }),
  };
}

/**
 * SQS docs, SendMessage: only XML's characters. JSON leaves two that are none (U+FFFE, U+FFFF); surrogates, of which
 * pictures in a job's name are made, are escaped as well, because not every SQS takes them.
 */
function json(body: unknown): string {
  return JSON.stringify(body).replaceAll(
    /[\ud800-\udfff\ufffe\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16)}`,
  );
}

/** Rounded up: early is before the moment that the sender meant. */
function wholeDelaySeconds(delaySeconds: number): number {
  return Math.min(DELAY_SECONDS_MAX, Math.max(0, Math.ceil(delaySeconds)));
}

/** What SQS does not allow becomes `_`: two tenants that fall together share their fairness, nothing worse. */
function tenant(group: string): string {
  return group.replaceAll(/[^!-~]/g, '_').slice(0, GROUP_CHARACTERS_MAX);
}
