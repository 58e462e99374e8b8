/** Jobs for a demonstration, spread over the pools, and how far they are. */
import type { FilePool, PoolsFile } from '../pools-file/schema.ts';
import type { GitHubService } from '../sim/github-service/service.ts';
import type { Stack } from './stack.ts';

export type Job = ReturnType<GitHubService['control']['jobs']>[number];
export type Counts = { queued: number; in_progress: number; completed: number };

const OWNER = 'octo-org';
/** What takes different times finishes in another order than it began. */
const DURATIONS_SECONDS = [20, 35, 50, 30, 60] as const;

/** Queues so many jobs at the simulated GitHub; gives their ids. Throws if it refuses one. */
export function queueJobs(github: GitHubService, { pools }: PoolsFile, count: number): number[] {
  const ids: number[] = [];
  for (let index = 0; index < count; index++) {
    const pool = pools[index % pools.length];
    const durationSeconds = DURATIONS_SECONDS[index % DURATIONS_SECONDS.length];
    if (pool === undefined) return ids;
    const added = github.control.addJobs({ ...placeFor(pool), labels: pool.labels, durationSeconds, count: 1 });
    if ('problems' in added) throw new Error(`the simulated GitHub refuses a job: ${added.problems.join(' ')}`);
    ids.push(...added.ids);
  }
  return ids;
}

/** A repository that the pool serves: its first pattern, with a word for each star. */
function placeFor({ repositories }: FilePool): { owner: string; repo: string } {
  const [owner = OWNER, repo = 'hello-world'] = (repositories?.[0] ?? `${OWNER}/hello-world`).split('/');
  return { owner: owner.replaceAll('*', 'octo'), repo: repo.replaceAll('*', 'demo') };
}

export function countJobs(jobs: readonly Job[]): Counts {
  const of = (state: Job['state']): number => jobs.filter((job) => job.state === state).length;
  return { queued: of('queued'), in_progress: of('in_progress'), completed: of('completed') };
}

/** One line for each thing that should not be there once all jobs have ended. */
export async function leftovers(stack: Stack): Promise<string[]> {
  const { jobs, runners, tasks, queue } = await stack.state();
  const waiting = stack.github.control.jobs().filter(({ state }) => state !== 'completed');
  return [
    ...waiting.map(({ id, state }) => `job ${id} is ${state}`),
    ...jobs.map(({ id, pool, reason }) => `job ${id} is in the backlog of ${pool}: ${String(reason)}`),
    ...runners.map(({ name, state, reason }) => `the record of runner ${name} (${state}): ${String(reason)}`),
    ...stack.github.control.runners().map(({ name }) => `runner ${name} at GitHub`),
    ...tasks.map(({ taskArn, lastStatus }) => `task ${taskArn} (${lastStatus})`),
    ...messages(queue.visible + queue.inFlight + queue.delayed, 'in the queue'),
    ...messages(queue.deadLetters, 'in the dead-letter queue'),
  ];
}

function messages(count: number, where: string): string[] {
  return count === 0 ? [] : [`${count} message${count === 1 ? '' : 's'} ${where}`];
}
