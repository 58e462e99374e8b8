/** Seeded chance: the same seed gives the same sequence, on any machine. */

export interface Chance {
  /** From 0 (included) to 1 (excluded). */
  next(): number;
  /** True in about this share of the calls, 0 … 1. */
  happens(share: number): boolean;
  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** One of the items; `undefined` only if there is none. */
  pick<Item>(items: readonly Item[]): Item | undefined;
}

/** Mulberry32 (public domain, Tommy Ettinger): 32 bits of state are plenty for drawing faults. */
export function seededChance(seed: number): Chance {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  return {
    next,
    happens: (share) => share > 0 && next() < share,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    pick: (items) => items[Math.floor(next() * items.length)],
  };
}
