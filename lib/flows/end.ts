/** A runner's task has ended, or never came to be: what it leaves is put in order, its place last of all. */

import type { Ending } from '../core/ending.ts';
import { logLink } from '../core/log-link.ts';
import { mintedName } from '../core/name.ts';
import { failedHealth } from '../core/pool-health.ts';
import type { Seat } from '../core/runner.ts';
import { isBound } from '../core/runner.ts';
import type { Outcome, Scope, World } from '../world.ts';
import { release } from './jobs.ts';
import { changePool } from './seats.ts';

/** Idempotent; a crash in between leaves the seat, and with it the work, to the next who finds its task ended. */
export async function endRunner(world: World, seat: Seat, ending: Ending): Promise<void> {
  if (seat.serves !== undefined && ending.ran !== 'yes') await releaseJob(world, seat, seat.serves, ending);
  if (ending.ran !== 'yes' && seat.mint > 0) await unregister(world, seat);
  const isOurs = await world.runners.remove(seat);
  if (isOurs && !isBound(seat)) await blame(world, seat, ending);
  const logs = logLink(seat);
  world.log({
    // Else somebody else was faster, or its record has changed and it is the next run's.
    decision: isOurs ? 'runner ended' : 'runner not ended',
    reason: ending.reason,
    runner: seat.name,
    pool: seat.pool,
    ran: ending.ran,
    ...(ending.failure !== undefined && { failure: ending.failure }),
    ...(logs !== undefined && { logs }),
  });
}

/** The seat is not coming for the job any more. */
export async function releaseJob(world: World, seat: Seat, job: number, ending: Ending): Promise<void> {
  const failed = ending.ran === 'no';
  const released = await release(world, job, seat.name, {
    reason: ending.reason,
    failed,
    awaitsWord: ending.ran === 'unknown',
  });
  if (released) await blame(world, seat, ending);
}

async function blame(world: World, { pool }: Seat, ending: Ending): Promise<void> {
  if (ending.ran !== 'no' || ending.blame !== 'pool') return;
  const now = world.clock.now();
  await changePool(world, pool, (record) => failedHealth(record, ending.reason, now));
}

/** At once where it is easy; what GitHub refuses or does not answer is the janitor's, who finds it without a record. */
async function unregister(world: World, seat: Seat): Promise<void> {
  const found = await registrationOf(world, seat);
  const removal = found.kind === 'ok' ? await remove(world, seat, found.value) : found;
  if (removal.kind === 'ok' || removal.kind === 'gone') return;
  world.log({ decision: 'registration left to the janitor', reason: removal.reason, runner: seat.name });
}

async function remove(world: World, seat: Seat, runnerId: number | undefined): Promise<Outcome<undefined>> {
  return runnerId === undefined ? { kind: 'ok', value: undefined } : world.github.removeRunner(scopeOf(seat), runnerId);
}

/** Its id at GitHub; a runner that registers itself has told nobody, and is found by its name once GitHub shows it. */
export async function registrationOf(world: World, seat: Seat): Promise<Outcome<number | undefined>> {
  if (seat.runnerId !== undefined || seat.registration !== 'token' || seat.mint === 0) {
    return { kind: 'ok', value: seat.runnerId };
  }
  const found = await world.github.findRunner(scopeOf(seat), mintedName(seat.name, seat.mint));
  return found.kind === 'ok' ? { kind: 'ok', value: found.value?.id } : found;
}

/** Whatever was registered is bound to an owner. */
export function scopeOf(where: Pick<Seat, 'installation' | 'owner' | 'repository'>): Scope {
  const { installation, owner, repository } = where;
  if (installation === undefined || owner === undefined) throw new Error('A runner of no owner has no registration.');
  return { installation, owner, ...(repository !== undefined && { repository }) };
}
