/** Jobs of which GitHub told nobody: which repositories to look into, how much that may cost, and what counts as lost. */
import type { JobState } from './job.ts';
import { isLater } from './job.ts';
import {
  MINTS_BURST,
  RESERVE_SHARES,
  SWEEP_ACTIVE_MAX,
  SWEEP_ACTIVE_MS,
  SWEEP_CALLS_MAX,
  SWEEP_CALLS_WHILE_LAUNCHING_MAX,
  SWEEP_GRACE_MS,
  SWEEP_RUNS_MAX,
  SWEEP_SHARE,
  SWEEP_STUCK_MAX,
} from './limits.ts';

/** Runs in these states can have queued jobs: a run that waits or is held back is so by one of its jobs, not by all. */
export const ACTIVE_RUN_STATES = ['queued', 'pending', 'waiting', 'in_progress'] as const;
export type ActiveRunState = (typeof ACTIVE_RUN_STATES)[number];

/** A job as its run lists it. Times in milliseconds since 1970. */
export type RunJob = {
  job: number;
  run?: number;
  attempt: number;
  /** `held`: waiting, pending or requested. */
  state: JobState | 'held';
  labels: string[];
  name: string;
  createdAt: number;
  /** When it came into its state. */
  changedAt: number;
  runnerName?: string;
  conclusion?: string;
};

/** How far an installation's repositories have been looked into; its key is pool SWEEPS, place = installation. */
export type SweepRecord = {
  version: string;
  kind: 'sweep';
  pool: typeof SWEEPS;
  place: number;
  /** Repositories take turns in the order of their ids: the last one that was looked into. */
  cursor: number;
  /** The repository that could not be read, and in how many sweeps that ended there. */
  stuck?: { repository: number; sweeps: number };
  /** Those that had active runs lately: they are looked into in every sweep, those that waited longest first. */
  active: ActiveRepository[];
  sweptAt: number;
  /** GitHub asked us to be quiet until then. */
  notBefore?: number;
};

export type ActiveRepository = {
  id: number;
  /** When it was last seen with an active run. */
  activeAt: number;
  /** When its jobs were last asked for; 0: never. */
  sweptAt: number;
  /** Its runs take turns too, if there are many. */
  turn: number;
};

/** No pool can have this name. */
export const SWEEPS = '#sweeps';

export function firstSweep(installation: number): Omit<SweepRecord, 'version'> {
  return { kind: 'sweep', pool: SWEEPS, place: installation, cursor: 0, active: [], sweptAt: 0 };
}

/** `calls`: of any kind. `paid`: those that count for the primary limit; what has not changed since (304) does not. */
export type Allowance = { calls: number; paid: number };

/**
 * `limit`: as GitHub last said it; servers may have none. `mintsLeft`: registrations that may follow at once; below zero: so
 * many wait.
 */
export function allowanceOf(
  limit: { limit: number; remaining: number; resetsAt: number } | undefined,
  mintsLeft: number,
  now: number,
): Allowance {
  const calls = mintsLeft < MINTS_BURST / 2 ? SWEEP_CALLS_WHILE_LAUNCHING_MAX : SWEEP_CALLS_MAX;
  if (limit === undefined) return { calls, paid: calls };
  const remaining = limit.resetsAt <= now ? limit.limit : limit.remaining;
  const above = Math.max(0, remaining - RESERVE_SHARES.sweep * limit.limit);
  return { calls, paid: Math.min(calls, Math.ceil(SWEEP_SHARE * above)) };
}

/** Half of it, where the other half is needed too. */
export function halfOf({ calls, paid }: Allowance): Allowance {
  return { calls: Math.floor(calls / 2), paid: Math.floor(paid / 2) };
}

/** Every repository once, from the one after the cursor on. */
export function inTurn<Item extends { id: number }>(repositories: readonly Item[], cursor: number): Item[] {
  const sorted = repositories.toSorted((one, other) => one.id - other.id);
  const next = sorted.findIndex(({ id }) => id > cursor);
  return next < 0 ? sorted : [...sorted.slice(next), ...sorted.slice(0, next)];
}

/** One that cannot be read stops a sweep, so that it is tried again, but not for ever. */
export function stuckAt(
  repository: number,
  previous: SweepRecord['stuck'],
): { stuck: NonNullable<SweepRecord['stuck']>; passOver: boolean } {
  const sweeps = previous?.repository === repository ? previous.sweeps + 1 : 1;
  return { stuck: { repository, sweeps }, passOver: sweeps >= SWEEP_STUCK_MAX };
}

/** Those that waited longest first; the newly found have waited for ever. */
export function withFound(
  active: readonly ActiveRepository[],
  found: readonly number[],
  now: number,
): ActiveRepository[] {
  const known = new Set(active.map(({ id }) => id));
  const fresh = [...new Set(found)]
    .filter((id) => !known.has(id))
    .map((id) => ({ id, activeAt: now, sweptAt: 0, turn: 0 }));
  return [...fresh, ...active].toSorted((one, other) => one.sweptAt - other.sweptAt);
}

/** Which of them stay: those that had an active run lately. If there are too many, those that waited longest. */
export function stillActive(active: readonly ActiveRepository[], now: number): ActiveRepository[] {
  return active
    .filter(({ activeAt }) => now - activeAt < SWEEP_ACTIVE_MS)
    .toSorted((one, other) => one.sweptAt - other.sweptAt)
    .slice(0, SWEEP_ACTIVE_MAX);
}

/** The runs of this turn, and whether others are left. */
export function runsOfTurn(runs: readonly number[], turn: number): { chosen: number[]; isLast: boolean } {
  const turns = Math.max(1, Math.ceil(runs.length / SWEEP_RUNS_MAX));
  const start = (turn % turns) * SWEEP_RUNS_MAX;
  return { chosen: runs.slice(start, start + SWEEP_RUNS_MAX), isLast: turn % turns === turns - 1 };
}

/**
 * Whether GitHub's word about the job got lost: it is known in an earlier state, or not at all. Of one that has ended and
 * that nobody waits for, nothing is missing. `known`: as the backlog has it.
 */
export function isLostWord(job: RunJob, known: JobState | undefined, now: number): job is RunJob & { state: JobState } {
  if (job.state === 'held' || now - job.changedAt < SWEEP_GRACE_MS) return false;
  return known === undefined ? job.state !== 'completed' : isLater(job.state, known);
}
