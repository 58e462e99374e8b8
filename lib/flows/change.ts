/** Read, decide, write what was decided if nobody was faster; else read again. */
import type { Table, Versioned } from '../world.ts';

/** Each round somebody else has written; ten rounds in a row mean that something is wrong. */
const ROUNDS_MAX = 10;

export type Change<Item> = { before: Item | undefined; after: Item | undefined };

/**
 * `next` gets the stored item and gives what it shall be: the very same object to leave it, `undefined` to have none.
 * It may be called several times, so it must not do anything itself.
 */
export async function change<Item extends Versioned, Key>(
  table: Table<Item, Key>,
  key: Key,
  next: (item: Item | undefined) => Omit<Item, 'version'> | undefined,
): Promise<Change<Item>> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const before = await table.get(key);
    const wanted = next(before);
    if (wanted === before) return { before, after: before };
    if (wanted === undefined) {
      if (before === undefined || (await table.remove(before))) return { before, after: undefined };
      continue;
    }
    const after = await table.put(wanted, before);
    if (after !== undefined) return { before, after };
  }
  throw new Error(`${JSON.stringify(key)} was changed by others ${ROUNDS_MAX} times in a row`);
}
