/** Read, decide, write what was decided if nobody was faster; else read again. */
import type { Table, Versioned } from '../world.ts';

/** Each round somebody else has written; ten rounds in a row mean that something is wrong. */
const ROUNDS_MAX = 10;

export type Change<Item> = { before: Item | undefined; after: Item | undefined };

/** It may be called several times, so it must not do anything itself. */
type Next<Item> = (item: Item | undefined) => Omit<Item, 'version'> | undefined;

/**
 * `next` gets the stored item and gives what it shall be: the very same object to leave it. An item that is there is
 * never removed, so that who changes records needs no right to remove them.
 */
export function change<Item extends Versioned, Key>(
  table: Pick<Table<Item, Key>, 'get' | 'put'>,
  key: Key,
  next: Next<Item>,
): Promise<Change<Item>> {
  return changeBy(table, key, next, async () => {
    throw new Error(`${JSON.stringify(key)} was to be removed: that takes changeOrRemove`);
  });
}

/** Also removes the item, if `next` gives `undefined` for it. */
export function changeOrRemove<Item extends Versioned, Key>(
  table: Table<Item, Key>,
  key: Key,
  next: Next<Item>,
): Promise<Change<Item>> {
  return changeBy(table, key, next, (item) => table.remove(item));
}

async function changeBy<Item extends Versioned, Key>(
  table: Pick<Table<Item, Key>, 'get' | 'put'>,
  key: Key,
  next: Next<Item>,
  remove: (item: Item) => Promise<boolean>,
): Promise<Change<Item>> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const before = await table.get(key);
    const wanted = next(before);
    if (wanted === before) return { before, after: before };
    if (wanted === undefined) {
      if (before === undefined || (await remove(before))) return { before, after: undefined };
      continue;
    }
    const after = await table.put(wanted, before);
    if (after !== undefined) return { before, after };
  }
  throw new Error(`${JSON.stringify(key)} was changed by others ${ROUNDS_MAX} times in a row`);
}
