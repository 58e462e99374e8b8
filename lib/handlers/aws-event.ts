/** What EventBridge puts into the queue: AWS's own events, as they are. */
import * as z from 'zod/mini';
import { isLost } from '../core/interruption.ts';
import type { InstanceLeaving, TaskStopped } from '../core/message.ts';

export type AwsEvent =
  | { kind: 'message'; message: TaskStopped | InstanceLeaving }
  | { kind: 'ignored'; reason: string };

const TASK_EVENT = 'ECS Task State Change';
const SPOT_EVENT = 'EC2 Spot Instance Interruption Warning';
const INSTANCE_EVENT = 'EC2 Instance State-change Notification';

/** Of all events (AWS docs, "Events in Amazon EventBridge"). */
const anySchema = z.object({ 'detail-type': z.string(), source: z.string(), detail: z.looseObject({}) });

/** AWS docs, "Amazon ECS task state change events". */
const taskSchema = z.object({
  taskArn: z.string(),
  lastStatus: z.string(),
  startedBy: z.optional(z.string()),
  stopCode: z.optional(z.string()),
  stoppedReason: z.optional(z.string()),
  stoppedAt: z.optional(z.string()),
  containerInstanceArn: z.optional(z.string()),
  containers: z.array(z.object({ exitCode: z.optional(z.int()), reason: z.optional(z.string()) })),
});

/** AWS docs, "Spot Instance interruption notices". */
const spotSchema = z.object({ 'instance-id': z.string(), 'instance-action': z.string() });

/** AWS docs, "State change events for your instances". */
const instanceSchema = z.object({ 'instance-id': z.string(), state: z.string() });
const ON_ITS_WAY_OUT = ['shutting-down', 'stopping'];

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
  if (type === INSTANCE_EVENT) return instanceLeaving(detail);
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
  const stoppedAt = Date.parse(detail.stoppedAt ?? '');
  return {
    kind: 'task-stopped',
    taskArn: detail.taskArn,
    startedBy: detail.startedBy ?? '',
    ...(container?.exitCode !== undefined && { exitCode: container.exitCode }),
    ...(detail.containerInstanceArn === undefined && { neverPlaced: true }),
    ...(isLost({ ...detail, exitCode: container?.exitCode }) && { lost: true }),
    ...(!Number.isNaN(stoppedAt) && { stoppedAt }),
    stoppedReason: reasons.join('; ') || 'no reason given',
  };
}

function spotWarning(detail: unknown): AwsEvent | undefined {
  const warning = spotSchema.safeParse(detail);
  if (!warning.success) return undefined;
  const { 'instance-id': instance, 'instance-action': action } = warning.data;
  const reason = `EC2 is about to ${action} this Spot instance`;
  return { kind: 'message', message: { kind: 'instance-leaving', instance, isSpot: true, reason } };
}

function instanceLeaving(detail: unknown): AwsEvent | undefined {
  const change = instanceSchema.safeParse(detail);
  if (!change.success) return undefined;
  const { 'instance-id': instance, state } = change.data;
  if (!ON_ITS_WAY_OUT.includes(state)) return { kind: 'ignored', reason: `an instance is ${quoted(state)}` };
  const reason = `the instance is ${state}`;
  return { kind: 'message', message: { kind: 'instance-leaving', instance, isSpot: false, reason } };
}

/** It is logged, and it came from outside. */
function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
