/** Jobs that died with their instance, by GitHub's and ECS's books: those that should be run again, and those that should not have been. */
import type { TaskEntry } from '../ecs-service/books.ts';
import type { Books, Job, Rerun } from '../github-service/books.ts';

export type RerunRules = {
  books: Books;
  /** The task in which the job's runner was. */
  taskOf: (job: Job) => TaskEntry | undefined;
  /** It is not to be found where it was. */
  isMoved: (job: Job) => boolean;
  /** In how many attempts of its run a job of the family's pool is run again. */
  rerunsMaxOf: (family: string) => number;
};

/** What was asked for by the App and should not have been, each in a sentence. */
export function wrongReruns({ books, taskOf, rerunsMaxOf }: RerunRules): string[] {
  const times = new Map<string, number>();
  return books.reruns
    .filter(({ by }) => by === 'app')
    .flatMap(({ jobs }) => jobs)
    .flatMap((job) => {
      const task = taskOf(job);
      const most = task === undefined ? 0 : rerunsMaxOf(task.family);
      const key = `${job.run.id} ${job.name}`;
      times.set(key, (times.get(key) ?? 0) + 1);
      if (!hasDied(job, task)) return [`job ${job.id} is run again, which did not die (${job.conclusion})`];
      return (times.get(key) ?? 0) > most ? [`job ${job.id} is run again for the ${times.get(key)}. time`] : [];
    });
}

/** Those that are to be run again, and have not been. Of a run that a person has cancelled or run again since, nothing is. */
export function owedReruns({ books, taskOf, isMoved, rerunsMaxOf }: RerunRules): Job[] {
  const again = new Set(books.reruns.flatMap(({ jobs }) => jobs));
  const byRun = new Map<number, Rerun[]>();
  for (const rerun of books.reruns) byRun.set(rerun.run.id, [...(byRun.get(rerun.run.id) ?? []), rerun]);
  return [...books.jobs.values()].filter((job) => {
    const task = taskOf(job);
    if (task === undefined || again.has(job) || !hasDied(job, task)) return false;
    if (job.attempt > rerunsMaxOf(task.family) || job.run.repository.outside || isMoved(job)) return false;
    return !isTouched(job, byRun.get(job.run.id) ?? []);
  });
}

function isTouched({ run, attempt }: Job, reruns: readonly Rerun[]): boolean {
  if (run.jobs.some((job) => job.cancelRequested || job.conclusion === 'cancelled')) return true;
  return reruns.some((rerun) => rerun.by === 'person' && rerun.attempt > attempt);
}

/** It failed after its container had vanished: no runner can have said so. */
function hasDied({ conclusion, cancelRequested, completedAt = 0 }: Job, task: TaskEntry | undefined): boolean {
  if (conclusion !== 'failure' || cancelRequested || task?.lost !== true) return false;
  return task.containerEndedAt !== undefined && completedAt > task.containerEndedAt;
}
