/** Container instances of ECS and their Auto Scaling groups. Every call may be repeated, so the clients should do so. */
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { ECSClient } from '@aws-sdk/client-ecs';
import type { Capacity } from '../world.ts';
import { group, setProtection, setProtectionOfNew } from './auto-scaling.ts';
import { containerInstances, livingTasks, setState } from './container-instances.ts';

/** When `signal` is aborted, the call that is under way and every later one is `retry`. */
export type CapacitySettings = { ecs: ECSClient; autoScaling: AutoScalingClient; signal: AbortSignal };

export function createCapacity(settings: CapacitySettings): Capacity {
  return {
    livingTasks: (cluster) => livingTasks(settings, cluster),
    containerInstances: (cluster) => containerInstances(settings, cluster),
    drain: (cluster, arns) => setState(settings, cluster, arns, 'DRAINING'),
    activate: (cluster, arns) => setState(settings, cluster, arns, 'ACTIVE'),
    group: (name) => group(settings, name),
    protectNewInstances: (name) => setProtectionOfNew(settings, name, true),
    leaveNewInstances: (name) => setProtectionOfNew(settings, name, false),
    protectInstances: (name, ids) => setProtection(settings, name, ids, true),
    leaveInstances: (name, ids) => setProtection(settings, name, ids, false),
  };
}
