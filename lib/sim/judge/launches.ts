/** One living task for a launch, and one living launch for a job. */
import type { TaskChange, TaskEntry } from '../ecs-service/books.ts';
import type { Books } from '../github-service/books.ts';
import { launchNamed, taskNameOf } from './names.ts';

export type Launches = { onTask: (name: string, task: TaskEntry, change: TaskChange) => void };

/** A job may be launched so often at once, because launches fail and instances die, and after that once more each few minutes. */
const LAUNCHES_AT_ONCE_MAX = 10;
const MINUTES_BETWEEN_LAUNCHES = 4;

/** `hasWorked`: whether a job has run in the task of that name. `broken` is told of each breach. */
export function createLaunches(
  now: () => number,
  github: () => Books,
  hasWorked: (name: string) => boolean,
  broken: (promise: 'one' | 'launch' | 'cost', detail: string) => void,
): Launches {
  /** The tasks that are not STOPPED, by name. */
  const living = new Map<string, TaskEntry[]>();
  /** The names of living tasks, by the job for which they were launched. */
  const ofJob = new Map<number, Set<string>>();
  /** How many tasks of each job's launches ended without a job, and since when (ms since 1970). */
  const failed = new Map<number, { since: number; tasks: number }>();
  /** The task that had each launch of each job. */
  const launched = new Map<string, string>();

  function begun(name: string, task: TaskEntry): void {
    const same = [...(living.get(name) ?? []), task];
    living.set(name, same);
    if (same.length > 1) broken('one', `${same.length} tasks of ${name} live`);
    const named = launchNamed(name);
    if (named === undefined || named.job === 0) return;
    const { job, launch } = named;
    const earlier = launched.get(`${job} ${launch}`);
    launched.set(`${job} ${launch}`, name);
    if (earlier !== undefined && earlier !== name)
      broken('launch', `launch ${launch} of job ${job} is ${earlier} and ${name}`);
    check(job, task.createdAt);
    const others = ofJob.get(job) ?? new Set();
    ofJob.set(job, others.add(name));
    for (const other of others) if (other !== name) compare(name, other);
  }

  /** Another one may live on when its runner was taken, let go or given up: not while it is on its way, or has only just come. */
  function compare(name: string, other: string): void {
    const [task] = living.get(other) ?? [];
    if (task === undefined || task.stopRequestedAt !== undefined || task.containerEndedAt !== undefined) return;
    if (!task.ran) broken('launch', `${name} is launched while ${other} waits for an instance`);
    else if (hasJustCome(github(), other, now())) broken('launch', `${name} is launched when ${other} has just come`);
  }

  function check(job: number, at: number): void {
    const { since, tasks } = failed.get(job) ?? { since: at, tasks: 0 };
    const minutes = Math.floor((at - since) / 60_000);
    if (tasks <= LAUNCHES_AT_ONCE_MAX + minutes / MINUTES_BETWEEN_LAUNCHES) return;
    broken('cost', `job ${job} has had ${tasks} launches without a job in ${minutes} minutes, and has another`);
  }

  function ended(name: string, task: TaskEntry): void {
    const left = (living.get(name) ?? []).filter(({ taskArn }) => taskArn !== task.taskArn);
    if (left.length > 0) living.set(name, left);
    else living.delete(name);
    const job = launchNamed(name)?.job ?? 0;
    if (left.length === 0) ofJob.get(job)?.delete(name);
    if (hasWorked(name)) return;
    const { since, tasks } = failed.get(job) ?? { since: now(), tasks: 0 };
    failed.set(job, { since, tasks: tasks + 1 });
  }

  return {
    onTask: (name, task, change) => {
      if (change === 'created') begun(name, task);
      if (change === 'stopped') ended(name, task);
    },
  };
}

/** It idles, and is registered for less than two minutes: nobody can miss its word yet. */
function hasJustCome({ runners }: Books, name: string, now: number): boolean {
  for (const { state, name: runner, createdAt } of runners.values()) {
    if (state === 'idle' && taskNameOf(runner) === name) return now - createdAt < JUST_COME_MS;
  }
  return false;
}

const JUST_COME_MS = 2 * 60 * 1000;
