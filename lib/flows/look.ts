/** A look at one pool: observe once, decide for all of its jobs, act. Any number of looks may run at once. */
import { allowance } from '../core/allowance.ts';
import { plan, readLimit } from '../core/demand.ts';
import type { BacklogRecord, JobRecord } from '../core/job.ts';
import { DISPLACED_WAIT_MS, LOOK_AGAIN_MIN_MS, LOOK_READ_MAX, MESSAGE_DELAY_MAX_SECONDS } from '../core/limits.ts';
import { isOwed, served, servedBy } from '../core/pairing.ts';
import type { Pool } from '../core/pool.ts';
import type { PoolHealth } from '../core/pool-health.ts';
import { observedHealth } from '../core/pool-health.ts';
import { heldBy } from '../core/refusal.ts';
import type { Seat } from '../core/runner.ts';
import { poolRecord } from '../core/runner.ts';
import { claimable } from '../core/warm.ts';
import type { World } from '../world.ts';
import { adopt } from './adopt.ts';
import type { Config } from './config.ts';
import { explainAll } from './explain.ts';
import { mirror } from './jobs.ts';
import { notePool } from './known-pools.ts';
import { launch } from './launch.ts';
import { limitHolds, withHolds } from './limit-holds.ts';
import { leave } from './move.ts';
import { repairSeats } from './repair.ts';
import { asPool, asSeats, changePool, comingFor } from './seats.ts';
import { claimWarm, launchWarm, letGo } from './warm.ts';

/** The jobs whose events this scaler has just recorded, so that they need not be read again. */
export type Own = ReadonlyMap<number, { job: JobRecord; item: BacklogRecord | undefined }>;

export async function look(world: World, config: Config, pool: Pool, own: Own): Promise<void> {
  // Side by side: each call that waits for another one delays every launch.
  const [{ seats, health: known }, holds] = await Promise.all([readPool(world, pool), limitHolds(world)]);
  const health = seats.length < pool.max ? withHolds(known, holds) : known;
  const now = world.clock.now();
  const backlog = await readBacklog(world, pool, { seats, health, now });
  const decided = plan({ pool, seats, health, backlog, own: new Set(own.keys()), now });
  const jobs = await recordsOf(world, [...decided.launches, ...decided.claims, ...decided.adoptions], own);
  await leaveOthers(world, pool, backlog, jobs);
  const ends = await Promise.all([
    ...decided.adoptions.map(async ({ job, seat }) => {
      const record = jobs.get(job);
      return record && adopt(world, config, seat, record);
    }),
    ...decided.claims.map(async ({ job, seats }) => {
      const owed = await launchable(world, config, jobs.get(job));
      return typeof owed === 'object' ? claimWarm(world, { pool, job: owed, seats }) : owed;
    }),
    ...decided.launches.map(async ({ job, places }) => {
      const owed = await launchable(world, config, jobs.get(job));
      if (typeof owed !== 'object') return owed;
      return launch(world, config, { pool, job: owed, places, unproven: decided.unproven });
    }),
  ]);
  const more = ends.includes('no place') || ends.includes(false) ? now : decided.lookAt;
  const later = ends.includes('later') ? now + DISPLACED_WAIT_MS : undefined;
  const launched = new Set([...decided.launches, ...decided.claims, ...decided.adoptions].map(({ job }) => job));
  await Promise.all([
    repairSeats(world, config, seats),
    launchWarm(world, config, {
      pool,
      places: decided.warm.places,
      unproven: decided.unproven,
      last: health.warmLaunch,
    }),
    letGo(world, pool.name, decided.warm, health.warmSurplusSince),
    explainAll(world, { own, backlog, health }, launched, decided.why),
    ...[more, later].map((at) => at && lookAgain(world, pool.name, at)),
  ]);
}

export async function readPool(world: World, pool: Pool): Promise<{ seats: Seat[]; health: PoolHealth }> {
  const records = await world.runners.list(pool.name);
  const seats = asSeats(records);
  const stored = records.map(asPool).find((record) => record !== undefined);
  const known: PoolHealth = stored ?? poolRecord(pool.name);
  const health = observedHealth(pool, seats, known);
  if (stored === undefined) await notePool(world, pool.name);
  const isNews = stored === undefined || health.proven !== known.proven || health.failures !== known.failures;
  if (isNews) await world.runners.put(health, stored);
  return { seats, health };
}

/** No more than can be placed: until there are as many owed jobs as launches and warm runners, or the backlog ends. */
async function readBacklog(
  world: World,
  pool: Pool,
  seen: { seats: readonly Seat[]; health: PoolHealth; now: number },
): Promise<BacklogRecord[]> {
  const { launches } = allowance(pool, seen.seats, seen.health, seen.now);
  const wanted = launches + claimable(pool, seen.seats, seen.now).length;
  const taken = served(seen.seats);
  // Jobs that are held stay where they are: those of others stand behind them.
  const limit = seen.health.refusals === undefined ? readLimit(pool) : LOOK_READ_MAX;
  const isServed = servedBy(pool);
  const mayLaunch = (item: BacklogRecord) =>
    isOwed(item, taken, seen.now) && isServed(item) && heldBy(seen.health.refusals, item) === undefined;
  const read: BacklogRecord[] = [];
  for (let page = 0; page < PAGES_MAX && wanted > 0; page++) {
    const last = read.at(-1);
    const items = await world.backlog.list(pool.name, { limit, ...(last !== undefined && { after: last.job }) });
    read.push(...items);
    if (items.length < limit) break;
    if (read.filter(mayLaunch).length >= wanted) break;
  }
  return read;
}

/** More pages are needed only while the oldest jobs all wait for their time. */
const PAGES_MAX = 5;

/** What is about to launch is checked against history: the backlog only says where to look. */
export async function recordsOf(
  world: World,
  launches: readonly { job: number }[],
  own: Own,
): Promise<Map<number, JobRecord>> {
  const unread = launches.filter(({ job }) => !own.has(job)).map(({ job }) => ({ job }));
  const read = unread.length === 0 ? [] : await world.history.getMany(unread);
  const mine = launches.flatMap(({ job }) => own.get(job)?.job ?? []);
  return new Map([...mine, ...read].map((record) => [record.job, record]));
}

/** Jobs that have been moved to other pools, and are still in this backlog: whoever moved them was interrupted. */
export async function leaveOthers(
  world: World,
  pool: Pool,
  backlog: readonly BacklogRecord[],
  jobs: Map<number, JobRecord>,
): Promise<void> {
  const items = backlog.filter(({ job }) => jobs.has(job) && jobs.get(job)?.pool !== pool.name);
  await Promise.all(items.map((item) => leave(world, item, jobs.get(item.job))));
  for (const { job } of items) jobs.delete(job);
}

/** The record, if it is of a queued job without a living launch; where the lists differ, they are brought in line. */
export async function launchable(
  world: World,
  config: Config,
  record: JobRecord | undefined,
): Promise<JobRecord | 'later' | undefined> {
  if (record === undefined) return undefined;
  if (record.state !== 'queued' || record.awaitsWord !== undefined) {
    await mirror(world, record);
    return undefined;
  }
  if ((record.notBefore ?? 0) > world.clock.now()) return 'later';
  if (record.runner === undefined) return record;
  const isComing = (await comingFor(world, config, record)) !== undefined;
  return isComing ? undefined : displaced(world, record);
}

/** Somebody may be bringing it another runner at this moment: it is owed a launch if it has none in a few seconds. */
async function displaced(world: World, record: JobRecord): Promise<'later'> {
  const { runner, ...rest } = record;
  const notBefore = world.clock.now() + DISPLACED_WAIT_MS;
  const released = await world.history.put({ ...rest, notBefore, reason: `${runner} does not come any more` }, record);
  if (released !== undefined) await mirror(world, released);
  return 'later';
}

/** One delayed look at a time: a second one is sent only if it is due earlier. */
export async function lookAgain(world: World, pool: string, at: number): Promise<void> {
  const now = world.clock.now();
  const due = Math.min(Math.max(at, now + LOOK_AGAIN_MIN_MS), now + MESSAGE_DELAY_MAX_SECONDS * 1000);
  let mine = false;
  await changePool(world, pool, (record) => {
    mine = record.lookAt === undefined || record.lookAt <= now || record.lookAt > due;
    return mine ? { ...record, lookAt: due } : record;
  });
  if (mine) await world.queue.send([{ body: { kind: 'look', pool }, delaySeconds: Math.ceil((due - now) / 1000) }]);
}
