/** The schedule: one run a minute, one at a time. */
import { clean } from '../flows/clean.ts';
import type { Config } from '../flows/config.ts';
import { findLost } from '../flows/find-lost.ts';
import { worldFor } from '../flows/observe.ts';
import type { World } from '../world.ts';

export function janitorHandler(world: World, readConfig: () => Promise<Config>): () => Promise<void> {
  return async () => {
    const beganAt = world.clock.now();
    const config = await readConfig();
    const own = worldFor(world, config);
    const backlog = await clean(own, config, beganAt);
    await findLost(own, config, backlog, beganAt);
  };
}
