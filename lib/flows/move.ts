/** Pools change while jobs wait: each goes to the pool that serves it now (docs/decisions/0009-removed-and-changed-pools.md). */

import type { BacklogRecord, JobRecord } from '../core/job.ts';
import { movedTo } from '../core/job.ts';
import { MOVES_MAX } from '../core/limits.ts';
import { isAlone, served } from '../core/pairing.ts';
import type { Pools } from '../core/pool.ts';
import { homeOf } from '../core/pool.ts';
import type { Seat } from '../core/runner.ts';
import type { World } from '../world.ts';
import type { Config } from './config.ts';
import { mirror } from './jobs.ts';
import { comingFor } from './seats.ts';

/** Gives the backlog as it is then. A job for which a runner comes is left to it, of whatever pool it is. */
export async function moveJobs(
  world: World,
  config: Config,
  backlog: readonly BacklogRecord[],
  seats: readonly Seat[],
): Promise<BacklogRecord[]> {
  const taken = served(seats);
  const misplaced = backlog.filter((item) => isAlone(item, taken) && !isAtHome(config.pools, item));
  const moved = new Map(
    await Promise.all(
      misplaced.slice(0, MOVES_MAX).map(async (item) => [item, await guarded(world, config, item)] as const),
    ),
  );
  return backlog.flatMap((item) => (moved.has(item) ? (moved.get(item) ?? []) : [item]));
}

function isAtHome(pools: Pools, { pool, labels, owner, repository }: BacklogRecord): boolean {
  return labels !== undefined && homeOf(pools, { labels, owner, repository }).pool === pool;
}

async function guarded(world: World, config: Config, item: BacklogRecord): Promise<BacklogRecord | undefined> {
  try {
    return await moveJob(world, config, item);
  } catch (error) {
    world.log({ decision: 'left for the next run', reason: String(error), job: item.job });
    return item;
  }
}

async function moveJob(world: World, config: Config, item: BacklogRecord): Promise<BacklogRecord | undefined> {
  const record = await world.history.get({ job: item.job });
  const settled = record && (await isMovable(world, config, record)) ? await moveHome(world, config, record) : record;
  return leave(world, item, settled);
}

async function isMovable(world: World, config: Config, record: JobRecord): Promise<boolean> {
  if (record.state !== 'queued' || record.awaitsWord !== undefined) return false;
  return (await comingFor(world, config, record)) === undefined;
}

/** Whoever was faster has just changed it: then it is the next run's. */
async function moveHome(world: World, config: Config, record: JobRecord): Promise<JobRecord | undefined> {
  const home = homeOf(config.pools, record);
  if (home.pool === record.pool) return record;
  const moved = await world.history.put(movedTo(home, record, world.clock.now()), record);
  if (moved === undefined) return world.history.get({ job: record.job });
  world.log({ decision: 'job moved', reason: moved.reason, job: record.job, pool: home.pool });
  return moved;
}

/** History first, then the backlog that the job is in, then the one that it has left. */
export async function leave(
  world: World,
  item: BacklogRecord,
  record: JobRecord | undefined,
): Promise<BacklogRecord | undefined> {
  const mirrored = record && (await mirror(world, record));
  if (record?.pool !== item.pool) await world.backlog.remove(item);
  return mirrored;
}
