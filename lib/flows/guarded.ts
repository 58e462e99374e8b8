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

/** Side by side: far below the 100 concurrent requests that GitHub allows. */
const PARALLEL = 50;

/**
 * Some at a time, until the run's time is over. What was done is done, so that the next run finds the others; and each run begins
 * with another one, so that some that take all the time do not keep it from the same others again and again.
 */
export async function inTurn<Item>(
  world: World,
  items: readonly Item[],
  until: number,
  action: (item: Item) => Promise<void> | undefined,
): Promise<void> {
  const first = items.length === 0 ? 0 : (Math.floor(world.clock.now() / 60_000) * PARALLEL) % items.length;
  const turns = [...items.slice(first), ...items.slice(0, first)];
  for (let start = 0; start < turns.length; start += PARALLEL) {
    if (world.clock.now() >= until) {
      const reason = `this run has no time for ${turns.length - start} of ${turns.length}`;
      world.log({ decision: 'left for the next run', reason });
      return;
    }
    await Promise.all(turns.slice(start, start + PARALLEL).map((item) => action(item)));
  }
}
