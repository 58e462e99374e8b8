/** Webhooks that GitHub tried to deliver in vain: which are asked for again, and when. GitHub itself never tries twice. */
import { DELIVERIES_OVERLAP_MS, REDELIVERIES_EACH_MAX, REDELIVERY_AGE_MAX_MS, REDELIVERY_GAPS_MS } from './limits.ts';

/** One attempt to deliver an event. Attempts of one event share its `guid`. Times in milliseconds since 1970. */
export type HookDelivery = {
  id: number;
  guid: string;
  deliveredAt: number;
  event: string;
  action?: string;
  /** `OK`, or GitHub's words for what went wrong. */
  status: string;
  /** 0: there was no answer. */
  statusCode: number;
};

/** An event that was asked for again. */
export type Tried = {
  guid: string;
  /** The latest attempt that failed: this is what is asked for again. */
  id: number;
  deliveredAt: number;
  firstAt: number;
  tries: number;
  triedAt: number;
  /** No good answer is known to have come since. */
  failed: boolean;
};

/** How far the list of deliveries has been read; its key is pool DELIVERIES, place 0. */
export type DeliveriesRecord = {
  version: string;
  kind: 'deliveries';
  pool: typeof DELIVERIES;
  place: 0;
  /** Everything that failed before has been dealt with, or is among `tried`. */
  since: number;
  /** A reading from the newest to the oldest that no run has finished yet. */
  reading?: { cursor: string; beganAt: number };
  tried: Tried[];
};

/** No pool can have this name. */
export const DELIVERIES = '#deliveries';

/** The first reading goes back as far as anything is asked for again. */
export function firstDeliveries(now: number): Omit<DeliveriesRecord, 'version'> {
  return { kind: 'deliveries', pool: DELIVERIES, place: 0, since: now - REDELIVERY_AGE_MAX_MS, tried: [] };
}

/** After a page on which nothing is left to be asked for: the next page, or all has been read since `beganAt`. */
export function movedOn(
  { reading: _, ...record }: Omit<DeliveriesRecord, 'version'>,
  page: { deliveries: readonly HookDelivery[]; next?: string },
  beganAt: number,
): Omit<DeliveriesRecord, 'version'> {
  const oldest = page.deliveries.at(-1)?.deliveredAt ?? Number.NEGATIVE_INFINITY;
  const isLast = page.next === undefined || oldest < readUntil(record.since);
  return isLast ? { ...record, since: beganAt } : { ...record, reading: { cursor: page.next ?? '', beganAt } };
}

/** Attempts before are on no page that has to be read. */
function readUntil(since: number): number {
  return since - DELIVERIES_OVERLAP_MS;
}

/**
 * What a page of failed attempts says: the events tried before, with what became of them, and those that were never
 * tried. The latest attempt of an event counts, the first one is its age. What is on the page from before has been dealt with.
 */
export function assess(
  { tried, since }: Pick<DeliveriesRecord, 'tried' | 'since'>,
  page: readonly HookDelivery[],
  now: number,
): { tried: Tried[]; untried: Tried[] } {
  const events = Map.groupBy(page, ({ guid }) => guid);
  const known = tried.map((one) => renewed(one, events.get(one.guid) ?? []));
  const guids = new Set(tried.map(({ guid }) => guid));
  const untried = [...events]
    .filter(([guid]) => !guids.has(guid))
    .flatMap(([, attempts]) => untriedOf(attempts) ?? [])
    .filter((one) => isYoung(one, now) && one.deliveredAt >= readUntil(since));
  return { tried: known, untried };
}

/** Those tried before whose time has come again. */
export function dueAgain(tried: readonly Tried[], now: number): Tried[] {
  return tried.filter((one) => {
    const gapMs = REDELIVERY_GAPS_MS[one.tries - 1] ?? Number.POSITIVE_INFINITY;
    return one.failed && one.tries < REDELIVERIES_EACH_MAX && isYoung(one, now) && now - one.triedAt >= gapMs;
  });
}

/** As it is written before GitHub is asked: if this run dies now, it counts as a try that failed. */
export function aboutToTry(one: Tried, now: number): Tried {
  return { ...one, tries: one.tries + 1, triedAt: now, failed: true };
}

/**
 * Those that have to be remembered. `readSince`: when the last reading began that went through. One that was answered, or is
 * given up, is forgotten when none of its attempts can come on a page any more: else it would be taken for a new one.
 */
export function review(tried: readonly Tried[], readSince: number, now: number): { kept: Tried[]; givenUp: Tried[] } {
  const until = readUntil(readSince);
  const isOver = (one: Tried) => !one.failed || one.tries >= REDELIVERIES_EACH_MAX || !isYoung(one, now);
  const isPast = (one: Tried) => Math.max(one.triedAt, one.deliveredAt) < until;
  const [forgotten, kept] = [
    tried.filter((one) => isOver(one) && isPast(one)),
    tried.filter((one) => !isOver(one) || !isPast(one)),
  ];
  return { kept, givenUp: forgotten.filter(({ failed }) => failed) };
}

/** An attempt later than the one that was repeated says how the repetition went. */
function renewed(one: Tried, attempts: readonly HookDelivery[]): Tried {
  const latest = latestOf(attempts);
  if (latest === undefined || latest.deliveredAt <= one.deliveredAt) return one;
  return { ...one, id: latest.id, deliveredAt: latest.deliveredAt, failed: isLost(latest) };
}

function untriedOf(attempts: readonly HookDelivery[]): Tried | undefined {
  const latest = latestOf(attempts);
  if (latest === undefined || !isLost(latest)) return undefined;
  const { id, guid, deliveredAt } = latest;
  const firstAt = Math.min(...attempts.map((attempt) => attempt.deliveredAt));
  return { id, guid, deliveredAt, firstAt, tries: 0, triedAt: 0, failed: true };
}

function latestOf(attempts: readonly HookDelivery[]): HookDelivery | undefined {
  return attempts.toSorted((one, other) => other.deliveredAt - one.deliveredAt || other.id - one.id)[0];
}

function isYoung({ firstAt }: Tried, now: number): boolean {
  return now - firstAt < REDELIVERY_AGE_MAX_MS;
}

const ACTIONS_OF_INTEREST = ['queued', 'in_progress', 'completed'];

/**
 * Time-out, no connection, 5xx. What we refused ourselves (4xx) would be refused again; 408 and 429 are no words of ours: they
 * come from what stands in front of us.
 */
export function isLost({ event, action, status, statusCode }: HookDelivery): boolean {
  if (event !== 'workflow_job' || !ACTIONS_OF_INTEREST.includes(action ?? '') || status === 'OK') return false;
  return statusCode < 100 || statusCode >= 500 || statusCode === 408 || statusCode === 429;
}
