/** Sizes of tasks that leave most of an instance idle. */
import type { Size } from './instance-types.ts';

/** `better`: as much of the setting as costs nothing more, because no fewer tasks fit on an instance. */
export type Waste = { setting: keyof Size; percent: number; better: number };

/** Less is a matter of taste; more, and the pool could have more than twice as much for the same money. */
const UNUSED_SHARE_MAX = 0.6;

/** `spaces`: what tasks get of each type of instance that they may run on; each has room for one at least. */
export function wasteOf(task: Size, spaces: readonly Size[]): Waste[] {
  return (['cpu', 'memory'] as const).flatMap((setting) => {
    const unused = Math.min(...spaces.map((space) => 1 - (taskCount(task, space) * task[setting]) / space[setting]));
    if (unused <= UNUSED_SHARE_MAX) return [];
    const better = Math.min(...spaces.map((space) => Math.floor(space[setting] / taskCount(task, space))));
    return { setting, percent: Math.floor(unused * 100), better };
  });
}

function taskCount(task: Size, space: Size): number {
  return Math.floor(Math.min(space.cpu / task.cpu, space.memory / task.memory));
}
