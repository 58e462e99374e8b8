/** Reading GitHub's answers: what is not of the documented shape is not an answer. */
import type { Octokit } from '@octokit/core';
import type { GitHubJob, Outcome } from '../world.ts';
import { type Call, unreadable } from './errors.ts';

/** GitHub docs: at most 100 entries on a page. */
const PAGE_ENTRIES = 100;
/** 10,000 runners are what an organisation can have in a group; a list that never ends is a bug somewhere. */
const PAGES_MAX = 200;

/**
 * All pages, one after the other. `read` gives the items of a page, or `undefined` if it cannot be understood. `isLate`: the
 * time for the whole list is over.
 *
 * Where entries have gone since the page before, others have moved up to that page, which is read again: so a list that
 * changes while it is read misses nobody, and an item may be there twice.
 */
export async function pages<Item>(
  octokit: Octokit,
  call: Call,
  route: string,
  parameters: Record<string, unknown>,
  read: (data: unknown) => Item[] | undefined,
  isLate: () => boolean = () => false,
): Promise<Outcome<Item[]>> {
  const items: Item[] = [];
  let total = 0;
  for (let page = 1; page <= PAGES_MAX; page++) {
    const found = await readPage(page);
    if (found.kind !== 'ok') return found;
    items.push(...found.value.items);
    if (found.value.total < total) {
      const again = await readPage(page - 1);
      if (again.kind !== 'ok') return again;
      items.push(...again.value.items);
    }
    total = found.value.total;
    if (found.value.items.length < PAGE_ENTRIES) return { kind: 'ok', value: items };
  }
  return { kind: 'retry', reason: `${call.doing}: GitHub's list does not end` };

  async function readPage(page: number): Promise<Outcome<{ items: Item[]; total: number }>> {
    if (isLate()) return { kind: 'retry', reason: `${call.doing}: there was no time left for page ${page}` };
    const { data } = await octokit.request(route, { ...parameters, per_page: PAGE_ENTRIES, page });
    const found = read(data);
    return found === undefined ? unreadable(call) : { kind: 'ok', value: { items: found, total: totalOf(data) } };
  }
}

/** GitHub's own count of a list; some lists have none. */
function totalOf(data: unknown): number {
  const total = field(data, 'total_count');
  return typeof total === 'number' ? total : 0;
}

/** The list `name` of the answer, every entry projected; `undefined` if it is not there or an entry is not as it should be. */
export function objects<Item>(
  data: unknown,
  name: string,
  project: (entry: Record<string, unknown>) => Item | undefined,
): Item[] | undefined {
  const list = field(data, name);
  if (!Array.isArray(list)) return undefined;
  const items = list.map((entry) => (isObject(entry) ? project(entry) : undefined));
  return items.some((item) => item === undefined) ? undefined : (items as Item[]);
}

/** A field of what may not be an object at all (a cut answer is a string in Octokit). */
export function field(data: unknown, name: string): unknown {
  return isObject(data) ? data[name] : undefined;
}

/** GitHub writes "none" as null, as "" and as 0. */
export function presentText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Milliseconds since 1970 of an ISO 8601 text. */
export function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** GitHub docs: besides these, a job is `waiting`, `pending` or `requested`. */
export function jobState(status: string): GitHubJob['state'] {
  return status === 'queued' || status === 'in_progress' || status === 'completed' ? status : 'held';
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
