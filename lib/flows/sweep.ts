/**
 * Repositories are looked into for jobs of which GitHub told nobody: its webhooks may get lost without a trace. Each
 * installation has a budget of its own, and its trouble is its own.
 */
import type { BacklogRecord } from '../core/job.ts';
import { SWEEP_INSTALLATIONS_PARALLEL } from '../core/limits.ts';
import type { SweepRecord } from '../core/sweep.ts';
import { SWEEPS } from '../core/sweep.ts';
import type { Installation, World } from '../world.ts';
import type { Config } from './config.ts';
import { followOwners } from './follow-owners.ts';
import { sweepInstallation } from './sweep-installation.ts';

/** `backlog`: the jobs that are known and not completed, read before. `until`: when to stop (ms since 1970). */
export async function sweepRepositories(
  world: World,
  config: Config,
  backlog: readonly BacklogRecord[],
  until: number,
): Promise<void> {
  const installations = await world.github.installations();
  if (installations.kind !== 'ok') {
    world.log({ decision: 'repositories not swept', reason: installations.reason });
    return;
  }
  await followOwners(world, installations.value);
  const records = (await world.runners.list(SWEEPS)).filter((record): record is SweepRecord => record.kind === 'sweep');
  await forgetOthers(world, records, installations.value);
  const turns = inTurns(installations.value, records);
  for (let start = 0; start < turns.length && world.clock.now() < until; start += SWEEP_INSTALLATIONS_PARALLEL) {
    const batch = turns.slice(start, start + SWEEP_INSTALLATIONS_PARALLEL);
    await Promise.all(batch.map((one) => guarded(world, config, one, backlog, until)));
  }
}

type Turn = { installation: Installation; record: SweepRecord | undefined };

/** Those that were swept least lately first: a run may not get to all. */
function inTurns(installations: readonly Installation[], records: readonly SweepRecord[]): Turn[] {
  const byPlace = new Map(records.map((record) => [record.place, record]));
  return installations
    .map((installation) => ({ installation, record: byPlace.get(installation.id) }))
    .toSorted((one, other) => (one.record?.sweptAt ?? 0) - (other.record?.sweptAt ?? 0));
}

async function forgetOthers(
  world: World,
  records: readonly SweepRecord[],
  installations: readonly Installation[],
): Promise<void> {
  const ids = new Set(installations.map(({ id }) => id));
  await Promise.all(records.filter(({ place }) => !ids.has(place)).map((record) => world.runners.remove(record)));
}

/** Jobs that are known under a former name of their owner count as unknown: so their new place becomes known. */
function isOf({ id, owner }: Installation, item: BacklogRecord): boolean {
  return item.installation === id && item.owner.toLowerCase() === owner.toLowerCase();
}

async function guarded(
  world: World,
  config: Config,
  { installation, record }: Turn,
  backlog: readonly BacklogRecord[],
  until: number,
): Promise<void> {
  try {
    const own = backlog.filter((item) => isOf(installation, item));
    await sweepInstallation(world, config, installation, record, own, until);
  } catch (error) {
    world.log({ decision: 'left for the next run', reason: String(error), owner: installation.owner });
  }
}
