/** A container proves that it is its runner's own task: whoever may describe tasks can read its ticket, so that is not enough. */
import { mismatch } from '../core/identity.ts';
import type { Seat } from '../core/runner.ts';
import type { Proof, World } from '../world.ts';

export type Unproven =
  /** It is not, or does not prove it. */
  | { kind: 'unproven'; reason: string }
  /** Nobody can say at the moment. */
  | { kind: 'wait'; reason: string; retryAfterSeconds: number };

/** RunTask's answer may still be on its way to the record; where it got lost, the call is repeated after a minute. */
const TASK_RETRY_SECONDS = 5;
/** STS is down or throttles: it is not for long, and everybody asks again. */
const STS_RETRY_SECONDS = 5;

/** `undefined`: it is proven, or was launched by a version whose containers could not prove it. Changes nothing. */
export async function prove(world: World, seat: Seat, proof: Proof | undefined): Promise<Unproven | undefined> {
  const { role, taskArn } = seat;
  if (role === undefined) return undefined;
  if (proof === undefined) return { kind: 'unproven', reason: 'it does not prove that it is its task' };
  if (taskArn === undefined) {
    return { kind: 'wait', reason: 'which task it is, is not known yet', retryAfterSeconds: TASK_RETRY_SECONDS };
  }
  const signer = await world.identity.signer(seat.name, proof);
  if (signer.kind === 'retry') return { kind: 'wait', reason: signer.reason, retryAfterSeconds: STS_RETRY_SECONDS };
  if (signer.kind !== 'ok') return { kind: 'unproven', reason: signer.reason };
  const reason = mismatch({ taskArn, role }, signer.value);
  return reason === undefined ? undefined : { kind: 'unproven', reason };
}
