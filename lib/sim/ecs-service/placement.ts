/** Which instance a task goes to: binpack by memory, as AWS advises for scaling in. */
import type { EcsTask, Instance } from './state.ts';

type Size = Pick<EcsTask, 'cpu' | 'memory'>;

export function fits(instance: Instance, size: Size): boolean {
  if (!instance.connected || instance.status !== 'ACTIVE') return false;
  return instance.freeCpu >= size.cpu && instance.freeMemory >= size.memory;
}

/** The fullest that has room. */
export function chooseInstance(instances: Iterable<Instance>, size: Size): Instance | undefined {
  let chosen: Instance | undefined;
  for (const instance of instances) {
    if (fits(instance, size) && (chosen === undefined || instance.freeMemory < chosen.freeMemory)) chosen = instance;
  }
  return chosen;
}

/** ECS docs, "API failures messages": what was missing. */
export function whatIsMissing(instances: Iterable<Instance>, size: Size): 'RESOURCE:CPU' | 'RESOURCE:MEMORY' {
  for (const instance of instances) {
    if (instance.connected && instance.freeMemory >= size.memory) return 'RESOURCE:CPU';
  }
  return 'RESOURCE:MEMORY';
}

export function reserve(task: EcsTask, instance: Instance): void {
  task.instance = instance;
  instance.tasks.add(task);
  instance.freeCpu -= task.cpu;
  instance.freeMemory -= task.memory;
}

/** The task keeps the name of its instance, as ECS shows it. */
export function release(task: EcsTask): void {
  if (task.instance?.tasks.delete(task) !== true) return;
  task.instance.freeCpu += task.cpu;
  task.instance.freeMemory += task.memory;
}
