/** What the registrar decides before it asks GitHub. */
import { MINT_VOID_AFTER_MS, MINTS_MAX } from './limits.ts';
import type { Seat } from './runner.ts';

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
