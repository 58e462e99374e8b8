/** Versions of the runners in our images: GitHub refuses old ones. What is known of each, and what is to be said. */
import {
  VERSION_ASKED_EVERY_MS,
  VERSION_FAILED_EVERY_MS,
  VERSION_KEPT_MS,
  VERSION_SEEN_EVERY_MS,
  VERSION_WARNING_DAYS,
  VERSIONS_KEPT_MAX,
} from './limits.ts';
import { parseMintedName } from './name.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Of an installation: which versions its runners have had lately; its key is pool VERSIONS, place = installation id. */
export type VersionsRecord = {
  version: string;
  kind: 'versions';
  pool: typeof VERSIONS;
  place: number;
  runnerVersions: KnownVersion[];
};

/** No pool can have this name. */
export const VERSIONS = '#versions';

/** Times in ms since 1970. */
export type KnownVersion = {
  runnerVersion: string;
  /** When a runner of it was last listed; to the hour. */
  seenAt: number;
  /** When GitHub is to be asked (again). */
  askAt: number;
  /** From then on GitHub refuses it; absent: GitHub has set no time, or does not know the version. */
  endsAt?: number;
};

/** GitHub's answer. `failed`: there was none. */
export type VersionAnswer =
  | { kind: 'known'; jobsUntil?: number; registrationUntil?: number }
  | { kind: 'unknown' }
  | { kind: 'failed'; reason: string };

export type VersionVerdict = { decision: string; reason: string; daysLeft?: number };

/** Pools by the version of their runners; what has not connected yet has none, and others' runners are no matter of ours. */
export function versionsOf(
  prefix: string,
  runners: readonly { name: string; version?: string }[],
): Map<string, Set<string>> {
  const versions = new Map<string, Set<string>>();
  for (const { name, version } of runners) {
    const pool = parseMintedName(prefix, name)?.pool;
    if (version === undefined || pool === undefined) continue;
    versions.set(version, (versions.get(version) ?? new Set()).add(pool));
  }
  return versions;
}

/**
 * What to remember now that these have been seen; `known` itself if there is nothing new. One that has not been seen for a
 * day is forgotten: its image is used no more.
 */
export function afterSeeing(
  known: readonly KnownVersion[],
  seen: ReadonlySet<string>,
  now: number,
): readonly KnownVersion[] {
  const kept = known
    .filter(({ seenAt }) => now - seenAt < VERSION_KEPT_MS)
    .map((one) => (isSeenAnew(one, seen, now) ? { ...one, seenAt: now } : one));
  const names = new Set(kept.map(({ runnerVersion }) => runnerVersion));
  const added = [...seen].filter((version) => !names.has(version));
  const room = VERSIONS_KEPT_MAX - kept.length;
  const all = [...kept, ...added.slice(0, room).map((runnerVersion) => ({ runnerVersion, seenAt: now, askAt: now }))];
  return all.length === known.length && all.every((one, index) => one === known[index]) ? known : all;
}

function isSeenAnew({ runnerVersion, seenAt }: KnownVersion, seen: ReadonlySet<string>, now: number): boolean {
  return seen.has(runnerVersion) && now - seenAt >= VERSION_SEEN_EVERY_MS;
}

/** The earlier of the two ends: a runner that runs one job has to be registered for each. An old answer outlives a failure. */
export function afterAsking(known: KnownVersion, answer: VersionAnswer, now: number): KnownVersion {
  if (answer.kind === 'failed') return { ...known, askAt: now + VERSION_FAILED_EVERY_MS };
  const { endsAt: _, ...rest } = known;
  const ends = answer.kind === 'known' ? [answer.jobsUntil, answer.registrationUntil] : [];
  const times = ends.filter((time) => time !== undefined);
  return { ...rest, askAt: now + VERSION_ASKED_EVERY_MS, ...(times.length > 0 && { endsAt: Math.min(...times) }) };
}

/** What is said once a day. */
export function judgeVersion(
  { runnerVersion, endsAt }: KnownVersion,
  answer: VersionAnswer,
  pools: readonly string[],
  now: number,
): VersionVerdict {
  if (answer.kind === 'failed') return { decision: 'runner version not checked', reason: answer.reason };
  if (answer.kind === 'unknown') return fine(`GitHub does not know the version ${runnerVersion}`);
  if (endsAt === undefined) return fine(`GitHub has set no end for ${runnerVersion}`);
  const daysLeft = daysLeftOf(endsAt, now);
  const when = new Date(endsAt).toISOString().slice(0, 10);
  const todo = `put the newest release of actions/runner into the image of ${pools.join(', ')}`;
  if (endsAt <= now) {
    const reason = `GitHub refuses ${runnerVersion} since ${when}: ${todo}`;
    return { decision: 'runner version refused', reason, daysLeft };
  }
  if (daysLeft >= VERSION_WARNING_DAYS) return { ...fine(`GitHub takes ${runnerVersion} until ${when}`), daysLeft };
  const reason = `GitHub takes ${runnerVersion} until ${when} only, ${daysLeft} more days: ${todo}`;
  return { decision: 'runner version ends', reason, daysLeft };
}

function fine(reason: string): VersionVerdict {
  return { decision: 'runner version is fine', reason };
}

/** Of the version that ends first. Absent: none of them ends. */
export function leastDaysLeft(known: readonly KnownVersion[], now: number): number | undefined {
  const ends = known.flatMap(({ endsAt }) => endsAt ?? []);
  return ends.length === 0 ? undefined : daysLeftOf(Math.min(...ends), now);
}

/** Whole days; 0 on the last one, and after it. */
function daysLeftOf(endsAt: number, now: number): number {
  return Math.max(0, Math.floor((endsAt - now) / DAY_MS));
}
