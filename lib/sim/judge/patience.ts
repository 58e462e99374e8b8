/**
 * How long jobs wait although their pool has places that do not work: for a task that fails, a runner that hangs, an event that
 * got lost, another pool that is served first. What a job waits for others that work is nobody's fault.
 */
import type { Job } from '../github-service/books.ts';

export type PatienceOptions = {
  /** Those that are not completed and that one of our pools serves. */
  jobs: () => readonly Job[];
  /** Of the pool whose runners the job is to get. */
  familyOf: (job: Job) => string;
  maxOf: (family: string) => number;
  /** How many of them work now. */
  workingIn: (family: string) => number;
};

export type Patience = {
  /** To be called each minute. Gives the jobs that have waited in vain for so many minutes, as far as they still wait. */
  look: () => { job: Job; minutes: number }[];
  /** The longest so far. */
  longest: () => number;
};

export function createPatience({ jobs, familyOf, maxOf, workingIn }: PatienceOptions): Patience {
  const waited = new Map<number, number>();
  let longest = 0;

  /** A pool of five in which four work gives a fifth of a minute. */
  function shareIdle(family: string): number {
    return Math.max(0, maxOf(family) - workingIn(family)) / Math.max(1, maxOf(family));
  }

  return {
    longest: () => longest,
    look: () => {
      const idle = new Map<string, number>();
      return jobs()
        .filter(({ state, assignedTo }) => state === 'queued' && assignedTo === undefined)
        .map((job) => {
          const family = familyOf(job);
          const share = idle.get(family) ?? shareIdle(family);
          idle.set(family, share);
          const minutes = (waited.get(job.id) ?? 0) + share;
          waited.set(job.id, minutes);
          longest = Math.max(longest, minutes);
          return { job, minutes };
        });
    },
  };
}
