/** Pacing of registrations, and what the registrar decides before it asks GitHub. */
import { MINT_VOID_AFTER_MS, MINTS_BURST, MINTS_MAX, MINTS_PER_MINUTE, SCOPE_KEPT_MS } from './limits.ts';
import type { InstallationRecord, Seat } from './runner.ts';
import { INSTALLATIONS } from './runner.ts';

export type MintDecision = 'mint' | 'wait' | 'gone' | 'exhausted';

/** May this runner be registered now, as far as its own record says? */
export function mayMint(seat: Seat, now: number): { decision: MintDecision; reason: string } {
  if (seat.state === 'gone') return { decision: 'gone', reason: seat.reason };
  if (seat.state === 'busy') return { decision: 'gone', reason: 'it has a job already' };
  if (seat.state === 'registered' && seat.heardAt !== undefined) {
    return { decision: 'gone', reason: 'its container has received its registration' };
  }
  if (seat.mintingAt !== undefined && now - seat.mintingAt < MINT_VOID_AFTER_MS) {
    return { decision: 'wait', reason: 'another registration of it is in flight' };
  }
  if (seat.mint >= MINTS_MAX) return { decision: 'exhausted', reason: `${MINTS_MAX} registrations of it were lost` };
  return { decision: 'mint', reason: `mint ${seat.mint + 1}` };
}

type Installation = Omit<InstallationRecord, 'version'>;

/** Takes one registration out of the installation's bucket, or says how long to wait (seconds, rounded up). */
export function takeMint(
  record: Installation | undefined,
  where: { installation: number; owner: string; repository?: string | undefined },
  now: number,
): { record: Installation; waitSeconds?: number } {
  const filled = refill(record ?? emptyInstallation(where.installation, now), now);
  const quietMs = (filled.notBefore ?? 0) - now;
  if (quietMs > 0) return { record: filled, waitSeconds: Math.ceil(quietMs / 1000) };
  if (filled.tokens < 1)
    return { record: filled, waitSeconds: Math.ceil(((1 - filled.tokens) * 60) / MINTS_PER_MINUTE) };
  const { notBefore: _, ...kept } = filled;
  return { record: { ...kept, tokens: filled.tokens - 1, scopes: noteScope(filled.scopes, where, now) } };
}

function emptyInstallation(installation: number, now: number): Installation {
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

/** The bucket as it is now. */
export function refill(record: Installation, now: number): Installation {
  const earned = (Math.max(0, now - record.filledAt) * MINTS_PER_MINUTE) / 60_000;
  return { ...record, tokens: Math.min(MINTS_BURST, record.tokens + earned), filledAt: now };
}

/** Remembered for a day: where something of ours may be registered. */
function noteScope(
  scopes: Installation['scopes'],
  where: { owner: string; repository?: string | undefined },
  now: number,
): Installation['scopes'] {
  const others = scopes.filter(
    (scope) =>
      now - scope.mintedAt < SCOPE_KEPT_MS && !(scope.owner === where.owner && scope.repository === where.repository),
  );
  return [
    ...others,
    { owner: where.owner, ...(where.repository !== undefined && { repository: where.repository }), mintedAt: now },
  ];
}
