/** A runner leaves: its registration is taken away at GitHub first, which refuses that while a job runs in it. */
import type { Ending } from '../core/ending.ts';
import { LISTED_AFTER_MS } from '../core/limits.ts';
import type { Seat } from '../core/runner.ts';
import type { World } from '../world.ts';
import { registrationOf, releaseJob, scopeOf } from './end.ts';
import { release } from './jobs.ts';
import { changeSeat } from './seats.ts';

export type Leaving = { kind: 'stay'; reason: string } | { kind: 'go'; reason: string };

/** Nobody needs it. */
export async function leave(world: World, seat: Seat): Promise<Leaving> {
  return letGo(world, seat, 'nobody needed it; removed at GitHub');
}

/** Its container ends by itself, without a job: whoever it was coming for is owed another. */
export async function leaveEarly(world: World, seat: Seat, why: string): Promise<Leaving> {
  const reason = `its container ends without a job: ${why}`;
  const left = await letGo(world, seat, reason);
  if (left.kind === 'go' && seat.serves !== undefined) {
    const ending: Ending = { ran: 'no', blame: 'pool', failure: 'container failed', reason };
    await releaseJob(world, seat, seat.serves, ending);
  }
  return left;
}

/** Its instance goes: whoever it was coming for is owed another at once, and nobody is to blame. */
export async function leaveWithInstance(world: World, seat: Seat): Promise<Leaving> {
  const reason = 'its instance is taken away';
  const left = await letGo(world, seat, reason);
  if (left.kind === 'go' && seat.serves !== undefined) {
    await release(world, seat.serves, seat.name, { reason, failed: false });
  }
  return left;
}

async function letGo(world: World, seat: Seat, reason: string): Promise<Leaving> {
  const found = await registrationOf(world, seat);
  if (found.kind !== 'ok') return { kind: 'stay', reason: found.reason };
  if (found.value === undefined) {
    return isForgotten(seat, world.clock.now())
      ? gone(world, seat, reason)
      : { kind: 'stay', reason: 'GitHub has not shown its registration yet' };
  }
  const removal = await world.github.removeRunner(scopeOf(seat), found.value);
  if (removal.kind === 'busy') {
    const now = world.clock.now();
    await changeSeat(world, seat, (current) => ({ ...current, state: 'busy', startedAt: now, reason: removal.reason }));
    return { kind: 'stay', reason: 'GitHub says that it is busy' };
  }
  const isRemoved = removal.kind === 'ok' || (removal.kind === 'gone' && (await isUnlisted(world, seat, found.value)));
  if (!isRemoved) return { kind: 'stay', reason: 'reason' in removal ? removal.reason : 'unknown' };
  return gone(world, seat, reason);
}

async function gone(world: World, seat: Seat, reason: string): Promise<Leaving> {
  const goneAt = world.clock.now();
  const after = await changeSeat(world, seat, (current) => {
    if (current.state === 'busy') return current;
    const { serves: _, ...kept } = current;
    return { ...kept, state: 'gone', goneAt, reason };
  });
  return after?.state === 'busy'
    ? { kind: 'stay', reason: 'a job has started in it meanwhile' }
    : { kind: 'go', reason };
}

/** It has registered itself long enough ago for GitHub to show it, and GitHub does not: it removed it without a job. */
function isForgotten({ busyWith, registeredAt = 0, startedAt }: Seat, now: number): boolean {
  return startedAt === undefined && busyWith === undefined && now - registeredAt >= LISTED_AFTER_MS;
}

/**
 * GitHub answers 404 for what is gone and for what we may not see. So it counts only when the owner's runners can be
 * listed, this one is not among them, and no job was ever seen in it (the answer to an earlier removal was lost).
 */
async function isUnlisted(world: World, seat: Seat, runnerId: number): Promise<boolean> {
  if (seat.startedAt !== undefined || seat.busyWith !== undefined) return false;
  const listed = await world.github.listRunners(scopeOf(seat));
  return listed.kind === 'ok' && listed.value.every(({ id }) => id !== runnerId);
}
