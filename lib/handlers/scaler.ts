/** An SQS batch: each message is parsed, and answered, by itself. */
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import type { Message, TaskStopped } from '../core/message.ts';
import type { Config } from '../flows/config.ts';
import { worldFor } from '../flows/observe.ts';
import type { Received } from '../flows/scale.ts';
import { scale } from '../flows/scale.ts';
import type { World } from '../world.ts';

export function scalerHandler(
  world: World,
  readConfig: () => Promise<Config>,
): (event: SQSEvent) => Promise<SQSBatchResponse> {
  return async ({ Records }) => {
    const config = await readConfig();
    const failed = await scale(worldFor(world, config), config, Records.map(parseRecord));
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

const jobSchema = z.object({
  kind: z.literal('job'),
  delivery: z.string(),
  receivedAt: z.number(),
  event: z.object({
    job: z.int(),
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
const messageSchema = z.discriminatedUnion('kind', [jobSchema, lookSchema]);

/** EventBridge puts ECS's own event into the queue (AWS docs: ECS task state change events). */
const taskSchema = z.object({
  'detail-type': z.literal('ECS Task State Change'),
  detail: z.object({
    taskArn: z.string(),
    lastStatus: z.string(),
    startedBy: z.optional(z.string()),
    stoppedReason: z.optional(z.string()),
    containerInstanceArn: z.optional(z.string()),
    containers: z.array(z.object({ exitCode: z.optional(z.int()), reason: z.optional(z.string()) })),
  }),
});

function parseRecord({ messageId, body }: SQSRecord): Received {
  const content = parseJson(body);
  const message = messageSchema.safeParse(content);
  if (message.success) return { id: messageId, message: message.data satisfies Message };
  const task = taskSchema.safeParse(content);
  if (task.success && task.data.detail.lastStatus === 'STOPPED') {
    return { id: messageId, message: taskStopped(task.data.detail) };
  }
  const problem = task.success ? 'a task event that is not of a stopped task' : 'neither an event nor a look';
  return { id: messageId, problem: `message ${messageId} cannot be understood: ${problem}` };
}

function taskStopped(detail: z.infer<typeof taskSchema>['detail']): TaskStopped {
  const container = detail.containers[0];
  const reasons = [detail.stoppedReason, container?.reason].filter((reason) => reason !== undefined);
  return {
    kind: 'task-stopped',
    taskArn: detail.taskArn,
    startedBy: detail.startedBy ?? '',
    ...(container?.exitCode !== undefined && { exitCode: container.exitCode }),
    ...(detail.containerInstanceArn === undefined && { neverPlaced: true }),
    stoppedReason: reasons.join('; ') || 'no reason given',
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
