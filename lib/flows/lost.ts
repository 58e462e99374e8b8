/** Runners that went with their instance, where their pool wants their jobs to be run again: written down before their place is free. */
import type { JobEvent } from '../core/job.ts';
import type { LostRecord, LostTask } from '../core/lost.ts';
import { LOST, lostAtOf, lostPlaceOf, lostRecord } from '../core/lost.ts';
import { parseMintedName } from '../core/name.ts';
import type { RunnerRecord, Seat } from '../core/runner.ts';
import type { World } from '../world.ts';
import { change } from './change.ts';
import type { Config } from './config.ts';

export function rerunsMaxOf({ pools: { pools } }: Config, pool: string): number {
  return pools.find(({ name }) => name === pool)?.rerunsMax ?? 0;
}

/** Idempotent. Before the seat is removed: whoever finds no seat any more finds this. */
export async function noteLost(world: World, config: Config, seat: Seat, task: LostTask): Promise<void> {
  const now = world.clock.now();
  const lostAt = lostAtOf(seat, task, now);
  if (lostAt === undefined || rerunsMaxOf(config, seat.pool) === 0) return;
  const { before, after } = await changeLost(world, seat.name, (record) => {
    if (record === undefined) return lostRecord(seat, lostAt, now);
    return record.job !== undefined || seat.busyWith === undefined ? record : { ...record, job: seat.busyWith };
  });
  if (before === after) return;
  const reason = 'its instance went under it; its job is run again if it died with it';
  world.log({ decision: 'runner lost', reason, runner: seat.name, pool: seat.pool, job: seat.busyWith });
}

/** GitHub names the job that ran in a runner of which there is no seat any more. */
export async function nameLost(world: World, config: Config, { job, runnerName = '' }: JobEvent): Promise<void> {
  const parsed = parseMintedName(config.prefix, runnerName);
  if (parsed === undefined || rerunsMaxOf(config, parsed.pool) === 0) return;
  await changeLost(world, parsed.name, (record) =>
    record === undefined || record.job !== undefined ? record : { ...record, job },
  );
}

/** Of exactly this runner: the number of another one's name may be the same. */
function changeLost(
  world: World,
  runner: string,
  next: (record: LostRecord | undefined) => Omit<LostRecord, 'version'> | undefined,
) {
  return change<RunnerRecord, { pool: string; place: number }>(
    world.runners,
    { pool: LOST, place: lostPlaceOf(runner) },
    (stored) => {
      if (stored !== undefined && (stored.kind !== 'lost' || stored.runner !== runner)) return stored;
      return next(stored);
    },
  );
}
