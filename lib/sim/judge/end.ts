/** What must be true when the faults are over and time has passed: everything has finished, and nothing is left. */
import type { EcsService } from '../ecs-service/service.ts';
import type { Job } from '../github-service/books.ts';
import type { GitHubService } from '../github-service/service.ts';
import { type Breach, type Judge, PROMISES } from './judge.ts';
import { taskNameOf } from './names.ts';

export type EndedWorld = {
  now: number;
  github: GitHubService;
  ecs: EcsService;
  judge: Judge;
  /** Whether one of our pools serves it. */
  isOurs: (job: Job) => boolean;
  /** Tasks that may live for ever: warm runners. */
  warm: number;
  /** The longest job that a pool allows, in hours. */
  jobHours: number;
  /** What the service's own tables hold. */
  records: Records;
};

/** By what is in them, whatever it means to the service: `open`: jobs that its history has not seen end. */
export type Records = { backlog: readonly number[]; runners: readonly string[]; open: readonly number[] };

/**
 * What was refused is tried again after ten minutes, with jitter, and a suspect pool waits as long; a job that nobody heard of is found
 * within ten; a launch that failed on top of that costs as much again. The longest that was seen in 200 seeds is 28.
 */
const WAITED_MINUTES_MAX = 45;

/** A job is asked about when something is strange; a task registers up to three times, and as often something is removed. */
const CALLS_PER_JOB_MAX = 3;
const CALLS_PER_TASK_MAX = 6;
/** Each minute the list of each owner's runners is read, and that of each repository which has some. */
const CALLS_PER_MINUTE_MAX = 5;
/** A job changes what GitHub says of its repository and of its run three times; so often they are read anew. */
const SWEEP_CALLS_PER_JOB_MAX = 8;
/** Two lists of the App's own, and each repository some times an hour. */
const SWEEP_CALLS_PER_MINUTE_MAX = 5;

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

/**
 * Its job has ended, and its container does not end. Where nobody was told of that job, or can ask, it may still work, as far
 * as anybody knows, until it has been there for longer than any job; and it is looked at twice, and may then go by itself.
 */
export function mayStay({ now, judge, jobHours }: EndedWorld, task: string): boolean {
  const completedAt = judge.lastJobIn(task)?.completedAt;
  return completedAt !== undefined && now < completedAt + (jobHours + 1) * HOUR_MS;
}

const HOUR_MS = 60 * 60 * 1000;

/** Once every job has ended: no task but warm ones, no runner without a task, and no record without either. */
export function leftBehind(world: EndedWorld): Breach[] {
  const { now, github, ecs, warm, records } = world;
  const living = ecs.livingTasks().map(({ startedBy }) => String(startedBy));
  const staying = new Set(living.filter((name) => mayStay(world, name)));
  const names = living.filter((name) => !staying.has(name));
  const registrations = github.control.runners().filter(({ name }) => !staying.has(taskNameOf(name)));
  const details = [
    ...(names.length > warm ? names.map((name) => `task of ${name}`) : []),
    ...registrations.map(({ name }) => `registration ${name}`),
    ...records.runners.filter((name) => !living.includes(name)).map((name) => `record of runner ${name}`),
    ...records.backlog.map((job) => `job ${job} in the backlog`),
    ...records.open.map((job) => `record of job ${job}, as if it had not ended`),
  ];
  return details.map((detail) => ({ at: now, promise: PROMISES.left, detail }));
}

/** GitHub is asked to deliver an event again three times at most, whatever becomes of it. */
const REDELIVERIES_MAX = 3;

export function askedTooOften({ now, github }: Pick<EndedWorld, 'now' | 'github'>): Breach[] {
  return [...github.webhooks.asked]
    .filter(([, times]) => times > REDELIVERIES_MAX)
    .map(([guid, times]) => ({
      at: now,
      promise: PROMISES.calls,
      detail: `event ${guid} was asked for again ${times} times`,
    }));
}

/** What looks for events that got lost, whatever jobs there are: repositories, their runs and their jobs, deliveries. */
const SWEEP_PATHS = /\/installation\/repositories$|\/app\/installations$|\/actions\/runs|\/hook\/deliveries/;

/**
 * Of the whole simulated time, those that count for GitHub's primary limits: what the jobs need, and apart from it the sweep.
 * `sweepsEach`: how many times in a minute somebody looks for lost events; each of them sees the same changes.
 */
export function tooManyCalls({ now, github, ecs }: EndedWorld, minutes: number, sweepsEach: number): Breach[] {
  const [jobs, tasks] = [github.books.jobs.size, ecs.books().tasks.length];
  const sums = { jobs: 0, sweep: 0 };
  for (const [path, calls] of github.charges) sums[SWEEP_PATHS.test(path) ? 'sweep' : 'jobs'] += calls;
  const most = {
    jobs: jobs * CALLS_PER_JOB_MAX + tasks * CALLS_PER_TASK_MAX + minutes * CALLS_PER_MINUTE_MAX,
    sweep: (jobs * SWEEP_CALLS_PER_JOB_MAX + minutes * SWEEP_CALLS_PER_MINUTE_MAX) * Math.max(1, sweepsEach),
  };
  const about = `${jobs} jobs and ${tasks} tasks in ${Math.round(minutes)} minutes`;
  return (['jobs', 'sweep'] as const)
    .filter((kind) => sums[kind] > most[kind])
    .map((kind) => ({ at: now, promise: PROMISES.calls, detail: `${sums[kind]} calls for the ${kind}: ${about}` }));
}
