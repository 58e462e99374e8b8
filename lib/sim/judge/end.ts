/** What must be true when the faults are over and time has passed: everything has finished, and nothing is left. */
import type { EcsService } from '../ecs-service/service.ts';
import type { Job } from '../github-service/books.ts';
import type { GitHubService } from '../github-service/service.ts';
import { type Breach, type Judge, PROMISES } from './judge.ts';

export type EndedWorld = {
  now: number;
  github: GitHubService;
  ecs: EcsService;
  judge: Judge;
  /** Whether one of our pools serves it. */
  isOurs: (job: Job) => boolean;
  /** Tasks that may live for ever: warm runners. */
  warm: number;
  /** What the service's own tables hold. */
  records: Records;
};

/** By what is in them, whatever it means to the service: `open`: jobs that its history has not seen end. */
export type Records = { backlog: readonly number[]; runners: readonly string[]; open: readonly number[] };

/** Minutes. */
const WAITED_MINUTES_MAX = 240;

/** GitHub's calls beside those that a job needs: of the janitor and its sweep, in a minute. */
const CALLS_PER_MINUTE_MAX = 60;
/** A launch that goes wrong each time registers three times, removes what was left, and asks about it; jobs are launched again. */
const CALLS_PER_JOB_MAX = 40;

export function jobsLost({ now, github, judge, isOurs }: EndedWorld): Breach[] {
  return [...github.books.jobs.values()].filter(isOurs).flatMap((job) => {
    const detail = lossOf(job, judge);
    return detail === undefined ? [] : [{ at: now, promise: PROMISES.finished, detail }];
  });
}

/** A job that its pool keeps waiting, when nothing goes wrong any more. */
export function keptWaiting(now: number, waiting: readonly { job: Job; minutes: number }[]): Breach[] {
  return waiting
    .filter(({ minutes }) => minutes >= WAITED_MINUTES_MAX)
    .map(({ job, minutes }) => ({
      at: now,
      promise: PROMISES.waits,
      detail: `job ${job.id} waits since ${Math.floor(minutes)} minutes in which its pool had places`,
    }));
}

/** A job that died with its instance, or whose assignments GitHub lost three times, nobody could have saved. */
function lossOf(job: Job, judge: Judge): string | undefined {
  if (job.state !== 'completed') return `job ${job.id} is ${job.state}`;
  if (job.cancelRequested || job.conclusion === job.outcome) return undefined;
  if (judge.taskOf(job)?.lost === true || job.assignmentsLost >= 3) return undefined;
  return `job ${job.id} ended with ${job.conclusion} instead of ${job.outcome} on ${job.runner?.name ?? 'no runner'}`;
}

/** Once every job has ended: no task but warm ones, no runner without a task, and no record without either. */
export function leftBehind({ now, github, ecs, warm, records }: EndedWorld): Breach[] {
  const names = ecs.livingTasks().map(({ startedBy }) => String(startedBy));
  const details = [
    ...(names.length > warm ? names.map((name) => `task of ${name}`) : []),
    ...github.control.runners().map(({ name }) => `registration ${name}`),
    ...records.runners.filter((name) => !names.includes(name)).map((name) => `record of runner ${name}`),
    ...records.backlog.map((job) => `job ${job} in the backlog`),
    ...records.open.map((job) => `record of job ${job}, as if it had not ended`),
  ];
  return details.map((detail) => ({ at: now, promise: PROMISES.left, detail }));
}

/** Of the whole simulated time. */
export function tooManyCalls(world: EndedWorld, calls: number, minutes: number): Breach[] {
  const jobs = [...world.github.books.jobs.values()].length;
  const most = jobs * CALLS_PER_JOB_MAX + minutes * CALLS_PER_MINUTE_MAX;
  if (calls <= most) return [];
  return [{ at: world.now, promise: PROMISES.calls, detail: `${calls} calls for ${jobs} jobs in ${minutes} minutes` }];
}
