/**
 * The janitor: compares GitHub, ECS and the tables, and repairs every difference. It reads GitHub and ECS first and
 * the records last, so that whatever it saw outside has its record already; what it could not read it does not judge.
 */
import type { SeenTask } from '../core/cleanup.ts';
import { judgeSeat } from '../core/cleanup.ts';
import { NEVER_STARTED } from '../core/ending.ts';
import { gauges } from '../core/gauges.ts';
import type { BacklogRecord } from '../core/job.ts';
import { CLEAN_UNTIL_MS, LISTS_UNTIL_MS } from '../core/limits.ts';
import { parseRunnerName } from '../core/name.ts';
import { UNSERVED } from '../core/pool.ts';
import { isWorthAsking } from '../core/refusal.ts';
import type { KnownPool, Seat } from '../core/runner.ts';
import { countWaiting, type Waiting } from '../core/waiting.ts';
import type { Outcome, World } from '../world.ts';
import type { Config } from './config.ts';
import { endRunner } from './end.ts';
import { removeGhosts, stopOrphans } from './ghosts.ts';
import { guarded, inTurn } from './guarded.ts';
import { keepNeeded, knownPools } from './known-pools.ts';
import { noteTask } from './launch.ts';
import { notedLimits } from './limit-holds.ts';
import { type Listing, listRegistrations, notListedBusy } from './listings.ts';
import { noteLost } from './lost.ts';
import { moveJobs } from './move.ts';
import { questionJobs } from './question.ts';
import { askAboutRefusals, readRefusals } from './refusals.ts';
import { rerunLost } from './rerun.ts';
import { retireRunners } from './retire.ts';
import { asPool, asSeats } from './seats.ts';
import { stop } from './stop.ts';
import { checkVersions } from './versions.ts';

/** Gives the jobs that are not completed, as they were before they were asked about. `beganAt`: when this run began. */
export async function clean(world: World, config: Config, beganAt: number): Promise<BacklogRecord[]> {
  const until = beganAt + CLEAN_UNTIL_MS;
  const configured = config.pools.pools.map(({ name }) => name);
  const before = await readSeats(world, poolsOf(configured, await knownPools(world)));
  const listings = await listRegistrations(world, before, beganAt + LISTS_UNTIL_MS);
  const tasks = await world.cluster.listTasks();
  const known = await knownPools(world);
  const pools = poolsOf([...configured, ...namedByTasks(config, tasks)], known);
  const seats = await readSeats(world, pools);
  await Promise.all([
    tasks.kind === 'ok' ? judgeSeats(world, config, seats, tasks.value, listings, until) : undefined,
    tasks.kind === 'ok' ? stopOrphans(world, config, seats, tasks.value, listings, until) : undefined,
    removeGhosts(world, config, seats, tasks.kind === 'ok' ? tasks.value : undefined, listings, until),
  ]);
  const lists = await Promise.all([...pools, UNSERVED].map((pool) => world.backlog.list(pool)));
  const backlog = await moveJobs(world, config, lists.flat(), seats);
  await retireRunners(world, config, seats, listings, new Set(backlog.map(({ job }) => job)), until);
  const refusals = await readRefusals(world, config);
  const asked = backlog.filter((item) => isWorthAsking(refusals.get(item.pool), item, world.clock.now()));
  await questionJobs(world, config, seats, asked, notListedBusy(seats, listings));
  const waiting = countWaiting(backlog);
  if (config.mode === 'launch') await askAboutRefusals(world, config, refusals, backlog, until);
  await rerunLost(world, config, until);
  const used = new Set([...waiting.keys(), ...seats.map(({ pool }) => pool)]);
  used.delete(UNSERVED);
  await askForLooks(world, [...new Set([...used, ...wantWarm(config)])]);
  await keepNeeded(world, known, neededPools(configured, seats, backlog));
  const versionDaysLeft = await checkVersions(world, config, listings);
  await publishGauges(world, config, { seats, waiting, tasks, versionDaysLeft });
  return backlog;
}

function poolsOf(names: readonly string[], known: readonly KnownPool[]): string[] {
  return [...new Set([...names, ...known.map(({ name }) => name)])];
}

async function readSeats(world: World, pools: readonly string[]): Promise<Seat[]> {
  return asSeats((await Promise.all(pools.map((pool) => world.runners.list(pool)))).flat());
}

/** Pools that only a task's name may still know. */
function namedByTasks({ prefix }: Config, tasks: Outcome<SeenTask[]>): string[] {
  if (tasks.kind !== 'ok') return [];
  return tasks.value.flatMap(({ startedBy }) => parseRunnerName(prefix, startedBy)?.pool ?? []);
}

function neededPools(
  configured: readonly string[],
  seats: readonly Seat[],
  backlog: readonly BacklogRecord[],
): Set<string> {
  const used = [...seats, ...backlog].map(({ pool }) => pool).filter((pool) => pool !== UNSERVED);
  return new Set([...configured, ...used]);
}

async function judgeSeats(
  world: World,
  config: Config,
  seats: readonly Seat[],
  living: readonly SeenTask[],
  listings: readonly Listing[],
  until: number,
): Promise<void> {
  const tasks = await describeRest(world, seats, living);
  if (tasks === undefined) return;
  await inTurn(world, seats, until, (seat) =>
    guarded(world, seat.name, () => treat(world, config, seat, tasks, listings)),
  );
}

/** The list shows the living; the ended are asked for by their ARNs. */
async function describeRest(
  world: World,
  seats: readonly Seat[],
  living: readonly SeenTask[],
): Promise<Map<string, SeenTask> | undefined> {
  const tasks = new Map(living.map((task) => [task.taskArn, task]));
  const missing = seats.flatMap(({ taskArn }) => (taskArn === undefined || tasks.has(taskArn) ? [] : [taskArn]));
  if (missing.length === 0) return tasks;
  const described = await world.cluster.describeTasks(missing);
  if (described.kind !== 'ok') return undefined;
  return new Map([...tasks, ...described.value.map((task) => [task.taskArn, task] as const)]);
}

async function treat(
  world: World,
  config: Config,
  seat: Seat,
  tasks: ReadonlyMap<string, SeenTask>,
  listings: readonly Listing[],
): Promise<void> {
  const task = seat.taskArn === undefined ? undefined : tasks.get(seat.taskArn);
  const verdict = judgeSeat(seat, task, world.clock.now());
  if (verdict.do === 'end') {
    world.log({ decision: 'runner found ended', reason: verdict.ending.reason, runner: seat.name });
    await noteLost(world, config, seat, task ?? {});
    return endRunner(world, seat, verdict.ending);
  }
  if (verdict.do === 'look up') return lookUp(world, seat);
  if (verdict.do === 'stop' && task !== undefined && (await isLetGo(world, seat, listings))) {
    await stop(world, task, verdict.reason);
  }
}

async function lookUp(world: World, seat: Seat): Promise<void> {
  const found = await world.cluster.findTask(seat.name);
  if (found.kind !== 'ok') return;
  if (found.value !== undefined) {
    world.log({ decision: 'task found', reason: 'ECS knew it by its name', runner: seat.name });
    return noteTask(world, seat, found.value);
  }
  await endRunner(world, seat, NEVER_STARTED);
}

/**
 * A runner that never asked for its registration cannot have a job. One that did may, whatever our records say: GitHub
 * must have listed its owner's runners, show it offline or not at all, and let go of the registration.
 */
async function isLetGo(world: World, seat: Seat, listings: readonly Listing[]): Promise<boolean> {
  if (seat.mint === 0) return true;
  const listing = listings.find(({ scope }) => scope.owner === seat.owner && scope.repository === seat.repository);
  if (listing?.runners.kind !== 'ok') return false;
  const its = listing.runners.value.filter(({ name }) => name.startsWith(`${seat.name}-`));
  if (its.some(({ online, busy }) => online || busy)) return false;
  const removals = await Promise.all(its.map(({ id }) => world.github.removeRunner(listing.scope, id)));
  return removals.every(({ kind }) => kind === 'ok');
}

/** They are launched though nobody waits. */
function wantWarm({ pools: { pools } }: Config): string[] {
  return pools.filter(({ warm }) => warm > 0).map(({ name }) => name);
}

async function askForLooks(world: World, pools: readonly string[]): Promise<void> {
  const looks = pools.map((pool) => ({ body: { kind: 'look', pool } as const }));
  if (looks.length > 0) await world.queue.send(looks);
}

/** Last, and only when all else has been done: that a run is complete is what its alarm is about. */
async function publishGauges(
  world: World,
  { prefix, pools: { pools } }: Config,
  seen: {
    seats: readonly Seat[];
    waiting: ReadonlyMap<string, Waiting>;
    tasks: Outcome<SeenTask[]>;
    versionDaysLeft: number | undefined;
  },
): Promise<void> {
  const names = pools.map(({ name }) => name);
  const records = await world.runners.getMany(names.map((pool) => ({ pool, place: -1 })));
  const lines = gauges({
    prefix,
    pools: names,
    waiting: seen.waiting,
    seats: seen.seats,
    records: records.map(asPool).filter((record) => record !== undefined),
    ...(seen.tasks.kind === 'ok' && { tasks: seen.tasks.value }),
    ...(seen.versionDaysLeft !== undefined && { versionDaysLeft: seen.versionDaysLeft }),
    rateLimits: [...(await world.github.rateLimits()), ...(await notedLimits(world))],
    now: world.clock.now(),
  });
  for (const line of lines) world.log(line);
}
