/** What the janitor does about one runner must not keep it from the others. */
import type { World } from '../world.ts';

/** One runner's trouble is its own; the next run comes in a minute. */
export async function guarded(world: World, runner: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    world.log({ decision: 'left for the next run', reason: String(error), runner });
  }
}
