/** Whether each pool has instances that can run its tasks. */
import { type AutomaticClass, automaticClass, automaticClasses, smallestSpace } from './automatic-capacity.ts';
import type { SoundCapacity } from './capacity-schema.ts';
import { didYouMean, type Finding, problem, shown, warning } from './findings.ts';
import { type Architecture, fits, type InstanceType, knownTypes, taskSpace } from './instance-types.ts';
import type { SoundPool } from './schema.ts';
import { wasteOf } from './waste.ts';

/** ECS quotas: capacity providers per cluster, not adjustable. */
const CAPACITY_PROVIDERS_MAX = 20;

/** A pool of which all is sound that says what instances its tasks need. */
type PoolSize = Required<Pick<SoundPool, 'name' | 'cpu' | 'memory' | 'architecture'>>;

/** `pools`: those whose settings about where they run have no problems of their own. */
export function checkPlacement(groups: readonly SoundCapacity[], pools: readonly SoundPool[]): Finding[] {
  return [...pools.flatMap((pool) => checkPool(pool, groups)), ...checkProviders(pools)];
}

function checkPool(pool: SoundPool, groups: readonly SoundCapacity[]): Finding[] {
  const { name, capacity, capacityProvider } = pool;
  const path = ['pools', name, 'capacity'];
  if (capacity !== undefined && capacityProvider !== undefined)
    return [problem(path, 'a pool runs in a group of this file or on a capacityProvider: remove one of the two')];
  if (capacityProvider !== undefined) return [];
  if (capacity === undefined) return isSized(pool) ? checkAutomatic(pool) : [];
  const group = groups.find((some) => some.name === capacity);
  if (group) return isSized(pool) ? checkInGroup(pool, group) : [];
  const names = groups.map((some) => some.name);
  const hint = didYouMean(capacity, names) ?? (names.length > 0 ? `there are ${names.join(', ')}` : 'it has no groups');
  return [problem(path, `${shown(capacity)}: it must be the name of a group under capacity in this file: ${hint}`)];
}

function isSized(pool: SoundPool): pool is SoundPool & PoolSize {
  return pool.cpu !== undefined && pool.memory !== undefined && pool.architecture !== undefined;
}

function checkAutomatic(pool: PoolSize): Finding[] {
  const automatic = automaticClass(pool);
  if (automatic) return checkWaste(pool, automatic);
  const spaces = automaticClasses(pool.architecture).map(({ name, instanceTypes }) => ({
    name,
    space: smallestSpace(instanceTypes),
  }));
  const listed = spaces.map(({ name, space }) => `${name} ${space.cpu} and ${space.memory}`).join(', ');
  const setting = spaces.some(({ space }) => pool.cpu <= space.cpu) ? 'memory' : 'cpu';
  const message = `is ${pool[setting]}, and no automatic group has instances for cpu: ${pool.cpu} with memory: ${pool.memory}; there are ${listed}: make it smaller, or describe a group under capacity`;
  return [problem(['pools', pool.name, setting], message)];
}

function checkInGroup(pool: PoolSize, { name, instanceTypes = [] }: SoundCapacity): Finding[] {
  const types = knownTypes(instanceTypes);
  const [first] = types;
  if (!first) return [];
  if (types.some(({ architecture }) => architecture !== first.architecture)) return [];
  if (first.architecture !== pool.architecture) return [otherArchitecture(pool, name, first.architecture)];
  const small = types.find((type) => !fits(pool, taskSpace(type)));
  return small ? [tooLarge(pool, name, small)] : checkWaste(pool, { name, instanceTypes: types });
}

function otherArchitecture(pool: PoolSize, group: string, architecture: Architecture): Finding {
  const message = `${group} has ${architecture} instances, and the pool is ${pool.architecture}: add architecture: ${architecture} if its image runs there, or name another group`;
  return problem(['pools', pool.name, 'capacity'], message);
}

/** ECS managed scaling starts nothing for a task that is larger than the smallest type of a group. */
function tooLarge(pool: PoolSize, group: string, type: InstanceType): Finding {
  const space = taskSpace(type);
  const setting = pool.cpu > space.cpu ? 'cpu' : 'memory';
  const message = `is ${pool[setting]}, but ${type.name} in ${group} has ${space[setting]} for tasks, and ECS starts no instance for a task that its group's smallest type cannot run: make it smaller, or leave ${type.name} out of the group`;
  return problem(['pools', pool.name, setting], message);
}

function checkWaste(
  pool: PoolSize,
  { name, instanceTypes }: Pick<AutomaticClass, 'name' | 'instanceTypes'>,
): Finding[] {
  return wasteOf(pool, instanceTypes.map(taskSpace)).map(({ setting, percent, better }) => {
    const message = `tasks of this size leave ${percent} % of the ${setting} of every instance in ${name} unused: up to ${better} costs nothing more, if no other pool uses it`;
    return warning(['pools', pool.name, setting], message);
  });
}

function checkProviders(pools: readonly SoundPool[]): Finding[] {
  const providers = pools.map((pool) => {
    const { capacity, capacityProvider } = pool;
    if (capacityProvider !== undefined) return `provider ${capacityProvider}`;
    return `group ${capacity ?? (isSized(pool) ? (automaticClass(pool)?.name ?? '') : '')}`;
  });
  const count = new Set(providers).size;
  if (count <= CAPACITY_PROVIDERS_MAX) return [];
  const message = `need ${count} groups of instances, and a cluster has at most ${CAPACITY_PROVIDERS_MAX}: let more pools share one (capacity)`;
  return [problem(['pools'], message)];
}
