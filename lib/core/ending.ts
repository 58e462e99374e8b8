/** How a runner ended, and what that means for the job it was coming for. */
import { WARM_STEADY_MS } from './limits.ts';
import type { Seat } from './runner.ts';
import { isBound } from './runner.ts';

/**
 * The container's exit code when it ran a job, or was told that nobody wants it. Every other code, and none, means
 * that it ended without a job, as far as it knows.
 */
export const EXIT_DONE = 0;

/** What a launch failed at, in the order of its steps: what it is counted by. */
export const LAUNCH_FAILURES = [
  /** ECS had no room, or no instance was found for its task in time. */
  'no capacity',
  /** ECS was too busy, or asked for the call to be made again. */
  'put off by ECS',
  /** The call itself: a role, a task definition, a permission. */
  'refused by ECS',
  /** It had an instance, and its container did not come up: mostly the image. */
  'task failed to start',
  /** Its container came up and ended before it was registered. */
  'never registered',
  /** The App, its installation or the runner group. */
  'GitHub refused',
  /** It was registered, and its container ended without a job. */
  'container failed',
] as const;
export type LaunchFailure = (typeof LAUNCH_FAILURES)[number];

export type Ending = {
  /** `unknown`: it may have taken a job of which nobody has told us yet; only GitHub knows. */
  ran: 'yes' | 'no' | 'unknown';
  /** Who is to blame for a launch without a job: the pool (its image, role, size …), or nobody in particular. */
  blame: 'pool' | 'nobody';
  /** Absent: it ran a job, perhaps, or nobody wanted it any more. */
  failure?: LaunchFailure;
  reason: string;
};

/** `neverPlaced`: it has ended, and never had an instance. */
export type EndedTask = { exitCode?: number; stoppedReason: string; neverPlaced?: true };

export function endingOf(seat: Seat, task: EndedTask): Ending {
  const { exitCode, stoppedReason } = task;
  const how = exitCode === undefined ? stoppedReason : `exit code ${exitCode}: ${stoppedReason}`;
  if (seat.busyWith !== undefined) return { ran: 'yes', blame: 'nobody', reason: `ended with job ${seat.busyWith}` };
  if (seat.state === 'gone') return { ran: 'no', blame: 'nobody', reason: seat.reason };
  if (!isBound(seat)) return unclaimedEnding(seat, task, how);
  if (seat.startedAt !== undefined || exitCode === EXIT_DONE) {
    return { ran: 'unknown', blame: 'nobody', reason: `its runner ran a job and ended; GitHub has not said which` };
  }
  if (seat.state === 'launching') {
    return { ran: 'no', blame: 'pool', failure: bootFailure(task), reason: `launch ${seat.launch} failed: ${how}` };
  }
  if (exitCode === undefined) {
    return {
      ran: 'unknown',
      blame: 'nobody',
      reason: `its runner was lost (${how}); GitHub has not said whether in a job`,
    };
  }
  return { ran: 'no', blame: 'pool', failure: 'container failed', reason: `its runner ended without a job: ${how}` };
}

/** No job had claimed it, so that it can have run none. One that has waited for long did not fail. */
function unclaimedEnding({ warmSince, heardAt = 0 }: Seat, task: EndedTask, how: string): Ending {
  const isSteady = warmSince !== undefined && heardAt - warmSince >= WARM_STEADY_MS;
  return {
    ran: 'no',
    blame: isSteady ? 'nobody' : 'pool',
    failure: warmSince === undefined ? bootFailure(task) : 'never registered',
    reason: `its warm container ended: ${how}`,
  };
}

/** ECS does not know a task of its name, and will not any more. */
export const NEVER_STARTED: Ending = {
  ran: 'no',
  blame: 'nobody',
  failure: 'task failed to start',
  reason: 'its task was never started',
};

/** Only a container that came up has an exit code. */
function bootFailure({ exitCode, neverPlaced }: EndedTask): LaunchFailure {
  if (exitCode !== undefined) return 'never registered';
  return neverPlaced ? 'no capacity' : 'task failed to start';
}
