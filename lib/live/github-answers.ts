/** Reading GitHub's answers: what is not of the documented shape is not an answer. */
import type { Octokit } from '@octokit/core';
import type { GitHubJob, Outcome } from '../world.ts';
import { type Call, unreadable } from './errors.ts';

/** GitHub docs: at most 100 entries on a page. */
const PAGE_ENTRIES = 100;
/** 10,000 runners are what an organisation can have in a group; a list that never ends is a bug somewhere. */
const PAGES_MAX = 200;

export type Listed<Item> = {
  items: Item[];
  /** GitHub's own count was the same on every page: nothing came or went, so that no entry slipped between pages. */
  steady: boolean;
};

/**
 * All pages, one after the other. `read` gives the items of a page, or `undefined` if it cannot be understood. `isLate`: the
 * time for the whole list is over.
 */
export async function pages<Item>(
  octokit: Octokit,
  call: Call,
  route: string,
  parameters: Record<string, unknown>,
  read: (data: unknown) => Item[] | undefined,
  isLate: () => boolean = () => false,
): Promise<Outcome<Listed<Item>>> {
  const items: Item[] = [];
  const totals = new Set<unknown>();
  for (let page = 1; page <= PAGES_MAX; page++) {
    if (isLate()) return { kind: 'retry', reason: `${call.doing}: there was no time left for page ${page}` };
    const { data } = await octokit.request(route, { ...parameters, per_page: PAGE_ENTRIES, page });
    const found = read(data);
    if (found === undefined) return unreadable(call);
    items.push(...found);
    totals.add(field(data, 'total_count'));
    if (found.length < PAGE_ENTRIES) return { kind: 'ok', value: { items, steady: totals.size === 1 } };
  }
  return { kind: 'retry', reason: `${call.doing}: GitHub's list does not end` };
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
