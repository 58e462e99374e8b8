/** Which runners may run which jobs, who comes for whom, and who is owed a launch. */
import type { BacklogRecord } from './job.ts';
import { AWAIT_WORD_MS, IDLE_UNHEARD_MS } from './limits.ts';
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
 * Will it take a job, as far as our records say? One that works may have been given the very job that it comes for: for a while
 * GitHub's word on that may be on its way. After that it works for somebody else. One that is registered says each minute that
 * it is idle; if it does not, or if GitHub does not list it, nobody has to wait for it.
 */
function isComing({ state, busyWith, doubt, startedAt, registeredAt = 0, heardAt = 0 }: Seat, now: number): boolean {
  if (state === 'gone' || busyWith !== undefined || doubt !== undefined) return false;
  if (startedAt !== undefined) return now - startedAt < AWAIT_WORD_MS;
  return state !== 'registered' || now - Math.max(registeredAt, heardAt) < IDLE_UNHEARD_MS;
}

/**
 * The runner that is to come for the job will not: it works for somebody else, says nothing, or could not take the job. One that
 * still boots is left to the registrar, which sends it away if it could not; and one that is given up with its instance keeps its job
 * until its task has been told to stop: nobody is launched beside them.
 */
export function isForsaken(job: Taken, seat: Seat | undefined, now: number): boolean {
  if (seat === undefined || seat.busyWith !== undefined) return false;
  if (seat.state === 'launching' || seat.state === 'gone') return false;
  return !(isComing(seat, now) && mayRun(seat, job));
}

/**
 * Only such a runner may come for another job than its own. One of which no task is known may never have been claimed: whoever
 * repeated its call for the other job would give its launch, which may be another task's by now, a second one.
 */
export function hasTask({ taskArn }: Pick<Seat, 'taskArn'>): boolean {
  return taskArn !== undefined;
}

/**
 * Runners that will take a job, and that no job needs: theirs runs elsewhere or was cancelled. Runners and jobs change
 * partners while several events are recorded side by side; this brings together who was left over.
 */
export function spares(seats: readonly Seat[], backlog: readonly BacklogRecord[], now: number): Seat[] {
  const running = new Set(backlog.filter(({ state }) => state === 'in_progress').map(({ job }) => job));
  return seats
    .filter(hasTask)
    .filter((seat) => isComing(seat, now) && (seat.serves === undefined || running.has(seat.serves)));
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
