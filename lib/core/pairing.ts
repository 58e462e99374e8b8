/** Which runners may run which jobs, who comes for whom, and who is owed a launch. */
import type { BacklogRecord } from './job.ts';
import { admits, covers, type Pool } from './pool.ts';
import type { Seat } from './runner.ts';

/** What GitHub goes by when it gives a job to a runner. */
type Taken = Pick<BacklogRecord, 'installation' | 'owner' | 'repository' | 'labels'>;

/**
 * Would GitHub give the job to this runner? In its organisation, or on its repository; and by the labels that it has been
 * or will be registered with, which may not be those that its pool has now.
 */
export function mayRun(seat: Seat, job: Taken): boolean {
  const isSameOwner = job.installation === seat.installation && job.owner === seat.owner;
  const isInReach = isSameOwner && (seat.repository ?? job.repository) === job.repository;
  return isInReach && covers(seat.labels, job.labels ?? []);
}

export function mayTake(seat: Seat, job: Taken & { state: string }): boolean {
  return job.state === 'queued' && mayRun(seat, job);
}

/** A job that the pool has ceased to serve gets no runner of it: GitHub would not give it to one. The janitor moves it. */
export function servedBy(pool: Pool): (item: BacklogRecord) => boolean {
  return ({ labels = [], owner, repository }) => covers(pool.labels, labels) && admits(pool, { owner, repository });
}

/** The jobs that a living launch is coming for, or that run. */
export function served(seats: readonly Seat[]): Set<number> {
  return new Set(seats.flatMap((seat) => (seat.serves === undefined ? [] : [seat.serves])));
}

/** Nobody is coming for it, and as far as we know it waits. */
export function isAlone(item: BacklogRecord, taken: ReadonlySet<number>): boolean {
  return item.state === 'queued' && item.awaitsWord === undefined && !taken.has(item.job);
}

/** It is to be launched now, unless a runner that nobody needs is there for it. */
export function isOwed(item: BacklogRecord, taken: ReadonlySet<number>, now: number): boolean {
  return isAlone(item, taken) && (item.notBefore ?? 0) <= now;
}

/**
 * Runners of which no job is known, and that no job needs: theirs runs elsewhere or was cancelled. Runners and jobs
 * change partners while several events are recorded side by side; this brings together who was left over. One that
 * works is among them: the job in it is one that we still believe to be queued, or a stranger; the janitor finds out.
 */
export function spares(seats: readonly Seat[], backlog: readonly BacklogRecord[]): Seat[] {
  const running = new Set(backlog.filter(({ state }) => state === 'in_progress').map(({ job }) => job));
  return seats.filter(
    ({ state, busyWith, serves }) =>
      state !== 'gone' && busyWith === undefined && (serves === undefined || running.has(serves)),
  );
}

/** A runner that nobody needs, and the job that it comes for from now on. */
export type Adoption = { job: number; seat: Seat };

/** Each spare runner for the oldest job that it may take. */
export function adopt(seats: readonly Seat[], jobs: readonly BacklogRecord[]): Adoption[] {
  const left = [...jobs];
  return seats.flatMap((seat) => {
    const at = left.findIndex((item) => mayTake(seat, item));
    const [item] = at < 0 ? [] : left.splice(at, 1);
    return item === undefined ? [] : [{ job: item.job, seat }];
  });
}
