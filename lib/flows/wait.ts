/** A container that nobody needs yet asks for its registration, and is told to wait. */
import { WARM_HEARD_MS, WARM_RETRY_SECONDS } from '../core/limits.ts';
import type { BoundSeat, Seat } from '../core/runner.ts';
import { isCurrent, isUnclaimed, isUnregistered, unbound, waiting } from '../core/warm.ts';
import type { World } from '../world.ts';
import type { Config } from './config.ts';
import { release } from './jobs.ts';
import { changeSeat } from './seats.ts';

type Warm = { kind: 'warm'; reason: string; retryAfterSeconds: number; isNews: boolean };

/** Whether it is wanted is for the looks to say: here nothing is counted, and mostly nothing is written. */
export async function waitWarm(world: World, seat: Seat): Promise<Warm> {
  const now = world.clock.now();
  const isNews = seat.state !== 'warm';
  if (!isNews && now - (seat.heardAt ?? 0) < WARM_HEARD_MS) return answer(seat, false);
  // When a job has claimed it meanwhile, or a look has let it go, it hears so when it asks again.
  const heard = await changeSeat(world, seat, (current) => (isUnclaimed(current) ? waiting(current, now) : current));
  if (isNews) await askForLook(world, seat);
  return answer(heard ?? seat, isNews);
}

/** Its job has gone elsewhere before it was registered: it waits for another. `undefined`: it cannot. */
export async function becomeWarm(world: World, config: Config, seat: BoundSeat): Promise<Warm | undefined> {
  const pool = config.pools.pools.find(({ name, warm }) => name === seat.pool && warm > 0);
  if (pool === undefined || !isCurrent(pool, seat)) return undefined;
  const now = world.clock.now();
  const freed = await changeSeat(world, seat, (current) =>
    current.serves === seat.serves && isUnregistered(current) ? waiting(unbound(current), now) : current,
  );
  if (freed?.state !== 'warm') return undefined;
  const reason = `${seat.name} is warm now`;
  if (seat.serves !== undefined) await release(world, seat.serves, seat.name, { reason, failed: false });
  await askForLook(world, seat);
  return answer(freed, true);
}

/** It proves its task definition, and others may be launched or let go now. */
async function askForLook(world: World, { pool }: Seat): Promise<void> {
  await world.queue.send([{ body: { kind: 'look', pool } }]);
}

function answer({ reason }: Seat, isNews: boolean): Warm {
  return { kind: 'warm', reason, retryAfterSeconds: WARM_RETRY_SECONDS, isNews };
}
