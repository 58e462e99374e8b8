/** A runner that nobody needs comes for a job that has none. */
import type { JobRecord } from '../core/job.ts';
import { claimedBy } from '../core/launch.ts';
import { mayRun } from '../core/pairing.ts';
import type { Seat } from '../core/runner.ts';
import type { World } from '../world.ts';
import type { Config } from './config.ts';
import { mirror } from './jobs.ts';
import { changeSeat, comingFor } from './seats.ts';

/**
 * The seat first, then the job's record, conditional on being owed: history never names a runner that does not come.
 * Says whether the runner comes; where not, it serves a job that another runner serves too, and is free for the next who looks.
 */
export async function adopt(world: World, config: Config, seat: Seat, job: JobRecord): Promise<boolean> {
  if (job.state !== 'queued' || job.awaitsWord !== undefined) {
    await mirror(world, job);
    return false;
  }
  if (!mayRun(seat, job) || (await comingFor(world, config, job)) !== undefined) return false;
  const taken = await changeSeat(world, seat, (current) =>
    current.serves === seat.serves && current.busyWith === undefined && current.state !== 'gone'
      ? { ...current, serves: job.job, reason: `comes for job ${job.job}` }
      : current,
  );
  if (taken?.serves !== job.job) return false;
  const claim = claimedBy(job, { name: seat.name, launch: job.launch, place: seat.place }, world.clock.now());
  const claimed = await world.history.put({ ...claim, reason: `${seat.name} comes for it` }, job);
  world.log({ decision: 'runner adopted', reason: `nobody else needs ${seat.name}`, job: job.job, runner: seat.name });
  if (claimed !== undefined) return true;
  // Whoever was faster may have brought it this very runner.
  return (await world.history.get({ job: job.job }))?.runner === seat.name;
}
