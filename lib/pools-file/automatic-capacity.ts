/**
 * The groups of instances for pools that name none: per architecture one for each size, of several families, so that
 * Spot finds an instance. Nothing here depends on what else a pool says, so a change of one leaves its group alone.
 */
import { type Architecture, fits, type InstanceType, knownTypes, type Size, taskSpace } from './instance-types.ts';
import type { FilePool } from './schema.ts';

export type AutomaticClass = { name: string; architecture: Architecture; instanceTypes: readonly InstanceType[] };

/** From 2 vCPUs and 8 GiB to 96 vCPUs and 384 GiB. */
const SIZES = ['large', 'xlarge', '2xlarge', '4xlarge', '8xlarge', '16xlarge', '24xlarge'];
const FAMILIES: Readonly<Record<Architecture, readonly string[]>> = {
  x64: ['m7i', 'm7a', 'm6i', 'm6a', 'm5'],
  arm64: ['m8g', 'm7g', 'm6g'],
};
/** m7g and m6g end at 16xlarge. */
const FAMILIES_OF_ARM64_24XLARGE = ['m8g', 'm8gd', 'r8g'];

/** Of one architecture, the smallest first. */
export function automaticClasses(architecture: Architecture): AutomaticClass[] {
  return SIZES.map((size) => {
    const name = `${architecture}-${size}`;
    const families = name === 'arm64-24xlarge' ? FAMILIES_OF_ARM64_24XLARGE : FAMILIES[architecture];
    return { name, architecture, instanceTypes: knownTypes(families.map((family) => `${family}.${size}`)) };
  });
}

/** The smallest class of which every instance can run a task of the pool; undefined: there is none. */
export function automaticClass(pool: Pick<FilePool, 'architecture' | 'cpu' | 'memory'>): AutomaticClass | undefined {
  return automaticClasses(pool.architecture).find(({ instanceTypes }) => fits(pool, smallestSpace(instanceTypes)));
}

/**
 * What every instance of these types has. A task that is larger keeps waiting: "larger than the smallest instance type"
 * of a group, and ECS managed scaling starts no instance for it (ECS developer guide, managed scaling behaviour).
 */
export function smallestSpace(types: readonly InstanceType[]): Size {
  const spaces = types.map(taskSpace);
  return {
    cpu: Math.min(...spaces.map(({ cpu }) => cpu)),
    memory: Math.min(...spaces.map(({ memory }) => memory)),
  };
}
