/**
 * Run as a bundle in a process of its own: CPU of the webhook's handler per event. Configuration and log are the real
 * ones; the queue does nothing, or is the real one with a client that never leaves the process.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SQSClient } from '@aws-sdk/client-sqs';
import { HttpResponse } from '@smithy/core/transport';
import { webhookConfig } from '../../handlers/read-config.ts';
import { webhookHandler } from '../../handlers/webhook.ts';
import { createLog } from '../../live/log.ts';
import { createQueue } from '../../live/queue.ts';
import type { Queue } from '../../world.ts';
import { median } from './median.ts';
import type { WebhookInput } from './webhook-input.ts';

/** Until the functions are compiled and the heap has its size. */
const WARM_UP_EVENTS = 4_000;
const ROUNDS = 9;
const ROUND_EVENTS = 1_500;

async function microsecondsPerEvent(input: WebhookInput, throughSdk: boolean): Promise<number> {
  // The time stands still, so that every message is the same and the stub's answer can be.
  const world = {
    queue: throughSdk ? stubbedQueue() : silentQueue,
    clock: { now: () => 0 },
    log: createLog({ service: 'webhook' }),
  };
  const values = { ...input.pools, 'webhook-secrets': JSON.stringify([input.secret]) };
  const handler = webhookHandler(
    world,
    webhookConfig(async () => values, 'bench'),
  );
  const answer = await handler(input.event);
  const { status } = JSON.parse(answer.body ?? '{}') as { status?: string };
  if (status !== input.expected) throw new Error(`the event was ${status}, and should be ${input.expected}`);
  const run = async (events: number) => {
    const before = process.cpuUsage();
    for (let event = 0; event < events; event++) await handler(input.event);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / events;
  };
  await run(WARM_UP_EVENTS);
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await run(ROUND_EVENTS));
  return median(rounds);
}

const silentQueue: Queue = { send: async () => {} };

/** The SDK makes, signs and reads everything as always; its answer is made once, since the SDK compares checksums. */
function stubbedQueue(): Queue {
  let body: Uint8Array | undefined;
  const handle = async (request: { body?: Uint8Array | string }) => {
    body ??= sqsAnswer(request.body ?? '');
    return {
      response: new HttpResponse({ statusCode: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body }),
    };
  };
  return createQueue({
    client: new SQSClient({ requestHandler: { handle } }),
    url: 'https://sqs.us-east-1.amazonaws.com/000000000000/demand',
  });
}

function sqsAnswer(sent: Uint8Array | string): Uint8Array {
  const { MessageBody } = JSON.parse(Buffer.from(sent).toString('utf8')) as { MessageBody: string };
  const MD5OfMessageBody = createHash('md5').update(MessageBody).digest('hex');
  return Buffer.from(JSON.stringify({ MessageId: 'e0c3e2b4-5b1c-4d4e-9d1c-2f6a5f0f1a11', MD5OfMessageBody }));
}

const [, , inputFile = '', queueKind] = process.argv;
process.send?.(await microsecondsPerEvent(JSON.parse(readFileSync(inputFile, 'utf8')), queueKind === 'sdk'));
process.disconnect?.();
