/** The schedule: one run a minute, one at a time. */
import { clean } from '../flows/clean.ts';
import type { Config } from '../flows/config.ts';
import { worldFor } from '../flows/observe.ts';
import type { World } from '../world.ts';

export function janitorHandler(world: World, readConfig: () => Promise<Config>): () => Promise<void> {
  return async () => {
    const config = await readConfig();
    await clean(worldFor(world, config), config);
  };
}
