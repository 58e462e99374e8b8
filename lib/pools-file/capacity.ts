/** The groups of instances that a deployment needs for its pools, and which pool runs in which. */
import { type AutomaticClass, automaticClass } from './automatic-capacity.ts';
import type { FileCapacity } from './capacity-schema.ts';
import { type Architecture, knownTypes } from './instance-types.ts';
import type { FilePool, PoolsFile } from './schema.ts';

export type CapacityGroup = {
  name: string;
  architecture: Architecture;
  instanceTypes: readonly string[];
  /** Instances. */
  max: number;
  /** Instances that are On-Demand before Spot begins. */
  onDemandBase: number;
  /** Share of On-Demand above the base. */
  onDemandPercent: number;
  diskGiB: number;
  /** Of the instances; without it the deployment's. */
  imageId?: string;
  /** US dollars per instance, what the dearest type costs On-Demand unless the file says so. */
  pricePerHour: number;
  /** From each of these times on, at least `min` instances run. */
  schedules: readonly { cron: string; timeZone: string; min: number }[];
};

/**
 * A pool's own `max` bounds what is started, so this bounds only what a mistake may cost. The first instance is
 * On-Demand, so that a single runner does not depend on Spot.
 */
const AUTOMATIC = { max: 1000, onDemandBase: 1, onDemandPercent: 0, schedules: [] } as const;
export const AUTOMATIC_DISK_GIB = 100;

/** The groups that the file names and pools use, and the automatic ones; sorted by name. */
export function capacityGroups(file: PoolsFile): CapacityGroup[] {
  const used = new Set(file.pools.map((pool) => capacityOf(file, pool)));
  const named = file.capacity.filter(({ name }) => used.has(name)).map(namedGroup);
  const classes = file.pools.filter(isAutomatic).flatMap((pool) => automaticClass(pool) ?? []);
  const automatic = [...new Map(classes.map((some) => [some.name, automaticGroup(some)])).values()];
  return [...named, ...automatic].toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** Name of the group the pool runs in; undefined: it names a capacity provider of its own. */
export function capacityOf(file: PoolsFile, pool: FilePool): string | undefined {
  const group = isAutomatic(pool) ? automaticClass(pool) : file.capacity.find(({ name }) => name === pool.capacity);
  return group?.name;
}

function isAutomatic({ capacity, capacityProvider }: FilePool): boolean {
  return capacity === undefined && capacityProvider === undefined;
}

function namedGroup({ schedules = [], pricePerHour, ...group }: FileCapacity): CapacityGroup {
  const types = knownTypes(group.instanceTypes);
  return {
    ...group,
    architecture: types[0]?.architecture ?? 'x64',
    pricePerHour: pricePerHour ?? dearest(types),
    schedules,
  };
}

function automaticGroup({ name, architecture, instanceTypes }: AutomaticClass): CapacityGroup {
  const types = instanceTypes.map((type) => type.name);
  return {
    name,
    architecture,
    instanceTypes: types,
    ...AUTOMATIC,
    diskGiB: AUTOMATIC_DISK_GIB,
    pricePerHour: dearest(instanceTypes),
  };
}

function dearest(types: readonly { pricePerHour: number }[]): number {
  return Math.max(...types.map(({ pricePerHour }) => pricePerHour));
}
