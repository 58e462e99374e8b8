/**
 * Are the runners of our images too old for GitHub, or will they be? Their versions stand in the lists that the janitor reads
 * anyway; GitHub is asked about each once a day. What goes wrong here is no trouble of the janitor's other work.
 */
import { VERSIONS_ASKED_PER_RUN_MAX } from '../core/limits.ts';
import type { KnownVersion, VersionAnswer, VersionsRecord } from '../core/versions.ts';
import { afterAsking, afterSeeing, judgeVersion, leastDaysLeft, VERSIONS, versionsOf } from '../core/versions.ts';
import type { GitHubRunner, Outcome, Scope, World } from '../world.ts';
import type { Config } from './config.ts';

type Listing = { scope: Scope; runners: Outcome<GitHubRunner[]> };
type Unstored = Omit<VersionsRecord, 'version'>;
/** By version: a scope where GitHub can be asked about it, and the pools that have it. */
type Seen = Map<string, { scope: Scope; pools: Set<string> }>;

/** Gives how many days are left to the version that GitHub refuses first; absent: to none is an end set. */
export async function checkVersions(
  world: World,
  config: Config,
  listings: readonly Listing[],
): Promise<number | undefined> {
  try {
    const records = (await world.runners.list(VERSIONS)).filter(
      (one): one is VersionsRecord => one.kind === 'versions',
    );
    const seen = seenByInstallation(config.prefix, listings);
    const places = [...new Set([...seen.keys(), ...records.map(({ place }) => place)])];
    const known = await Promise.all(
      places.map((place) =>
        checkInstallation(
          world,
          place,
          records.find((one) => one.place === place),
          seen.get(place),
        ),
      ),
    );
    return leastDaysLeft(known.flat(), world.clock.now());
  } catch (error) {
    world.log({ decision: 'left for the next run', reason: String(error), about: 'runner versions' });
    return undefined;
  }
}

/** An installation is of one owner, and what GitHub refuses does not differ between its repositories. */
function seenByInstallation(prefix: string, listings: readonly Listing[]): Map<number, Seen> {
  const installations = new Map<number, Seen>();
  for (const { scope, runners } of listings) {
    if (runners.kind !== 'ok') continue;
    const seen: Seen = installations.get(scope.installation) ?? new Map();
    for (const [version, pools] of versionsOf(prefix, runners.value)) {
      const before = seen.get(version);
      seen.set(version, { scope, pools: new Set([...(before?.pools ?? []), ...pools]) });
    }
    installations.set(scope.installation, seen);
  }
  return installations;
}

async function checkInstallation(
  world: World,
  place: number,
  record: VersionsRecord | undefined,
  seen: Seen = new Map(),
): Promise<readonly KnownVersion[]> {
  const before = record?.runnerVersions ?? [];
  const present = afterSeeing(before, new Set(seen.keys()), world.clock.now());
  const due = present.filter(({ runnerVersion, askAt }) => askAt <= world.clock.now() && seen.has(runnerVersion));
  const asked = await Promise.all(due.slice(0, VERSIONS_ASKED_PER_RUN_MAX).map((one) => ask(world, one, seen)));
  const changed = new Map(asked.map((one) => [one.runnerVersion, one]));
  const after = present.map((one) => changed.get(one.runnerVersion) ?? one);
  if (present === before && changed.size === 0) return before;
  await write(world, place, record, after);
  return after;
}

async function ask(world: World, known: KnownVersion, seen: Seen): Promise<KnownVersion> {
  const { runnerVersion } = known;
  const { scope, pools } = seen.get(runnerVersion) ?? { scope: undefined, pools: new Set<string>() };
  if (scope === undefined) return known;
  const answer = answerOf(await world.github.runnerDeprecation(scope, runnerVersion));
  const now = world.clock.now();
  const after = afterAsking(known, answer, now);
  const verdict = judgeVersion(after, answer, [...pools].sort(), now);
  world.log({ ...verdict, owner: scope.owner, runnerVersion, pools: [...pools].sort() });
  return after;
}

function answerOf(outcome: Outcome<{ jobsUntil?: number; registrationUntil?: number }>): VersionAnswer {
  if (outcome.kind === 'ok') return { kind: 'known', ...outcome.value };
  // A GitHub Enterprise Server that is older than the question answers the same.
  if (outcome.kind === 'gone') return { kind: 'unknown' };
  return { kind: 'failed', reason: outcome.reason };
}

/** Whoever was faster knows as much. */
async function write(
  world: World,
  place: number,
  record: VersionsRecord | undefined,
  runnerVersions: readonly KnownVersion[],
): Promise<void> {
  if (runnerVersions.length > 0) {
    const next: Unstored = { kind: 'versions', pool: VERSIONS, place, runnerVersions: [...runnerVersions] };
    await world.runners.put(next, record);
  } else if (record !== undefined) {
    await world.runners.remove(record);
  }
}
