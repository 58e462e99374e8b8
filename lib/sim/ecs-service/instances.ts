/** Container instances: they register, take waiting tasks, die, or are scaled in. */

import { draw } from './events.ts';
import { hexId } from './identifiers.ts';
import { fits, reserve } from './placement.ts';
import { resourceArn } from './shapes.ts';
import { start } from './starting.ts';
import type { EcsState, Instance, Provider } from './state.ts';
import { containerVanished, instanceGone } from './stopping.ts';
import { setStatus } from './tasks.ts';

/** A booted instance joins the cluster. */
export function register(state: EcsState, provider: Provider): Instance {
  const instance: Instance = {
    arn: resourceArn(state, 'container-instance', provider.cluster.name, hexId(state.chance)),
    ec2InstanceId: `i-${hexId(state.chance, 17)}`,
    provider,
    registeredAt: state.clock.now(),
    status: 'ACTIVE',
    connected: true,
    freeCpu: provider.config.instanceCpu,
    freeMemory: provider.config.instanceMemory,
    tasks: new Set(),
    images: new Set(),
  };
  provider.instances.set(instance.arn, instance);
  placeWaiting(state, instance);
  return instance;
}

/** Oldest first; a task that is too big does not hold up smaller ones. */
export function placeWaiting(state: EcsState, instance: Instance): void {
  for (const task of instance.provider.provisioning) {
    if (instance.freeMemory <= 0 || instance.freeCpu <= 0) return;
    if (!fits(instance, task)) continue;
    instance.provider.provisioning.delete(task);
    reserve(task, instance);
    setStatus(state, task, 'PENDING');
    start(state, task, instance);
  }
}

/** A Spot interruption, seen from ECS: containers vanish without SIGTERM, and only later ECS notices. */
export function kill(state: EcsState, instance: Instance): void {
  if (!instance.connected) return;
  instance.connected = false;
  for (const task of instance.tasks) containerVanished(state, task);
  state.clock.after(draw(state, state.timings.instanceLossMs), () => {
    deregister(instance);
    const reason = `Host EC2 (instance ${instance.ec2InstanceId}) terminated.`;
    for (const task of [...instance.tasks]) instanceGone(state, task, 'TerminationNotice', reason);
  });
}

/** Scale-in; managed termination protection: never an instance with a task. */
export function terminateIdle(instances: Iterable<Instance>, count: number): number {
  let terminated = 0;
  for (const instance of instances) {
    if (terminated === count) break;
    if (instance.tasks.size > 0 || !instance.connected) continue;
    instance.connected = false;
    deregister(instance);
    terminated += 1;
  }
  return terminated;
}

function deregister(instance: Instance): void {
  instance.provider.instances.delete(instance.arn);
}
