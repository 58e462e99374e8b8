/**
 * What GitHub's list says of a runner that our records call registered or busy, and what the janitor makes of it. One list
 * proves nothing: a doubt has to be there twice, and age alone is none.
 */
import type { SeenRunner } from './cleanup.ts';
import { LISTED_AFTER_MS, OBSERVED_APART_MS, OUTLIVED_MS, SILENT_MS } from './limits.ts';
import { mintedName } from './name.ts';
import type { Doubt, Seat } from './runner.ts';

export type Presence =
  | { is: 'fine' }
  /** GitHub says that a job runs in it, and nobody has told us. */
  | { is: 'busy' }
  /** A job was to run in it, and never got there: its container goes on saying that it is idle. */
  | { is: 'idle' }
  /** It works for longer than its pool allows: that is said, and nothing is done while GitHub says that its job runs. */
  | { is: 'overtime' }
  | { is: 'doubtful'; what: Doubt };

const FINE: Presence = { is: 'fine' };

/** Whom the list shows under its id or its name. */
export function listedAs<Runner extends SeenRunner>(seat: Seat, runners: readonly Runner[]): Runner | undefined {
  const name = mintedName(seat.name, seat.mint);
  return runners.find((runner) => runner.id === seat.runnerId || runner.name === name);
}

/** `endedAt`: when the job that runs in it has ended, as GitHub said; absent: it has not, as far as we know. */
export function judgePresence(
  seat: Seat,
  listed: SeenRunner | undefined,
  { endedAt, jobMs }: { endedAt?: number | undefined; jobMs: number },
  now: number,
): Presence {
  if (seat.state === 'registered') return idlePresence(seat, listed, now);
  return seat.state === 'busy' ? busyPresence(seat, listed, { endedAt, jobMs }, now) : FINE;
}

function idlePresence({ registeredAt = 0, heardAt = 0 }: Seat, listed: SeenRunner | undefined, now: number): Presence {
  if (listed?.busy) return { is: 'busy' };
  if (listed === undefined) {
    return now - registeredAt >= LISTED_AFTER_MS ? { is: 'doubtful', what: 'unlisted' } : FINE;
  }
  return now - Math.max(registeredAt, heardAt) >= SILENT_MS ? { is: 'doubtful', what: 'silent' } : FINE;
}

function busyPresence(
  { startedAt = Number.POSITIVE_INFINITY, heardAt = 0, busyWith }: Seat,
  listed: SeenRunner | undefined,
  { endedAt, jobMs }: { endedAt?: number | undefined; jobMs: number },
  now: number,
): Presence {
  const isOver = now - startedAt >= jobMs;
  if (listed?.busy) return isOver ? { is: 'overtime' } : FINE;
  if (listed !== undefined && busyWith === undefined && heardAt - startedAt >= OBSERVED_APART_MS) return { is: 'idle' };
  if (endedAt !== undefined && now - endedAt >= OUTLIVED_MS) return { is: 'doubtful', what: 'outlived its job' };
  return isOver ? { is: 'doubtful', what: 'past the longest job' } : FINE;
}

/** Seen before, long enough ago for GitHub to have made its list anew. */
export function isConfirmed({ doubt }: Seat, what: Doubt, now: number): boolean {
  return doubt?.what === what && now - doubt.since >= OBSERVED_APART_MS;
}

/** What GitHub says of the job that it came for, or that runs in it; `none`: there was never one, or nobody knows which. */
export type LastJob = 'none' | 'unknown' | 'waits' | 'runs here' | 'runs elsewhere' | 'ended';

/** May its registration be taken away, if GitHub lets go of it? Whatever is not known keeps it. */
export function mayRetire(what: Doubt, { busyWith }: Seat, job: LastJob): boolean {
  if (job === 'unknown' || job === 'runs here') return false;
  return busyWith === undefined ? what !== 'outlived its job' : job === 'ended';
}

export const DOUBT_REASONS: Readonly<Record<Doubt, string>> = {
  unlisted: 'GitHub does not know its registration any more',
  silent: 'its container has been silent for long',
  'outlived its job': 'its job has ended, and its container has not',
  'past the longest job': 'it has worked for longer than its pool allows, and GitHub knows of no job in it',
};
