/** What to do next about a listener that lives: pure, so that every order of events is a row in a test. */
import { IDLE_REPORT_MS, LEAVING_MS_MAX } from './limits.ts';

export type Seen = {
  now: number;
  /** A job runs. */
  working: boolean;
  /** A job was seen before: a runner has one only. */
  ran: boolean;
  /** SIGTERM came. */
  toldToStop: boolean;
  /** The registrar has removed this runner at GitHub. */
  toldToGo: boolean;
  /** Since when the listener has been asked to end. */
  leavingSince: number | undefined;
  /** Since when the listener lives, or the registrar was last told that it is idle. */
  idleReportedAt: number;
  /** The registrar has not answered yet. */
  asking: boolean;
};

export type Step = 'job started' | 'end listener' | 'kill listener' | 'report idle' | 'nothing';

/** A job that runs comes before everything else: nobody ends it here. */
export function nextStep(seen: Seen): Step {
  if (seen.working && !seen.ran) return 'job started';
  if (seen.working) return 'nothing';
  if (seen.leavingSince !== undefined) {
    return seen.now - seen.leavingSince < LEAVING_MS_MAX ? 'nothing' : 'kill listener';
  }
  // After its job the listener says so to GitHub and ends by itself.
  if (seen.ran) return 'nothing';
  if (seen.toldToStop || seen.toldToGo) return 'end listener';
  return !seen.asking && seen.now - seen.idleReportedAt >= IDLE_REPORT_MS ? 'report idle' : 'nothing';
}
