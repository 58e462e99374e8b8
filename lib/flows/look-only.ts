/** A look of a stage that only observes: what it would launch is said, once per job. */
import { plan } from '../core/demand.ts';
import type { JobRecord } from '../core/job.ts';
import { pretendedSeats } from '../core/observe.ts';
import type { Pool } from '../core/pool.ts';
import type { World } from '../world.ts';
import type { Config } from './config.ts';
import { explain } from './explain.ts';
import { mirror } from './jobs.ts';
import { launchable, leaveOthers, lookAgain, type Own, readPool, recordsOf } from './look.ts';
import { OBSERVES } from './observe.ts';

/**
 * It plans as if everything that was ever planned had been done: such a job takes a place until it has ended, wherever it
 * runs in truth. Several that look side by side may plan one place twice: nothing depends on it.
 */
export async function lookOnly(world: World, config: Config, pool: Pool, own: Own): Promise<void> {
  const [{ seats, health }, backlog] = await Promise.all([readPool(world, pool), world.backlog.list(pool.name)]);
  const now = world.clock.now();
  const decided = plan({
    pool: { ...pool, warm: 0 },
    seats: [...seats, ...pretendedSeats(pool, seats, backlog)],
    health: { ...health, failures: 0, proven: pool.taskDefinition },
    backlog,
    own: new Set(own.keys()),
    now,
  });
  const jobs = await recordsOf(world, decided.launches, own);
  await leaveOthers(world, pool, backlog, jobs);
  await Promise.all(
    decided.launches.map(async ({ job, places }) => {
      const owed = await launchable(world, config, jobs.get(job));
      if (typeof owed === 'object') await sayLaunch(world, pool, owed, places[0]);
    }),
  );
  const launched = new Set(decided.launches.map(({ job }) => job));
  await Promise.all([...own.values()].map(({ item }) => explain(world, item, launched, decided.why)));
  if (decided.lookAt !== undefined) await lookAgain(world, pool.name, decided.lookAt);
}

/** One conditional write, so that it is said once, however many look. */
async function sayLaunch(world: World, pool: Pool, job: JobRecord, place: number | undefined): Promise<void> {
  const observedAt = world.clock.now();
  const reason = `would be launched on place ${place} of pool ${pool.name}: ${OBSERVES}`;
  const said = await world.history.put({ ...job, observedAt, reason }, job);
  if (said === undefined) return;
  await mirror(world, said);
  world.log({ decision: 'would launch', reason, job: job.job, pool: pool.name });
}
