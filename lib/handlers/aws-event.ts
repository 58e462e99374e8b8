/** What EventBridge puts into the queue: AWS's own events, as they are. */
import * as z from 'zod/mini';
import type { SpotWarning, TaskStopped } from '../core/message.ts';

export type AwsEvent = { kind: 'message'; message: TaskStopped | SpotWarning } | { kind: 'ignored'; reason: string };

const TASK_EVENT = 'ECS Task State Change';
const SPOT_EVENT = 'EC2 Spot Instance Interruption Warning';

/** Of all events (AWS docs, "Events in Amazon EventBridge"). */
const anySchema = z.object({ 'detail-type': z.string(), source: z.string(), detail: z.looseObject({}) });

/** AWS docs, "Amazon ECS task state change events". */
const taskSchema = z.object({
  taskArn: z.string(),
  lastStatus: z.string(),
  startedBy: z.optional(z.string()),
  stoppedReason: z.optional(z.string()),
  containerInstanceArn: z.optional(z.string()),
  containers: z.array(z.object({ exitCode: z.optional(z.int()), reason: z.optional(z.string()) })),
});

/** AWS docs, "Spot Instance interruption notices". */
const spotSchema = z.object({ 'instance-id': z.string(), 'instance-action': z.string() });

/**
 * `undefined`: it is none, or not as AWS documents it. Rules are the stack's and may be wider than what we act upon, so an
 * event of another kind is ignored: as a dead letter it would only raise an alarm.
 */
export function parseAwsEvent(content: unknown): AwsEvent | undefined {
  const event = anySchema.safeParse(content);
  if (!event.success) return undefined;
  const { 'detail-type': type, source, detail } = event.data;
  if (type === TASK_EVENT) return taskEvent(detail);
  if (type === SPOT_EVENT) return spotWarning(detail);
  return { kind: 'ignored', reason: `event ${quoted(type)} of ${quoted(source)} asks for nothing` };
}

function taskEvent(detail: unknown): AwsEvent | undefined {
  const task = taskSchema.safeParse(detail);
  if (!task.success) return undefined;
  const { lastStatus, taskArn } = task.data;
  if (lastStatus === 'STOPPED') return { kind: 'message', message: taskStopped(task.data) };
  return { kind: 'ignored', reason: `task ${quoted(taskArn)} is ${quoted(lastStatus)}: only stopped ones count` };
}

function taskStopped(detail: z.infer<typeof taskSchema>): TaskStopped {
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

function spotWarning(detail: unknown): AwsEvent | undefined {
  const warning = spotSchema.safeParse(detail);
  if (!warning.success) return undefined;
  const { 'instance-id': instance, 'instance-action': action } = warning.data;
  return { kind: 'message', message: { kind: 'spot-warning', instance, action } };
}

/** It is logged, and it came from outside. */
function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
