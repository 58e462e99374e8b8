/** Pages that stay right while the list changes: the token names the last item that was given. */
import { invalid } from './errors.ts';

export function page<Item extends { order: number }>(
  items: Iterable<Item>,
  limit: number,
): { items: Item[]; nextToken?: string } {
  const taken: Item[] = [];
  for (const item of items) {
    const last = taken.at(-1);
    if (taken.length === limit && last !== undefined) {
      return { items: taken, nextToken: Buffer.from(`after:${last.order}`).toString('base64') };
    }
    taken.push(item);
  }
  return { items: taken };
}

/** Number of the item after which the page begins. */
export function decodeToken(nextToken: string | undefined): number {
  if (nextToken === undefined) return 0;
  const match = /^after:(\d+)$/.exec(Buffer.from(nextToken, 'base64').toString());
  if (match === null) throw invalid('Invalid token');
  return Number(match[1]);
}
