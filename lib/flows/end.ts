/** A runner's task has ended, or never came to be: what it leaves is put in order, its place last of all. */
import { failedHealth } from '../core/demand.ts';
import type { Ending } from '../core/ending.ts';
import { logLink } from '../core/log-link.ts';
import type { Seat } from '../core/runner.ts';
import { isBound } from '../core/runner.ts';
import type { Scope, World } from '../world.ts';
import { release } from './jobs.ts';
import { changePool } from './seats.ts';

/** Idempotent; a crash in between leaves the seat, and with it the work, to the next who finds its task ended. */
export async function endRunner(world: World, seat: Seat, ending: Ending): Promise<void> {
  if (seat.serves !== undefined && ending.ran !== 'yes') await releaseJob(world, seat, seat.serves, ending);
  if (ending.ran !== 'yes' && seat.runnerId !== undefined) await unregister(world, seat, seat.runnerId);
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

async function releaseJob(world: World, seat: Seat, job: number, ending: Ending): Promise<void> {
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
async function unregister(world: World, seat: Seat, runnerId: number): Promise<void> {
  const removal = await world.github.removeRunner(scopeOf(seat), runnerId);
  if (removal.kind === 'ok' || removal.kind === 'gone') return;
  world.log({ decision: 'registration left to the janitor', reason: removal.reason, runner: seat.name });
}

/** Whatever was registered is bound to an owner. */
export function scopeOf(where: Pick<Seat, 'installation' | 'owner' | 'repository'>): Scope {
  const { installation, owner, repository } = where;
  if (installation === undefined || owner === undefined) throw new Error('A runner of no owner has no registration.');
  return { installation, owner, ...(repository !== undefined && { repository }) };
}
