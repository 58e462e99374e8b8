/**
 * Runners that are not what our records call them. From outside only one is retired that two observations doubt, that works
 * for no job as far as anybody can say, and of which GitHub lets go. Its container is told to go when it asks next; one that
 * does not ask is stopped by the next runs (`judgeSeat`).
 */
import type { Ending } from '../core/ending.ts';
import { OVERTIME_SAID_EVERY_MS } from '../core/limits.ts';
import { DOUBT_REASONS, isConfirmed, judgePresence, type LastJob, listedAs, mayRetire } from '../core/presence.ts';
import type { Doubt, Seat } from '../core/runner.ts';
import { NO_JOB } from '../core/runner.ts';
import type { GitHubRunner, World } from '../world.ts';
import { askGitHub } from './ask-github.ts';
import type { Config } from './config.ts';
import { releaseJob } from './end.ts';
import { guarded, inTurn } from './guarded.ts';
import { keyOf, type Listing } from './listings.ts';
import { changeSeat } from './seats.ts';

/** `open`: the jobs that have not ended, as far as we know. */
export async function retireRunners(
  world: World,
  config: Config,
  seats: readonly Seat[],
  listings: readonly Listing[],
  open: ReadonlySet<number>,
  until: number,
): Promise<void> {
  const byScope = new Map(listings.map((listing) => [keyOf(listing.scope), listing]));
  await inTurn(world, seats, until, (seat) => {
    const listing = seat.mint === 0 ? undefined : byScope.get(keyOf(scopeOfSeat(seat)));
    if (listing?.runners.kind !== 'ok') return undefined;
    const runners = listing.runners.value;
    return guarded(world, seat.name, () => attend(world, config, seat, listing, listedAs(seat, runners), open));
  });
}

function scopeOfSeat({ installation = 0, owner = '', repository }: Seat) {
  return { installation, owner, ...(repository !== undefined && { repository }) };
}

async function attend(
  world: World,
  config: Config,
  seat: Seat,
  listing: Listing,
  listed: GitHubRunner | undefined,
  open: ReadonlySet<number>,
): Promise<void> {
  const now = world.clock.now();
  const endedAt = await endOfJob(world, seat, open);
  const presence = judgePresence(seat, listed, { endedAt, jobMs: jobMsOf(config, seat.pool) }, now);
  if (presence.is === 'busy') return noteBusy(world, seat, 'GitHub lists it as busy');
  if (presence.is === 'idle') return noteIdle(world, seat);
  if (presence.is === 'overtime') await sayOvertime(world, seat, now);
  if (presence.is !== 'doubtful') return seat.doubt === undefined ? undefined : noteDoubt(world, seat, undefined);
  if (isConfirmed(seat, presence.what, now)) return retire(world, config, seat, listing, listed, presence.what);
  if (seat.doubt?.what !== presence.what) await noteDoubt(world, seat, { what: presence.what, since: now });
}

/** When GitHub said so; a job that is still in the backlog has not. */
async function endOfJob(world: World, { busyWith }: Seat, open: ReadonlySet<number>): Promise<number | undefined> {
  if (busyWith === undefined || open.has(busyWith)) return undefined;
  return (await world.history.get({ job: busyWith }))?.completedAt;
}

function jobMsOf({ pools: { pools } }: Config, name: string): number {
  const hours = pools.find((pool) => pool.name === name)?.jobHours ?? JOB_HOURS_DEFAULT;
  return hours * 60 * 60 * 1000;
}

async function sayOvertime(world: World, seat: Seat, now: number): Promise<void> {
  if (now - (seat.overtimeSaidAt ?? 0) < OVERTIME_SAID_EVERY_MS) return;
  await changeSeat(world, seat, (current) => ({ ...current, overtimeSaidAt: now }));
  const reason = 'it has worked for longer than its pool allows; GitHub says that its job runs, so it is left alone';
  world.log({
    decision: 'runner past the longest job',
    reason,
    runner: seat.name,
    pool: seat.pool,
    job: seat.busyWith,
  });
}

async function noteDoubt(world: World, seat: Seat, doubt: Seat['doubt']): Promise<void> {
  if (doubt !== undefined) {
    world.log({ decision: 'runner doubted', reason: DOUBT_REASONS[doubt.what], runner: seat.name, pool: seat.pool });
  }
  await changeSeat(world, seat, ({ doubt: _, ...current }) => (doubt === undefined ? current : { ...current, doubt }));
}

async function noteBusy(world: World, seat: Seat, reason: string): Promise<void> {
  const now = world.clock.now();
  world.log({ decision: 'runner busy', reason, runner: seat.name });
  await changeSeat(world, seat, (current) => {
    if (current.state !== 'registered') return current;
    const { doubt: _, surplusSince: __, ...kept } = current;
    return { ...kept, state: 'busy', startedAt: now, reason };
  });
}

async function noteIdle(world: World, seat: Seat): Promise<void> {
  const reason = 'a job was to run in it, and never got there';
  world.log({ decision: 'runner idle', reason, runner: seat.name });
  await changeSeat(world, seat, (current) => {
    if (current.state !== 'busy' || current.startedAt !== seat.startedAt || current.busyWith !== undefined)
      return current;
    const { startedAt: _, ...kept } = current;
    return { ...kept, state: 'registered', reason };
  });
}

async function retire(
  world: World,
  config: Config,
  seat: Seat,
  listing: Listing,
  listed: GitHubRunner | undefined,
  what: Doubt,
): Promise<void> {
  const job = await lastJob(world, config, seat);
  const kept = mayRetire(what, seat, job) ? await holdAtGitHub(world, seat, listing, listed) : `its last job: ${job}`;
  const isGone = kept === undefined && (await goneBy(world, seat, what));
  const reason = DOUBT_REASONS[what] + (kept === undefined ? '' : `; ${kept}`);
  const decision = isGone ? 'runner retired' : 'runner not retired';
  world.log({ decision, reason, runner: seat.name, pool: seat.pool, lastJob: job });
}

/** Why GitHub does not let go of it; `undefined`: it does. A 404 counts because the list of this run was read without it. */
async function holdAtGitHub(
  world: World,
  seat: Seat,
  { scope }: Listing,
  listed: GitHubRunner | undefined,
): Promise<string | undefined> {
  const id = listed?.id ?? seat.runnerId;
  if (id === undefined) return undefined;
  const removal = await world.github.removeRunner(scope, id);
  if (removal.kind === 'ok' || (removal.kind === 'gone' && listed === undefined)) return undefined;
  if (removal.kind === 'busy') await noteBusy(world, seat, removal.reason);
  return removal.reason;
}

async function lastJob(world: World, config: Config, seat: Seat): Promise<LastJob> {
  const job = seat.busyWith ?? seat.serves ?? seat.job;
  const record = job === NO_JOB ? undefined : await world.history.get({ job });
  if (record === undefined) return 'none';
  if (record.state === 'completed') return 'ended';
  const answer = await askGitHub(world, config, record);
  if (answer.kind !== 'ok') return 'unknown';
  const { state, runnerName } = answer.value;
  if (state === 'in_progress')
    return runnerName?.startsWith(`${seat.name}-`) === false ? 'runs elsewhere' : 'runs here';
  return state === 'completed' ? 'ended' : 'waits';
}

/** Unless somebody has heard of a job in it meanwhile. Says whether it is; whoever it was coming for is owed another. */
async function goneBy(world: World, seat: Seat, what: Doubt): Promise<boolean> {
  const goneAt = world.clock.now();
  const reason = DOUBT_REASONS[what];
  const after = await changeSeat(world, seat, (current) => {
    const isSame = current.startedAt === seat.startedAt && current.busyWith === seat.busyWith;
    if (!isSame || current.state !== seat.state) return current;
    const { serves: _, doubt: __, ...kept } = current;
    return { ...kept, state: 'gone', goneAt, reason };
  });
  if (after?.state !== 'gone' || after.goneAt !== goneAt) return false;
  const ending: Ending = { ran: 'no', blame: 'nobody', reason };
  if (seat.serves !== undefined) await releaseJob(world, seat, seat.serves, ending);
  return true;
}

/** GitHub's own limit for a job on a self-hosted runner: five days. */
const JOB_HOURS_DEFAULT = 120;
