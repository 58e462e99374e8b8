/** How a runner ended, and what that means for the job it was coming for. */
import type { Seat } from './runner.ts';

/**
 * The container's exit code when it ran a job, or was told that nobody wants it. Every other code, and none, means
 * that it ended without a job, as far as it knows.
 */
export const EXIT_DONE = 0;

export type Ending = {
  /** `unknown`: it may have taken a job of which nobody has told us yet; only GitHub knows. */
  ran: 'yes' | 'no' | 'unknown';
  /** Who is to blame for a launch without a job: the pool (its image, role, size …), or nobody in particular. */
  blame: 'pool' | 'nobody';
  reason: string;
};

export function endingOf(seat: Seat, task: { exitCode?: number; stoppedReason: string }): Ending {
  const { exitCode, stoppedReason } = task;
  const how = exitCode === undefined ? stoppedReason : `exit code ${exitCode}: ${stoppedReason}`;
  if (seat.busyWith !== undefined) return { ran: 'yes', blame: 'nobody', reason: `ended with job ${seat.busyWith}` };
  if (seat.state === 'gone') return { ran: 'no', blame: 'nobody', reason: seat.reason };
  if (seat.startedAt !== undefined || exitCode === EXIT_DONE) {
    return { ran: 'unknown', blame: 'nobody', reason: `its runner ran a job and ended; GitHub has not said which` };
  }
  if (seat.state === 'launching') return { ran: 'no', blame: 'pool', reason: `launch ${seat.launch} failed: ${how}` };
  if (exitCode === undefined) {
    return {
      ran: 'unknown',
      blame: 'nobody',
      reason: `its runner was lost (${how}); GitHub has not said whether in a job`,
    };
  }
  return { ran: 'no', blame: 'pool', reason: `its runner ended without a job: ${how}` };
}
