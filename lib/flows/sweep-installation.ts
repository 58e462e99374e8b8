/**
 * The sweep of one installation. All of its repositories take turns, from where the last sweep stopped: do they have active
 * runs? Those that had some lately are looked into in every sweep: what jobs do these have? How far it got is written
 * down when GitHub has been asked, so that no crash skips a repository.
 */
import type { BacklogRecord } from '../core/job.ts';
import { MINTS_BURST } from '../core/limits.ts';
import { refill } from '../core/registration.ts';
import { INSTALLATIONS } from '../core/runner.ts';
import type { SweepRecord } from '../core/sweep.ts';
import { allowanceOf, firstSweep, halfOf, stillActive, withFound } from '../core/sweep.ts';
import type { Failure, Installation, InstalledRepository, World } from '../world.ts';
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
  const launching = await launchingOf(world, installation.id);
  if (Math.max(record.notBefore ?? 0, launching.notBefore) > world.clock.now()) return;
  const repositories = await world.github.repositories(installation.id);
  if (repositories.kind !== 'ok') {
    world.log({ decision: 'repositories not swept', reason: repositories.reason, owner: installation.owner });
    await write(world, { ...record, sweptAt: world.clock.now(), ...quiet(world, repositories) }, stored);
    return;
  }
  const budget = await ownBudget(world, installation.id, launching.mintsLeft, until);
  const swept = await sweep(world, config, installation, repositories.value, record, backlog, budget);
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

/** What registering needs comes first. */
async function launchingOf(world: World, installation: number): Promise<{ mintsLeft: number; notBefore: number }> {
  const record = await world.runners.get({ pool: INSTALLATIONS, place: installation });
  if (record?.kind !== 'installation') return { mintsLeft: MINTS_BURST, notBefore: 0 };
  const { tokens, notBefore = 0 } = refill(record, world.clock.now());
  return { mintsLeft: tokens, notBefore };
}

async function ownBudget(world: World, installation: number, mintsLeft: number, until: number): Promise<Budget> {
  const limits = await world.github.rateLimits();
  const limit = limits.find((one) => one.installation === installation);
  return budgetOf(allowanceOf(limit, mintsLeft, world.clock.now()), until);
}

/** If somebody else was faster, that sweep counts: nothing is lost by looking twice. */
async function write(world: World, record: State, stored: SweepRecord | undefined): Promise<void> {
  await world.runners.put(record, stored);
}
