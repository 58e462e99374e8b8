/**
 * The sweep of one installation. All of its repositories take turns, from where the last sweep stopped: do they have active
 * runs? Those that had some lately are looked into in every sweep: what jobs do these have? How far it got is written
 * down when GitHub has been asked, so that no crash skips a repository.
 */
import { heldBack } from '../core/budget.ts';
import type { BacklogRecord } from '../core/job.ts';
import { newInstallation, refill, takeCalls } from '../core/pacing.ts';
import type { InstallationRecord } from '../core/runner.ts';
import { INSTALLATIONS } from '../core/runner.ts';
import type { SweepRecord } from '../core/sweep.ts';
import { allowanceOf, firstSweep, halfOf, stillActive, withFound } from '../core/sweep.ts';
import type { Failure, Installation, InstalledRepository, World } from '../world.ts';
import { change } from './change.ts';
import type { Config } from './config.ts';
import { lookIntoActive } from './sweep-active.ts';
import { type Budget, budgetOf, partOf } from './sweep-budget.ts';
import { rotate } from './sweep-rotation.ts';

/** `backlog`: the installation's jobs that are known and not completed. */
export async function sweepInstallation(
  world: World,
  config: Config,
  installation: Installation,
  stored: SweepRecord | undefined,
  backlog: readonly BacklogRecord[],
  until: number,
): Promise<void> {
  const record = stored ?? firstSweep(installation.id);
  if ((record.notBefore ?? 0) > world.clock.now()) return;
  const known = await installationOf(world, installation.id);
  const held = heldBack(known, undefined, 'sweep', world.clock.now());
  if (held !== undefined) {
    world.log({ decision: 'repositories not swept', reason: held.reason, owner: installation.owner });
    return;
  }
  const repositories = await world.github.repositories(installation.id);
  if (repositories.kind !== 'ok') {
    world.log({ decision: 'repositories not swept', reason: repositories.reason, owner: installation.owner });
    await write(world, { ...record, sweptAt: world.clock.now(), ...quiet(world, repositories) }, stored);
    return;
  }
  const budget = await ownBudget(world, known, until);
  const swept = await sweep(world, config, installation, repositories.value, record, backlog, budget);
  await giveBack(world, known, budget.left.calls);
  await write(world, swept.record, stored);
  const reason = swept.failed?.reason ?? 'once a minute, as far as the budget goes';
  const { calls, paid } = budget.spent;
  const { repositories: seen, lost } = swept;
  world.log({
    decision: 'repositories swept',
    reason,
    owner: installation.owner,
    repositories: seen,
    calls,
    paid,
    lost,
  });
}

type State = Omit<SweepRecord, 'version'>;
type Swept = { record: State; repositories: number; lost: number; failed?: Failure | undefined };

/** Half of the budget is left for what is active, if anything is. */
async function sweep(
  world: World,
  config: Config,
  installation: Installation,
  repositories: readonly InstalledRepository[],
  record: State,
  backlog: readonly BacklogRecord[],
  budget: Budget,
): Promise<Swept> {
  const first = record.active.length > 0 ? partOf(budget, halfOf(budget.left)) : budget;
  const { cursor, stuck, found, visited, failed } = await rotate(world, first, installation, repositories, record);
  const { stuck: _, notBefore: __, ...kept } = record;
  const next = { ...kept, cursor, ...(stuck !== undefined && { stuck }), sweptAt: world.clock.now() };
  const byId = new Map(repositories.map((repository) => [repository.id, repository]));
  const heardOf = idsOf(repositories, backlog);
  const active = withFound(record.active, [...found, ...heardOf], world.clock.now());
  if (failed?.retryAfterSeconds !== undefined) {
    return { record: { ...next, active, ...quiet(world, failed) }, repositories: visited, lost: 0, failed };
  }
  const known = new Map(backlog.map(({ job, state }) => [job, state] as const));
  const looked = await lookIntoActive(world, config, budget, installation, byId, active, known);
  const why = looked.failed ?? failed;
  return {
    record: { ...next, active: stillActive(looked.active, world.clock.now()), ...(why && quiet(world, why)) },
    repositories: visited,
    lost: looked.lost,
    failed: why,
  };
}

/** Where a job waits or runs, there may be another of which we have not heard. */
function idsOf(repositories: readonly InstalledRepository[], backlog: readonly BacklogRecord[]): number[] {
  const names = new Set(backlog.map(({ owner, repository }) => `${owner}/${repository}`.toLowerCase()));
  return repositories.filter(({ owner, name }) => names.has(`${owner}/${name}`.toLowerCase())).map(({ id }) => id);
}

function quiet(world: World, { retryAfterSeconds }: Failure): { notBefore?: number } {
  return retryAfterSeconds === undefined ? {} : { notBefore: world.clock.now() + retryAfterSeconds * 1000 };
}

async function installationOf(world: World, installation: number): Promise<Omit<InstallationRecord, 'version'>> {
  const record = await world.runners.get({ pool: INSTALLATIONS, place: installation });
  return record?.kind === 'installation' ? record : newInstallation(installation, world.clock.now());
}

/** What registering needs comes first, and what this may use is taken out of the same bucket before it is used. */
async function ownBudget(world: World, known: Omit<InstallationRecord, 'version'>, until: number): Promise<Budget> {
  const now = world.clock.now();
  const limit = (await world.github.rateLimits()).find((one) => one.installation === known.place);
  const allowed = allowanceOf(limit, refill(known, now).tokens, now);
  await take(world, known, allowed.calls);
  return budgetOf(allowed, until);
}

async function giveBack(world: World, known: Omit<InstallationRecord, 'version'>, calls: number): Promise<void> {
  if (calls > 0) await take(world, known, -calls);
}

async function take(world: World, known: Omit<InstallationRecord, 'version'>, calls: number): Promise<void> {
  await change(world.runners, { pool: INSTALLATIONS, place: known.place }, (stored) =>
    takeCalls(stored?.kind === 'installation' ? stored : known, calls, world.clock.now()),
  );
}

/** If somebody else was faster, that sweep counts: nothing is lost by looking twice. */
async function write(world: World, record: State, stored: SweepRecord | undefined): Promise<void> {
  await world.runners.put(record, stored);
}
