/** Events that never arrived: GitHub is asked to deliver them again, and looked through for what it never sent. */
import type { BacklogRecord } from '../core/job.ts';
import { FIND_LOST_UNTIL_MS } from '../core/limits.ts';
import type { World } from '../world.ts';
import type { Config } from './config.ts';
import { redeliverLost } from './redeliver.ts';
import { sweepRepositories } from './sweep.ts';

/** `backlog`: the jobs that are known and not completed. `beganAt`: when this run of the janitor began (ms since 1970). */
export async function findLost(
  world: World,
  config: Config,
  backlog: readonly BacklogRecord[],
  beganAt: number,
): Promise<void> {
  const until = beganAt + FIND_LOST_UNTIL_MS;
  const [redelivered, swept] = await Promise.allSettled([
    redeliverLost(world, until),
    sweepRepositories(world, config, backlog, until),
  ]);
  for (const part of [redelivered, swept]) {
    if (part.status === 'rejected') world.log({ decision: 'left for the next run', reason: String(part.reason) });
  }
}
