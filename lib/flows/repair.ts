/** Launches that a crash left half done: the same call is made again, or what cannot be finished is given up. */
import { NEVER_STARTED } from '../core/ending.ts';
import { ASK_AGAIN_AFTER_MS, ASK_AGAIN_UNTIL_MS, ECS_LAG_MS } from '../core/limits.ts';
import type { Seat } from '../core/runner.ts';
import { isUnclaimed } from '../core/warm.ts';
import type { World } from '../world.ts';
import type { Config } from './config.ts';
import { endRunner } from './end.ts';
import { call, noteTask } from './launch.ts';
import { changeSeat } from './seats.ts';

export async function repairSeats(world: World, config: Config, seats: readonly Seat[]): Promise<void> {
  const now = world.clock.now();
  const stale = seats.filter((seat) => seat.taskArn === undefined && (seat.askedAt ?? 0) + ASK_AGAIN_AFTER_MS <= now);
  await Promise.all(stale.map((seat) => repairSeat(world, config, seat, now)));
}

async function repairSeat(world: World, config: Config, seat: Seat, now: number): Promise<void> {
  const job = await world.history.get({ job: seat.serves ?? seat.job });
  if (job !== undefined && job.job === seat.job && job.launch < seat.launch) {
    // Never claimed. Writing the record makes the claim of a launcher that only sleeps fail; then the place is free.
    if ((await world.history.put(job, job)) !== undefined) await world.runners.remove(seat);
    return;
  }
  const mayAsk = config.mode === 'launch' && (isUnclaimed(seat) || job?.runner === seat.name);
  if (mayAsk && now - seat.launchedAt < ASK_AGAIN_UNTIL_MS) {
    const mine = await changeSeat(world, seat, (current) =>
      current.version === seat.version ? { ...current, askedAt: now } : current,
    );
    if (mine?.askedAt !== now) return;
    world.log({ decision: 'call repeated', reason: 'nobody noted its answer', runner: seat.name, pool: seat.pool });
    const answer = await call(world, mine);
    if (answer.kind === 'ok') return noteTask(world, mine, answer.value);
    // The first call may have started the task all the same: that ECS refuses another one says nothing about it.
    return answer.kind === 'unknown' ? undefined : lookUp(world, mine, now);
  }
  await lookUp(world, seat, now);
}

/** Too late to repeat the call, or nobody waits any more: ECS is asked whether there is a task. */
async function lookUp(world: World, seat: Seat, now: number): Promise<void> {
  const found = await world.cluster.findTask(seat.name);
  if (found.kind !== 'ok') return;
  if (found.value !== undefined) {
    world.log({ decision: 'task found', reason: 'ECS knew it by its name', runner: seat.name });
    return noteTask(world, seat, found.value);
  }
  if (now - seat.launchedAt < ECS_LAG_MS) return;
  await endRunner(world, seat, NEVER_STARTED);
}
