/** What travels through the queue. */
import type { JobEvent } from './job.ts';

export type Message =
  | { kind: 'job'; event: JobEvent; delivery: string; receivedAt: number }
  /** Somebody asks for a look at the pool. */
  | { kind: 'look'; pool: string };

/** An ECS task has stopped: EventBridge puts its own event shape into the queue; the handler projects it to this. */
export type TaskStopped = {
  kind: 'task-stopped';
  taskArn: string;
  startedBy: string;
  exitCode?: number;
  /** It never had an instance. */
  neverPlaced?: true;
  stoppedReason: string;
};

/** EC2 takes a Spot instance back, two minutes from now. */
export type SpotWarning = {
  kind: 'spot-warning';
  instance: string;
  /** `terminate`, `stop` or `hibernate`. */
  action: string;
};
