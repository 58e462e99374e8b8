/** An SQS batch: each message is parsed, and answered, by itself. */
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import type { Message } from '../core/message.ts';
import { withinBudget } from '../flows/budgeted.ts';
import type { Config } from '../flows/config.ts';
import { worldFor } from '../flows/observe.ts';
import type { Received } from '../flows/scale.ts';
import { scale } from '../flows/scale.ts';
import type { World } from '../world.ts';
import { parseAwsEvent } from './aws-event.ts';

export function scalerHandler(
  world: World,
  readConfig: () => Promise<Config>,
): (event: SQSEvent) => Promise<SQSBatchResponse> {
  return async ({ Records }) => {
    const config = await readConfig();
    const failed = await scale(withinBudget(worldFor(world, config)), config, Records.map(parseRecord));
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

const jobSchema = z.object({
  kind: z.literal('job'),
  delivery: z.string(),
  receivedAt: z.number(),
  event: z.object({
    job: z.int(),
    run: z.exactOptional(z.int()),
    attempt: z.int(),
    state: z.enum(['queued', 'in_progress', 'completed']),
    installation: z.int(),
    owner: z.string(),
    repository: z.string(),
    ownerIsUser: z.boolean(),
    labels: z.array(z.string()),
    name: z.string(),
    createdAt: z.number(),
    runnerName: z.exactOptional(z.string()),
    conclusion: z.exactOptional(z.string()),
  }),
});
const lookSchema = z.object({ kind: z.literal('look'), pool: z.string() });
const leavingSchema = z.object({
  kind: z.literal('instance-leaving'),
  instance: z.string(),
  isSpot: z.boolean(),
  reason: z.string(),
  since: z.exactOptional(z.number()),
});
const messageSchema = z.discriminatedUnion('kind', [jobSchema, lookSchema, leavingSchema]);

function parseRecord({ messageId, body }: SQSRecord): Received {
  const content = parseJson(body);
  const message = messageSchema.safeParse(content);
  if (message.success) return { id: messageId, message: message.data satisfies Message };
  const event = parseAwsEvent(content);
  if (event?.kind === 'message') return { id: messageId, message: event.message };
  if (event?.kind === 'ignored') return { id: messageId, ignored: event.reason };
  return { id: messageId, problem: `message ${messageId} cannot be understood: it is neither an event nor a look` };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
