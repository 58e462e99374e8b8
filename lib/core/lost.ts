/** Runners that went with their instance: what is remembered of one, for the job that died with it. */
import { INSTANCE_LEAVES_WITHIN_MS } from './limits.ts';
import type { Seat } from './runner.ts';

/** A runner that went with its instance, perhaps with a job in it; its key is pool LOST, and a number that follows from its name. */
export type LostRecord = {
  version: string;
  kind: 'lost';
  pool: typeof LOST;
  place: number;
  runner: string;
  /** The pool that it was of. */
  of: string;
  /** When it was gone, as ECS says: whatever ended before, ended by itself. */
  lostAt: number;
  notedAt: number;
  /** The job that ran in it, as GitHub says. */
  job?: number;
  /** The attempt of the job's run that has come about by us; absent: none. */
  attempt?: number;
  notBefore?: number;
  /** Its job has been run again in this run. Kept for others of the run, whose death may be noticed later: that attempt is no person's. */
  again?: { run: number };
  /** GitHub refuses; nobody asks for jobs of the same installation before `notBefore`. */
  refused?: true;
  reason: string;
};

/** No pool can have this name. */
export const LOST = '#lost';

/** FNV-1a over the runner's name, twice, to 52 bits: a number that DynamoDB and JavaScript keep. */
export function lostPlaceOf(runner: string): number {
  return hashOf(runner, 0x811c9dc5) * 2 ** 20 + (hashOf(runner, 0x01234567) >>> 12);
}

function hashOf(text: string, start: number): number {
  let hash = start;
  for (const letter of text) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}

/** As ECS knows the task; all of it is absent where ECS has forgotten it. */
export type LostTask = { lost?: true; stoppedAt?: number; exitCode?: number };

/**
 * When the runner's instance went under it, if it did and a job may have been in it: as ECS says; or it was announced, and
 * the container never said how it ended.
 */
export function lostAtOf(seat: Seat, task: LostTask, now: number): number | undefined {
  // One with a job may have been told to go when that had failed: ECS was not to be read for so long.
  const mayHaveJob = seat.state === 'registered' || seat.state === 'busy' || seat.busyWith !== undefined;
  const wasAnnounced = seat.interruptedAt !== undefined && task.exitCode === undefined;
  if (!mayHaveJob || (task.lost !== true && !wasAnnounced)) return undefined;
  const announced = (seat.interruptedAt ?? Number.POSITIVE_INFINITY) + INSTANCE_LEAVES_WITHIN_MS;
  return Math.min(task.stoppedAt ?? now, announced);
}

export function lostRecord(seat: Seat, lostAt: number, now: number): Omit<LostRecord, 'version'> {
  return {
    kind: 'lost',
    pool: LOST,
    place: lostPlaceOf(seat.name),
    runner: seat.name,
    of: seat.pool,
    lostAt,
    notedAt: now,
    ...(seat.busyWith !== undefined && { job: seat.busyWith }),
    reason: 'its instance went under it',
  };
}
