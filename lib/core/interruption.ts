/** An instance goes, and with it what runs on it: whose task ended so, and what is to be done about each runner before. */
import type { Seat } from './runner.ts';

/**
 * Stop codes of a task that went with its instance (ECS API, TaskStopCode; ECS docs, "Stopped tasks error codes"): the Spot
 * instance was taken back, the instance was terminated or deregistered, or its host failed.
 */
const LOST_CODES = ['SpotInterruption', 'TerminationNotice', 'InfrastructureHealth'];

/** ECS says so of tasks whose instance is gone, whatever code it gives them. */
const LOST_REASON = /^Host EC2 \(instance [^)]*\) (terminated|stopped)/;

/** A container that has an exit code has ended by itself, or was ended in time to say so. */
export function isLost(task: {
  exitCode: number | undefined;
  stopCode?: string | undefined;
  stoppedReason?: string | undefined;
}): boolean {
  const { exitCode, stopCode = '', stoppedReason = '' } = task;
  return exitCode === undefined && (LOST_CODES.includes(stopCode) || LOST_REASON.test(stoppedReason));
}

export type Interruption =
  /** Nobody may have it any more: it is told to go, and whoever it was coming for is owed another. */
  | 'give up'
  /** It is registered and may be given a job at any time: GitHub has to let go of it first. */
  | 'retire'
  /** Its job may end in time. */
  | 'leave alone';

/** For a runner whose instance goes. One that was given up and still serves its job has not been told to stop. */
export function interruptionOf({ state, serves, interruptedAt }: Seat): Interruption {
  if (state === 'launching' || state === 'warm') return 'give up';
  if (state === 'gone' && serves !== undefined && interruptedAt !== undefined) return 'give up';
  return state === 'registered' ? 'retire' : 'leave alone';
}
