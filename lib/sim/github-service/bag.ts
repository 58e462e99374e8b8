/** A set from which a random member is drawn in constant time. */
import type { Chance } from '../chance.ts';

export type Bag<Item> = { items: Item[]; positions: Map<Item, number> };

export function emptyBag<Item>(): Bag<Item> {
  return { items: [], positions: new Map() };
}

export function addTo<Item>(bag: Bag<Item>, item: Item): void {
  if (bag.positions.has(item)) return;
  bag.positions.set(item, bag.items.length);
  bag.items.push(item);
}

/** The last member takes the place of the one that leaves. */
export function removeFrom<Item>(bag: Bag<Item>, item: Item): void {
  const position = bag.positions.get(item);
  const last = bag.items.at(-1);
  if (position === undefined || last === undefined) return;
  bag.items[position] = last;
  bag.positions.set(last, position);
  bag.items.pop();
  bag.positions.delete(item);
}

export function drawFrom<Item>(bags: readonly Bag<Item>[], chance: Chance): Item | undefined {
  const total = bags.reduce((sum, bag) => sum + bag.items.length, 0);
  if (total === 0) return undefined;
  let position = chance.between(0, total - 1);
  for (const bag of bags) {
    if (position < bag.items.length) return bag.items[position];
    position -= bag.items.length;
  }
  return undefined;
}
