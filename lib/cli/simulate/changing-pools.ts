/** What deployments change while jobs come and go: task definitions, how many runners a pool may have, and whether it is there at all. */
import type { Pool } from '../../core/pool.ts';
import type { Chance } from '../../sim/chance.ts';
import type { SimClock } from '../../sim/clock.ts';
import { familyNameOf, maxIn, POOLS } from './setting.ts';

export type ChangingPools = {
  /** Another deployment: each pool but the first may be missing, and each has another maximum, never a greater one than at the beginning. */
  redeploy: () => void;
  /** All pools as they were at the beginning; nothing happens if none was ever changed. */
  restore: () => void;
  /** The most living tasks of a family. */
  maxOf: (family: string) => number;
};

/** A launch that was right under the former maximum may still have to be made good: its RunTask call is repeated for 50 minutes. */
const FORMER_COUNTS_MS = 60 * 60 * 1000;
const MISSING = 0.25;

export function createChangingPools(
  chance: Chance,
  clock: () => SimClock,
  configure: (pools: readonly Pool[]) => void,
): ChangingPools {
  /** The latest revisions, by family: ECS counts each by itself. */
  const revisions = new Map(POOLS.map((pool) => [familyNameOf(pool), 1]));
  /** From the first to the one that counts now. `until`: ms since 1970. */
  const deployed: { pools: readonly Pool[]; until: number }[] = [{ pools: POOLS, until: Number.POSITIVE_INFINITY }];

  function deploy(wanted: readonly Pool[]): void {
    const pools = wanted.map((pool) => ({ ...pool, taskDefinition: nextRevision(familyNameOf(pool)) }));
    for (const one of deployed) one.until = Math.min(one.until, clock().now());
    deployed.push({ pools, until: Number.POSITIVE_INFINITY });
    configure(pools);
  }

  function nextRevision(family: string): string {
    const revision = (revisions.get(family) ?? 0) + 1;
    revisions.set(family, revision);
    return `${family}:${revision}`;
  }

  return {
    redeploy: () => {
      const there = POOLS.filter((_, index) => index === 0 || !chance.happens(MISSING));
      deploy(there.map((pool) => ({ ...pool, max: chance.between(Math.ceil(pool.max / 4), pool.max) })));
    },
    restore: () => {
      if (deployed.length > 1) deploy(POOLS);
    },
    maxOf: (family) => {
      const counting = deployed.filter(({ until }) => clock().now() < until + FORMER_COUNTS_MS);
      return Math.max(...counting.map(({ pools }) => maxIn(pools, family)));
    },
  };
}
