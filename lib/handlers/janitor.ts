/** The schedule: one run a minute, one at a time. */
import { clean } from '../flows/clean.ts';
import type { Config } from '../flows/config.ts';
import type { World } from '../world.ts';

export function janitorHandler(world: World, readConfig: () => Promise<Config>): () => Promise<void> {
  return async () => {
    await clean(world, await readConfig());
  };
}
