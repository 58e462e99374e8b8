/** What travels through the queue. */
import type { JobEvent } from './job.ts';

export type Message =
  | { kind: 'job'; event: JobEvent; delivery: string; receivedAt: number }
  /** Somebody asks for a look at the pool. */
  | { kind: 'look'; pool: string }
  | InstanceLeaving;

/** An ECS task has stopped: EventBridge puts its own event shape into the queue; the handler projects it to this. */
export type TaskStopped = {
  kind: 'task-stopped';
  taskArn: string;
  startedBy: string;
  exitCode?: number;
  /** It never had an instance. */
  neverPlaced?: true;
  /** Its instance went under it. */
  lost?: true;
  /** Milliseconds since 1970. */
  stoppedAt?: number;
  stoppedReason: string;
};

/**
 * EC2 takes an instance away: a Spot instance two minutes from now, another one at once. It names no cluster. What could not be
 * done at the first time is a message of ours.
 */
export type InstanceLeaving = {
  kind: 'instance-leaving';
  /** By its EC2 id. */
  instance: string;
  isSpot: boolean;
  reason: string;
  /** Since when we know of it (ms since 1970); absent: EC2 has just said so. */
  since?: number;
};
