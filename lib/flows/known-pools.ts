/** The list of pools that may have jobs or runners, whether they are configured or not. */
import { reviewPools, withPool } from '../core/known-pools.ts';
import type { KnownPool, RunnerRecord } from '../core/runner.ts';
import { KNOWN_POOLS } from '../core/runner.ts';
import type { World } from '../world.ts';
import { change } from './change.ts';

const KEY = { pool: KNOWN_POOLS, place: 0 } as const;

export async function knownPools(world: World): Promise<readonly KnownPool[]> {
  return poolsOf(await world.runners.get(KEY));
}

/** Before anything of the pool is written. */
export async function notePool(world: World, name: string): Promise<void> {
  await changeKnown(world, (known) => withPool(known, name));
}

/** The record of a pool that is dropped goes first: whoever needs the pool again then notes it again. */
export async function keepNeeded(
  world: World,
  known: readonly KnownPool[],
  needed: ReadonlySet<string>,
): Promise<void> {
  const now = world.clock.now();
  const kept = new Set(reviewPools(known, needed, now).map(({ name }) => name));
  const dropped = known.filter(({ name }) => !kept.has(name));
  await Promise.all(dropped.map(({ name }) => forget(world, name)));
  await changeKnown(world, (current) => {
    const reviewed = reviewPools(current, needed, now);
    return JSON.stringify(reviewed) === JSON.stringify(current) ? current : reviewed;
  });
}

async function forget(world: World, pool: string): Promise<void> {
  const record = await world.runners.get({ pool, place: -1 });
  if (record !== undefined) await world.runners.remove(record);
  world.log({ decision: 'pool forgotten', reason: 'it is not configured, and has neither jobs nor runners', pool });
}

async function changeKnown(world: World, next: (known: readonly KnownPool[]) => readonly KnownPool[]): Promise<void> {
  await change(world.runners, KEY, (record) => {
    const known = poolsOf(record);
    const pools = next(known);
    return pools === known ? record : { kind: 'pools' as const, ...KEY, pools: [...pools] };
  });
}

function poolsOf(record: RunnerRecord | undefined): readonly KnownPool[] {
  return record?.kind === 'pools' ? record.pools : [];
}
