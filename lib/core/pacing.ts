/**
 * Registrations of an installation are paced below GitHub's secondary limit: each takes its turn out of a bucket that
 * fills evenly. Whoever comes too early is given a turn of its own, so that it need not ask again before.
 */
import { freeFrom, heldBack } from './budget.ts';
import {
  LAUNCH_AHEAD_MS,
  MINTS_BURST,
  MINTS_PER_MINUTE,
  SCOPE_KEPT_MS,
  SILENCE_MAX_MS,
  TURN_KEPT_MS,
} from './limits.ts';
import type { InstallationRecord, Seat } from './runner.ts';
import { INSTALLATIONS } from './runner.ts';

type Installation = Omit<InstallationRecord, 'version'>;
type Where = { installation: number; owner: string; repository?: string | undefined };

/** Takes the next turn; `at`: when it is (ms since 1970), which may be now. */
export function takeTurn(
  record: Installation | undefined,
  where: Where,
  now: number,
): { record: Installation; at: number } {
  const known = record ?? newInstallation(where.installation, now);
  const { from, filled } = asOfNextCall(known, now);
  const tokens = filled.tokens - 1;
  return {
    record: { ...filled, tokens, scopes: noteScope(filled.scopes, where, now) },
    at: from + msUntilFull(tokens),
  };
}

/** When whoever asks now would have its turn. */
export function nextTurnAt(record: Installation | undefined, now: number): number {
  if (record === undefined) return now;
  const { from, filled } = asOfNextCall(record, now);
  return from + msUntilFull(filled.tokens - 1);
}

/**
 * Why nothing is launched for the installation now, and until when; `undefined`: whoever is launched would have its turn soon
 * after it has come up. While GitHub does not answer, nobody knows how long that will take: somebody tries first.
 */
export function launchHold(record: Installation, now: number): { reason: string; until: number } | undefined {
  const { quiet } = record;
  const isOut = quiet?.why === 'no answer' && now - quiet.since >= LAUNCH_AHEAD_MS;
  const turnAt = isOut ? quiet.until + LAUNCH_AHEAD_MS + SILENCE_MAX_MS : nextTurnAt(record, now);
  if (turnAt - now <= LAUNCH_AHEAD_MS) return undefined;
  const reason = heldBack(record, undefined, 'registration', now)?.reason ?? quiet?.reason;
  return { reason: reason ?? 'registrations are paced to what GitHub allows', until: turnAt - LAUNCH_AHEAD_MS };
}

/** It has come in its turn: not before, and not so late that many turns would be taken at once. */
export function isItsTurn({ turnAt }: Pick<Seat, 'turnAt'>, record: Installation | undefined, now: number): boolean {
  if (turnAt === undefined || freeFrom(record, now) > now) return false;
  return turnAt <= now && now - turnAt < TURN_KEPT_MS;
}

/** It has a turn that is still to come. */
export function waitsForTurn({ turnAt }: Pick<Seat, 'turnAt'>, record: Installation | undefined, now: number): boolean {
  return turnAt !== undefined && turnAt > now && turnAt >= freeFrom(record, now);
}

/** Other calls, which cost a fifth of a registration each, come out of the same bucket. */
export function takeCalls(record: Installation, calls: number, now: number): Installation {
  const filled = refill(record, now);
  return { ...filled, tokens: filled.tokens - calls / CALLS_PER_MINT };
}

/** GitHub docs, "Rate limits for the REST API": a read costs one point, a write five. */
const CALLS_PER_MINT = 5;

export function newInstallation(installation: number, now: number): Installation {
  return {
    kind: 'installation',
    pool: INSTALLATIONS,
    place: installation,
    tokens: MINTS_BURST,
    filledAt: now,
    reason: 'registers runners',
    scopes: [],
  };
}

/** The bucket as it is now; below zero: so many turns are promised. */
export function refill(record: Installation, now: number): Installation {
  const earned = (Math.max(0, now - record.filledAt) * MINTS_PER_MINUTE) / 60_000;
  return { ...record, tokens: Math.min(MINTS_BURST, record.tokens + earned), filledAt: now };
}

/** While GitHub is left alone, turns are those of the time after it: the bucket is never fuller than full then. */
function asOfNextCall(record: Installation, now: number): { from: number; filled: Installation } {
  const from = freeFrom(record, now);
  return { from, filled: refill(record, from) };
}

function msUntilFull(tokens: number): number {
  return tokens >= 0 ? 0 : Math.ceil((-tokens * 60_000) / MINTS_PER_MINUTE);
}

/** Remembered for a day: where something of ours may be registered. */
function noteScope(scopes: Installation['scopes'], where: Where, now: number): Installation['scopes'] {
  const others = scopes.filter(
    (scope) =>
      now - scope.mintedAt < SCOPE_KEPT_MS && !(scope.owner === where.owner && scope.repository === where.repository),
  );
  return [
    ...others,
    { owner: where.owner, ...(where.repository !== undefined && { repository: where.repository }), mintedAt: now },
  ];
}
