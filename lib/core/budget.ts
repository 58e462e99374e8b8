/**
 * What an installation may still be asked: one budget for all functions. Whoever hears something of GitHub that matters to
 * the others notes it in the installation's record, and everybody obeys what stands there.
 */
import {
  LIMIT_AGAIN_FIRST_MS,
  LIMIT_AGAIN_MAX_MS,
  PROBE_MS,
  RESERVE_SHARES,
  SILENCE_FIRST_MS,
  SILENCE_MAX_MS,
  SWEEP_AFTER_LIMIT_MS,
  UNANSWERED_MAX,
} from './limits.ts';

/** Kinds of calls, by what they are for; those that may use the limit to its end first. */
export type Use = keyof typeof RESERVE_SHARES;

/** GitHub is left alone until then (ms since 1970). It stays noted until GitHub has given an answer. */
export type Quiet = {
  why: 'primary limit' | 'secondary limit' | 'no answer';
  since: number;
  until: number;
  /** Without an answer in between. */
  times: number;
  /** Somebody tries whether GitHub answers again. */
  probing?: true;
  reason: string;
};

/** As GitHub said it of the primary limit; `resetsAt` in ms since 1970. */
export type Limit = { limit: number; remaining: number; resetsAt: number };

/** All of it is absent as long as there is nothing to heed. */
export type Budget = {
  quiet?: Quiet;
  /** Calls in a row that GitHub has not answered. */
  unanswered?: number;
  /** Noted when a reserve is reached; good until its reset. */
  limit?: Limit;
};

/** What a call has shown. `limit`: what this process knows of the primary limit. */
export type Heard = Answered | Refused | { kind: 'no answer'; reason: string };
type Answered = { kind: 'answer'; limit?: Limit | undefined };
type Refused = {
  kind: 'primary limit' | 'secondary limit';
  seconds: number;
  reason: string;
  limit?: Limit | undefined;
};

/** From when on GitHub may be asked for a registration (ms since 1970); not before now. */
export function freeFrom(budget: Budget | undefined, now: number): number {
  return budget === undefined ? now : (heldBack(budget, undefined, 'registration', now)?.until ?? now);
}

/** Why such a call is not to be made now, and for how long; `undefined`: it may be. `own`: what this process has heard itself. */
export function heldBack(
  budget: Budget,
  own: Limit | undefined,
  use: Use,
  now: number,
): { reason: string; until: number } | undefined {
  const { quiet } = budget;
  if (quiet !== undefined && quiet.until > now) return { reason: quiet.reason, until: quiet.until };
  if (quiet !== undefined && quiet.why !== 'no answer' && use === 'sweep') {
    const until = quiet.until + SWEEP_AFTER_LIMIT_MS;
    if (until > now) return { reason: `${quiet.reason}; launching comes first`, until };
  }
  const limit = lowest(current(budget.limit, now), current(own, now));
  if (limit === undefined || limit.remaining > RESERVE_SHARES[use] * limit.limit) return undefined;
  const reason = `${limit.remaining} of ${limit.limit} calls are left until GitHub's reset: they are for what is more urgent`;
  return { reason, until: limit.resetsAt };
}

/** Whether somebody must try if GitHub answers again, one at a time. */
export function needsProbe({ quiet }: Budget, now: number): boolean {
  return quiet?.why === 'no answer' && quiet.until <= now;
}

/** Whoever has written this makes the one call that may be made; if it is never heard of again, another does. */
export function withProbe<Record extends Budget>(record: Record, now: number): Record {
  if (record.quiet === undefined) return record;
  return { ...record, quiet: { ...record.quiet, until: now + PROBE_MS, probing: true } };
}

/** The budget after what was heard: the very same object if there is nothing new for others. */
export function afterHearing<Record extends Budget>(record: Record, heard: Heard, now: number): Record {
  if (heard.kind === 'no answer') return afterSilence(record, heard.reason, now);
  const noted = withLimit(record, heard.limit, now);
  return heard.kind === 'answer' ? afterAnswer(noted, now) : afterRefusal(noted, heard, now);
}

/** Who was asked before GitHub wanted to be left alone may be answered afterwards: that ends nothing. */
function afterAnswer<Record extends Budget>(record: Record, now: number): Record {
  const { quiet, unanswered, ...kept } = record;
  const isOver = quiet !== undefined && (quiet.why === 'no answer' || quiet.until <= now);
  if (!isOver && unanswered === undefined) return record;
  return { ...kept, ...(quiet !== undefined && !isOver && { quiet }) } as Record;
}

/** GitHub docs, "Rate limits for the REST API": who is refused again waits for longer each time. */
function afterRefusal<Record extends Budget>(record: Record, heard: Refused, now: number): Record {
  const { quiet: before, unanswered: _, ...kept } = record;
  const isSame = before !== undefined && before.why !== 'no answer';
  if (isSame && before.until >= now + heard.seconds * 1000) return record;
  const times = isSame ? before.times + (before.until <= now ? 1 : 0) : 1;
  const atLeastMs =
    heard.kind === 'secondary limit' && times > 1 ? doubled(LIMIT_AGAIN_FIRST_MS, times, LIMIT_AGAIN_MAX_MS) : 0;
  const until = now + Math.max(heard.seconds * 1000, atLeastMs);
  const since = isSame ? before.since : now;
  return { ...kept, quiet: { why: heard.kind, since, until, times, reason: heard.reason } } as unknown as Record;
}

/** One call in vain is chance, several in a row are an outage: then one call at a time finds out when it is over. */
function afterSilence<Record extends Budget>(record: Record, reason: string, now: number): Record {
  const { quiet } = record;
  if (quiet !== undefined && !(quiet.why === 'no answer' && (quiet.probing || quiet.until <= now))) return record;
  const unanswered = (record.unanswered ?? 0) + 1;
  if (quiet === undefined && unanswered < UNANSWERED_MAX) return { ...record, unanswered };
  const times = (quiet?.times ?? 0) + 1;
  const until = now + doubled(SILENCE_FIRST_MS, times, SILENCE_MAX_MS);
  return { ...record, unanswered, quiet: { why: 'no answer', since: quiet?.since ?? now, until, times, reason } };
}

function doubled(firstMs: number, times: number, mostMs: number): number {
  return Math.min(mostMs, firstMs * 2 ** (times - 1));
}

/** Noted when another reserve is reached, so at most a few times in an hour; never upwards within one. */
function withLimit<Record extends Budget>(record: Record, heard: Limit | undefined, now: number): Record {
  const said = current(heard, now);
  if (said === undefined) return record;
  const known = current(record.limit, now);
  if (known !== undefined && known.resetsAt - said.resetsAt > SAME_RESET_MS) return record;
  const isSame = known !== undefined && said.resetsAt - known.resetsAt <= SAME_RESET_MS;
  if (reservesLeft(said) >= (isSame ? reservesLeft(known) : RESERVES.length)) return record;
  const { limit, remaining, resetsAt } = said;
  return { ...record, limit: { limit, remaining, resetsAt } };
}

/** Clocks and whole seconds differ a little from answer to answer. */
const SAME_RESET_MS = 60_000;

const RESERVES = [...new Set(Object.values(RESERVE_SHARES))];

/** How many of the reserves are still above what is left. */
function reservesLeft({ limit, remaining }: Limit): number {
  return RESERVES.filter((share) => remaining > share * limit).length;
}

function current(limit: Limit | undefined, now: number): Limit | undefined {
  return limit !== undefined && limit.resetsAt > now ? limit : undefined;
}

/** Of one hour; else that of the later one. */
function lowest(one: Limit | undefined, other: Limit | undefined): Limit | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (Math.abs(one.resetsAt - other.resetsAt) > SAME_RESET_MS) return one.resetsAt > other.resetsAt ? one : other;
  return one.remaining <= other.remaining ? one : other;
}
