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
};

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

/** A job that died with its instance, or whose assignments GitHub lost three times, nobody could have saved. */
function lossOf(job: Job, judge: Judge): string | undefined {
  if (job.state !== 'completed') return `job ${job.id} is ${job.state}`;
  if (job.cancelRequested || job.conclusion === job.outcome) return undefined;
  if (judge.taskOf(job)?.lost === true || job.assignmentsLost >= 3) return undefined;
  return `job ${job.id} ended with ${job.conclusion} instead of ${job.outcome} on ${job.runner?.name ?? 'no runner'}`;
}

export function leftBehind({ now, github, ecs, warm }: EndedWorld): Breach[] {
  const breach = (detail: string) => ({ at: now, promise: PROMISES.left, detail });
  const tasks = ecs.livingTasks();
  const registrations = github.control.runners();
  return [
    ...(tasks.length > warm ? tasks.map(({ startedBy }) => breach(`task of ${startedBy}`)) : []),
    ...registrations.map(({ name }) => breach(`registration ${name}`)),
  ];
}

/** Of the whole simulated time. */
export function tooManyCalls(world: EndedWorld, calls: number, minutes: number): Breach[] {
  const jobs = [...world.github.books.jobs.values()].length;
  const most = jobs * CALLS_PER_JOB_MAX + minutes * CALLS_PER_MINUTE_MAX;
  if (calls <= most) return [];
  return [{ at: world.now, promise: PROMISES.calls, detail: `${calls} calls for ${jobs} jobs in ${minutes} minutes` }];
}
