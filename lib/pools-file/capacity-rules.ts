/** What must hold between the settings of a group of instances, and between groups and the pools that run in them. */
import { type AutomaticClass, automaticClass, automaticClasses, smallestSpace } from './automatic-capacity.ts';
import type { SoundCapacity } from './capacity-schema.ts';
import { aboutKey, didYouMean, type Finding, problem, warning } from './findings.ts';
import {
  type Architecture,
  architectures,
  fits,
  type InstanceType,
  instanceType,
  taskSpace,
} from './instance-types.ts';
import type { SoundPool } from './schema.ts';
import { wasteOf } from './waste.ts';

/** ECS quotas: capacity providers per cluster, not adjustable. */
const CAPACITY_PROVIDERS_MAX = 20;

/** A pool of which all is sound that says where it runs, or what its tasks need. */
type PoolSize = Required<Pick<SoundPool, 'name' | 'cpu' | 'memory' | 'architecture'>>;

/** Settings that are missing or have problems of their own are left alone. */
export function checkCapacityRules(groups: readonly SoundCapacity[], pools: readonly SoundPool[]): Finding[] {
  return [
    ...groups.flatMap(checkName),
    ...groups.flatMap(checkTypes),
    ...groups.flatMap(checkSchedules),
    ...groups.flatMap((group) => checkUse(group, pools)),
    ...pools.flatMap((pool) => checkPool(pool, groups)),
    ...checkProviders(pools),
  ];
}

function checkName({ name }: SoundCapacity): Finding[] {
  const taken = architectures.flatMap(automaticClasses).some((automatic) => automatic.name === name);
  const message = 'is the name of an automatic group, for pools that name none: give this one another name';
  return taken ? [aboutKey(['capacity', name], message)] : [];
}

function checkTypes({ name, instanceTypes = [] }: SoundCapacity): Finding[] {
  const path = ['capacity', name, 'instanceTypes'];
  const repeated = instanceTypes.flatMap((type, index) =>
    instanceTypes.indexOf(type) === index
      ? []
      : problem([...path, `${index}`], 'is there already: remove one of the two'),
  );
  const [first, ...others] = typesOf(instanceTypes);
  const other = others.find(({ architecture }) => architecture !== first?.architecture);
  if (!first || !other) return repeated;
  const message = `mix architectures, and a group has one image: ${first.name} is ${first.architecture}, ${other.name} is ${other.architecture}; make two groups`;
  return [...repeated, problem(path, message)];
}

function checkSchedules({ name, max, schedules = [] }: SoundCapacity): Finding[] {
  return schedules.flatMap(({ cron, timeZone, min }, index) => {
    const path = ['capacity', name, 'schedules', `${index}`];
    const earlier = schedules.findIndex((other) => other.cron === cron && other.timeZone === timeZone);
    return [
      ...(earlier < index
        ? [problem([...path, 'cron'], 'is there already, in the same time zone: remove one of the two')]
        : []),
      ...(max !== undefined && min > max
        ? [problem([...path, 'min'], `is ${min}, but the most instances of the group are ${max} (max)`)]
        : []),
    ];
  });
}

function checkUse({ name }: SoundCapacity, pools: readonly SoundPool[]): Finding[] {
  if (pools.some(({ capacity }) => capacity === name)) return [];
  return [
    {
      ...warning(['capacity', name], `no pool runs here, so it is not made: add capacity: ${name} to one`),
      part: 'key',
    },
  ];
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
  return [
    problem(
      path,
      `is ${JSON.stringify(capacity)}: it must be the name of a group under capacity in this file: ${hint}`,
    ),
  ];
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
  const types = typesOf(instanceTypes);
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

function typesOf(names: readonly string[]): InstanceType[] {
  return names.flatMap((name) => instanceType(name) ?? []);
}
