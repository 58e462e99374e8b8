/** For whom GitHub registers no runners: written down when it is heard, and asked about until it is over. */
import type { BacklogRecord } from '../core/job.ts';
import { REFUSAL_ASKED_EVERY_MS, REFUSALS_ASKED_MAX } from '../core/limits.ts';
import { mintedName, runnerName } from '../core/name.ts';
import type { Pool } from '../core/pool.ts';
import { heldBy, notAdmitted, type Refusal, withoutRefusal, withRefusal } from '../core/refusal.ts';
import type { Seat } from '../core/runner.ts';
import { NO_JOB } from '../core/runner.ts';
import type { Outcome, Repository, Scope, World } from '../world.ts';
import type { Config } from './config.ts';
import { guarded } from './guarded.ts';
import { asPool, changePool } from './seats.ts';

/** From now on no runner is launched for whom it concerns. Of many containers that hear the same, one writes it down. */
export async function hold(world: World, { pool }: Pick<Seat, 'pool'>, refusal: Refusal | undefined): Promise<void> {
  if (refusal === undefined) return;
  const { reason, owner, repository } = refusal;
  let isNews = false;
  await changePool(world, pool, (record) => {
    isNews = heldBy(record.refusals, placeOf(refusal)) === undefined;
    return isNews ? withRefusal(record, refusal) : record;
  });
  if (!isNews) return;
  world.log({ decision: 'jobs held', reason, pool, owner, ...(repository !== undefined && { repository }) });
}

/** By pool; a pool that nobody is refused in is left out. */
export async function readRefusals(world: World, { pools: { pools } }: Config): Promise<Map<string, Refusal[]>> {
  const records = await world.runners.getMany(pools.map(({ name }) => ({ pool: name, place: -1 })));
  return new Map(
    records.flatMap((record) => {
      const refusals = asPool(record)?.refusals;
      return refusals === undefined ? [] : [[record.pool, refusals] as const];
    }),
  );
}

/** Each refusal that is due is asked about, without a container. When it is over, all that waited for it are launched. */
export async function askAboutRefusals(
  world: World,
  config: Config,
  refusals: ReadonlyMap<string, readonly Refusal[]>,
  backlog: readonly BacklogRecord[],
  until: number,
): Promise<void> {
  const now = world.clock.now();
  const due = config.pools.pools.flatMap((pool) =>
    (refusals.get(pool.name) ?? []).filter(({ askAt }) => askAt <= now).map((refusal) => ({ pool, refusal })),
  );
  const oldestFirst = due.toSorted((one, other) => one.refusal.askAt - other.refusal.askAt);
  for (const { pool, refusal } of oldestFirst.slice(0, REFUSALS_ASKED_MAX)) {
    if (world.clock.now() >= until) return;
    const waits = backlog.some((item) => item.pool === pool.name && heldBy([refusal], item) !== undefined);
    await guarded(world, `refusal of pool ${pool.name}`, () => askAbout(world, config, pool, refusal, waits));
  }
}

async function askAbout(world: World, config: Config, pool: Pool, refusal: Refusal, waits: boolean): Promise<void> {
  const { owner, repository } = refusal;
  const about = { pool: pool.name, owner, ...(repository !== undefined && { repository }) };
  if (!waits) {
    world.log({ decision: 'refusal forgotten', reason: `no job waits for it any more: ${refusal.reason}`, ...about });
    return end(world, pool, refusal);
  }
  const answer = await tryAgain(world, config, pool, refusal);
  if (answer.kind === 'ok') {
    world.log({ decision: 'jobs held no more', reason: `GitHub refuses no more: ${refusal.reason}`, ...about });
    return end(world, pool, refusal);
  }
  // It did not say: the next run asks.
  if (answer.kind !== 'refused' && answer.kind !== 'gone' && answer.kind !== 'bug') return;
  world.log({ decision: 'jobs held on', reason: answer.reason, ...about });
  const askAt = world.clock.now() + REFUSAL_ASKED_EVERY_MS;
  await changePool(world, pool.name, (record) => {
    const isThere = record.refusals?.some((one) => one.askAt === refusal.askAt && heldBy([one], placeOf(refusal)));
    return isThere ? withRefusal(record, { ...refusal, reason: answer.reason, askAt }) : record;
  });
}

function placeOf({ installation, repository = '' }: Refusal): { installation: number; repository: string } {
  return { installation, repository };
}

/** The refusal first: who looks afterwards launches. If the look is lost, the janitor asks for one each minute. */
async function end(world: World, pool: Pool, refusal: Refusal): Promise<void> {
  await changePool(world, pool.name, (record) => withoutRefusal(record, refusal));
  await world.queue.send([{ body: { kind: 'look', pool: pool.name } }]);
}

/**
 * The very call that was refused. A registration that it leaves is taken away at once; if that fails, it is one that no
 * record knows, and goes as such.
 */
async function tryAgain(world: World, config: Config, pool: Pool, refusal: Refusal): Promise<Outcome<unknown>> {
  const { installation, owner, repository } = refusal;
  const scope: Scope = { installation, owner, ...(repository !== undefined && { repository }) };
  if (refusal.what === 'group') return askGroup(world, pool, { installation, owner, repository: repository ?? '' });
  if (pool.registration === 'token') return world.github.registrationToken(scope);
  const launch = Math.floor(world.clock.now() / 1000);
  const name = mintedName(runnerName(config.prefix, { pool: pool.name, place: 0, job: NO_JOB, launch }), 0);
  const made = await world.github.registerRunner(scope, { name, labels: pool.labels, group: pool.group });
  if (made.kind !== 'ok') return made;
  const removal = await world.github.removeRunner(scope, made.value.id);
  const reason = 'registered to see whether GitHub still refuses, and removed';
  world.log({ decision: 'registration tried', reason, runner: name, answer: removal.kind });
  return made;
}

async function askGroup(world: World, { group }: Pool, repository: Repository): Promise<Outcome<unknown>> {
  const groups = await world.github.admittingGroups(repository);
  if (groups.kind !== 'ok' || groups.value.some(({ name }) => isSameName(name, group))) return groups;
  return { kind: 'refused', reason: notAdmitted(group, repository, 0).reason };
}

/** As GitHub compares them. */
export function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
