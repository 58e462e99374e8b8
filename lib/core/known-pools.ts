/** Pools are removed while their jobs wait and their runners work: which ones still have to be looked into. */
import { LEFT_POOL_KEPT_MS } from './limits.ts';
import type { KnownPool } from './runner.ts';

/** With this pool, which is in use; the very same list if that was known. */
export function withPool(known: readonly KnownPool[], name: string): readonly KnownPool[] {
  if (known.some((pool) => pool.name === name && pool.leftAt === undefined)) return known;
  return [...known.filter((pool) => pool.name !== name), { name }];
}

/**
 * What is to be known from now on, sorted by name: the pools that are needed (configured, or with jobs or runners), and the
 * others for as long as a function may still read an older configuration and put something into one.
 */
export function reviewPools(known: readonly KnownPool[], needed: ReadonlySet<string>, now: number): KnownPool[] {
  const left = known
    .filter(({ name }) => !needed.has(name))
    .map(({ name, leftAt = now }) => ({ name, leftAt }))
    .filter(({ leftAt }) => now - leftAt < LEFT_POOL_KEPT_MS);
  const all = [...left, ...[...needed].map((name) => ({ name }))];
  return all.sort((one, other) => (one.name < other.name ? -1 : 1));
}
