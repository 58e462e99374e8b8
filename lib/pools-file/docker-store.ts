/** Whether the stores of inner Docker daemons fit on the disks of the instances. */
import { automaticClass } from './automatic-capacity.ts';
import { AUTOMATIC_DISK_GIB } from './capacity.ts';
import type { SoundCapacity } from './capacity-schema.ts';
import { type Finding, problem, warning } from './findings.ts';
import { knownTypes, taskSpace } from './instance-types.ts';
import type { SoundPool } from './schema.ts';

/** For the system, the images of the runners and their work directories. */
const DISK_RESERVED_GIB = 20;

/** Pools that name none, or whose place is unknown, are left alone. */
export function checkDockerStores(groups: readonly SoundCapacity[], pools: readonly SoundPool[]): Finding[] {
  return pools.flatMap((pool) => checkStore(pool, groups));
}

function checkStore(pool: SoundPool, groups: readonly SoundCapacity[]): Finding[] {
  const { name, dockerStoreGiB } = pool;
  const place = dockerStoreGiB === undefined ? undefined : placeOf(pool, groups);
  if (dockerStoreGiB === undefined || place === undefined) return [];
  const path = ['pools', name, 'dockerStoreGiB'];
  const freeGiB = place.diskGiB - DISK_RESERVED_GIB;
  const disk = `the disk of an instance in ${place.name} has ${place.diskGiB} GiB (diskGiB), of which ${DISK_RESERVED_GIB} are for the system and images`;
  if (dockerStoreGiB > freeGiB)
    return [problem(path, `is ${dockerStoreGiB}, but ${disk}: make one smaller or the other larger`)];
  const tasks = place.tasksMax;
  if (tasks * dockerStoreGiB <= freeGiB) return [];
  const message = `up to ${tasks} tasks of this pool run on one instance, and their stores can outgrow it together: ${disk}`;
  return [warning(path, message)];
}

type Place = { name: string; diskGiB: number; tasksMax: number };

function placeOf(pool: SoundPool, groups: readonly SoundCapacity[]): Place | undefined {
  const { capacity, capacityProvider, cpu, memory, architecture } = pool;
  if (capacityProvider !== undefined || !cpu || !memory || !architecture) return undefined;
  const group = groups.find(({ name }) => name === capacity);
  const automatic = capacity === undefined ? automaticClass({ cpu, memory, architecture }) : undefined;
  const types = automatic?.instanceTypes ?? knownTypes(group?.instanceTypes ?? []);
  const diskGiB = automatic ? AUTOMATIC_DISK_GIB : group?.diskGiB;
  if (diskGiB === undefined || types.length === 0) return undefined;
  const counts = types.map(taskSpace).map((space) => Math.floor(Math.min(space.cpu / cpu, space.memory / memory)));
  return { name: automatic?.name ?? String(capacity), diskGiB, tasksMax: Math.max(1, ...counts) };
}
