/** A runner that will not be registered: its container is told to end, and its job is owed again. */
import type { LaunchFailure } from '../core/ending.ts';
import { refusalOf } from '../core/refusal.ts';
import type { Seat } from '../core/runner.ts';
import type { World } from '../world.ts';
import { release } from './jobs.ts';
import { hold } from './refusals.ts';
import type { RegistrationAnswer } from './register.ts';
import { changeSeat } from './seats.ts';

/** Somebody else has just decided something about it. */
const CHANGED_RETRY_SECONDS = 2;

/** The seat first: while it serves a job, nobody else is launched for that one. */
export async function giveUp(
  world: World,
  seat: Seat,
  reason: string,
  failure?: LaunchFailure,
): Promise<RegistrationAnswer> {
  const goneAt = world.clock.now();
  const given = await changeSeat(world, seat, (current) => {
    if (current.state === 'busy' || current.serves !== seat.serves) return current;
    const { serves: _, mintingAt: __, ...kept } = current;
    return { ...kept, state: 'gone', goneAt, reason };
  });
  if (given !== undefined && given.state !== 'gone') {
    return { kind: 'wait', reason: 'its record changed meanwhile', retryAfterSeconds: CHANGED_RETRY_SECONDS };
  }
  // Before the job is owed again: whoever looks then knows that it is not to be launched.
  const isRefused = failure === 'GitHub refused';
  if (isRefused) await hold(world, seat, refusalOf(seat, reason, goneAt));
  if (seat.serves !== undefined)
    await release(world, seat.serves, seat.name, { reason, failed: failure !== undefined && !isRefused });
  await world.queue.send([{ body: { kind: 'look', pool: seat.pool } }]);
  return { kind: 'gone', reason, ...(failure !== undefined && { failure }) };
}
