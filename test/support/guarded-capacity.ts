/** A cluster with two groups of instances, each behind its capacity provider, as a stack of ours has them. */

import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { ECSClient } from '@aws-sdk/client-ecs';
import type { GuardedGroup } from '../../lib/core/guard.ts';
import { createCapacity } from '../../lib/live/capacity.ts';
import { serveEcs } from '../../lib/local/ecs.ts';
import { type AutoScalingService, createAutoScaling } from '../../lib/sim/auto-scaling.ts';
import { createSimCapacity } from '../../lib/sim/capacity.ts';
import type { Capacity } from '../../lib/world.ts';
import { serveAutoScaling } from './auto-scaling-server.ts';
import { aWorld, CLUSTER, MINUTE, runsFor, type World } from './ecs-simulated.ts';

export const SMALL: GuardedGroup = { capacityProvider: 'small', autoScalingGroup: 'group-small' };
export const LARGE: GuardedGroup = { capacityProvider: 'large', autoScalingGroup: 'group-large' };

export type CapacityWorld = World & {
  autoScaling: AutoScalingService;
  /** Starts a runner of the pool on that capacity provider, under the name that the service would give. */
  launch(pool: string, capacityProvider: string, overrides?: Record<string, unknown>): string;
};

/** Containers run for `minutes`; each group has `instances` of them, with room for four runners each. */
export function aCapacityWorld(options: { minutes?: number; instances?: number } = {}): CapacityWorld {
  const { instances = 1, minutes = 10 } = options;
  const size = { instanceCpu: 4096, instanceMemory: 8192, minInstances: instances, maxInstances: 300 };
  const world = aWorld({
    container: runsFor(minutes * MINUTE),
    clusters: [
      {
        name: CLUSTER,
        capacityProviders: [
          { ...size, name: 'small' },
          { ...size, name: 'large' },
        ],
      },
    ],
  });
  const autoScaling = createAutoScaling(world.ecs, [
    { name: SMALL.autoScalingGroup, capacityProvider: SMALL.capacityProvider },
    { name: LARGE.autoScalingGroup, capacityProvider: LARGE.capacityProvider },
  ]);
  let job = 0;
  return {
    ...world,
    autoScaling,
    launch: (pool, capacityProvider, overrides = {}) => {
      job += 1;
      const capacityProviderStrategy = [{ capacityProvider, weight: 1 }];
      const { tasks } = world.run({ startedBy: `gha-${pool}-0-${job}-1`, capacityProviderStrategy, ...overrides });
      return String(tasks[0]?.['taskArn']);
    },
  };
}

export type ConnectedCapacity = { capacity: Capacity; close: () => Promise<void> };

export async function overTheWire(
  world: CapacityWorld,
  signal = new AbortController().signal,
): Promise<ConnectedCapacity> {
  const servedEcs = await serveEcs({ service: world.ecs, port: 0 });
  const served = await serveAutoScaling(world.autoScaling);
  const common = {
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  };
  const ecs = new ECSClient({ ...common, endpoint: servedEcs.url });
  const autoScaling = new AutoScalingClient({ ...common, endpoint: served.url });
  return {
    capacity: createCapacity({ ecs, autoScaling, signal }),
    close: async () => {
      ecs.destroy();
      autoScaling.destroy();
      await servedEcs.close();
      await served.close();
    },
  };
}

export async function inProcess(world: CapacityWorld): Promise<ConnectedCapacity> {
  return { capacity: createSimCapacity(world), close: async () => {} };
}
