/**
 * Concurrency groups (GitHub docs, "Control the concurrency of workflows and jobs"): one job of a group runs, one more waits for
 * it, and a newer one takes the place of the one that waits, which is cancelled.
 */
import type { Job } from './books.ts';
import type { Hub } from './hub.ts';

/** Whether the job may be queued now. `displaced`: the one that waited until now, and is to be cancelled. */
export function enter(hub: Hub, job: Job): { blocked: boolean; displaced?: Job } {
  if (job.concurrency === undefined) return { blocked: false };
  const key = keyOf(job);
  const group = hub.books.concurrency.get(key);
  if (group === undefined) {
    hub.books.concurrency.set(key, { holder: job, pending: undefined });
    return { blocked: false };
  }
  const displaced = group.pending;
  group.pending = job;
  job.blocked = true;
  return { blocked: true, ...(displaced !== undefined && { displaced }) };
}

/** The job has ended; gives the one that may be queued now. */
export function leave(hub: Hub, job: Job): Job | undefined {
  const group = hub.books.concurrency.get(keyOf(job));
  if (group?.pending === job) group.pending = undefined;
  if (group?.holder !== job) return undefined;
  const next = group.pending;
  if (next === undefined) {
    hub.books.concurrency.delete(keyOf(job));
    return undefined;
  }
  Object.assign(group, { holder: next, pending: undefined });
  next.blocked = false;
  return next;
}

function keyOf({ concurrency, run: { repository } }: Job): string {
  return `${repository.id} ${concurrency}`;
}
