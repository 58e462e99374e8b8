/** A run's next attempt: some of its jobs anew, the others as they ended. */
import type { Job, Run } from './books.ts';
import type { Hub } from './hub.ts';
import { beginAgain } from './jobs.ts';

/** GitHub docs, "Re-running workflows and jobs": up to 30 days after the initial run, and 50 times. */
const RERUN_MS_MAX = 30 * 24 * 60 * 60 * 1000;
const RERUNS_MAX = 50;

/** Why GitHub refuses, in its words; `undefined`: it does not. */
export function refusalOf(hub: Hub, run: Run): 'running' | 'too old' | 'not possible' | undefined {
  if (run.jobs.some(({ state }) => state !== 'completed')) return 'running';
  if (hub.time.now() - run.createdAt > RERUN_MS_MAX) return 'too old';
  return run.attempt > RERUNS_MAX ? 'not possible' : undefined;
}

/** Those that GitHub takes for failed: also what was cancelled. */
export function failedJobs(run: Run): Job[] {
  return run.jobs.filter(({ conclusion }) => conclusion !== 'success' && conclusion !== 'skipped');
}

/** `by`: who asked for it. Each of these jobs gets a new id, as GitHub's API for attempts reads. */
export function rerun(hub: Hub, run: Run, jobs: readonly Job[], by: 'person' | 'app'): Job[] {
  run.attempt += 1;
  hub.books.reruns.push({ at: hub.time.now(), by, run, attempt: run.attempt, jobs: [...jobs] });
  return jobs.map((job) => beginAgain(hub, job));
}
