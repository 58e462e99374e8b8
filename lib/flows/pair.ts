/** Which runner comes for which job, when a job turns out to run on another one's. */

import type { JobEvent, JobRecord } from '../core/job.ts';
import { DISPLACED_WAIT_MS, LOOK_READ_MAX } from '../core/limits.ts';
import { parseRunnerName } from '../core/name.ts';
import { hasTask, mayRun } from '../core/pairing.ts';
import type { Seat } from '../core/runner.ts';
import type { World } from '../world.ts';
import type { Config } from './config.ts';
import { changeJob } from './jobs.ts';
import { asSeats, changeSeat, seatOf } from './seats.ts';

/**
 * GitHub gives a job to any idle runner whose labels cover it. So when job X runs on runner R which was coming for
 * job Y, the runner that was coming for X, if any, now comes for Y; if there is none, Y is owed a launch again.
 */
export async function pairRunners(
  world: World,
  config: Config,
  before: JobRecord | undefined,
  event: JobEvent,
): Promise<void> {
  if (event.state === 'queued') return;
  // The same word again repairs what whoever died after the first has left half done.
  const isKnown = event.state === 'completed' && before?.state === 'in_progress' && before.ranOn === event.runnerName;
  const name = isKnown ? undefined : baseName(config, event.runnerName ?? '');
  const awaited = name === undefined ? undefined : await awaitedBy(world, config, name, event.job);
  const isSwap = awaited !== undefined || (before?.runner !== undefined && before.runner !== name);
  // In this order nobody who looks meanwhile finds the displaced job without a runner that serves it.
  const heir = isSwap ? await serveInstead(world, config, before, event.job, { except: name, to: awaited }) : undefined;
  if (name === undefined) return;
  const found = await occupy(world, config, name, event.job);
  const displaced = found === undefined || found === event.job ? awaited : found;
  if (displaced === undefined) return;
  const ended = heir === undefined ? await endedRunner(world, config, before, name) : undefined;
  await handOver(world, config, { job: displaced, runner: name }, { heir, ended, meant: awaited });
}

/** The runner that was coming for the thief, if it has ended: with some job, since nobody said that it failed. */
async function endedRunner(
  world: World,
  config: Config,
  before: JobRecord | undefined,
  except: string,
): Promise<string | undefined> {
  if (before?.runner === undefined || before.runner === except) return undefined;
  return (await seatOf(world, config, before.runner)) === undefined ? before.runner : undefined;
}

/**
 * The job for which the runner was coming, if that is another than the one it has taken. When the runner has ended
 * already, the backlog knows who awaits GitHub's word about it.
 */
async function awaitedBy(world: World, config: Config, name: string, taken: number): Promise<number | undefined> {
  const seat = await seatOf(world, config, name);
  const awaited = seat === undefined ? await awaitedByEnded(world, config, name) : seat.serves;
  return awaited === taken ? undefined : awaited;
}

async function awaitedByEnded(world: World, config: Config, name: string): Promise<number | undefined> {
  const parsed = parseRunnerName(config.prefix, name);
  if (parsed === undefined) return undefined;
  const backlog = await world.backlog.list(parsed.pool, { limit: LOOK_READ_MAX });
  return backlog.find(({ runner }) => runner === name)?.job ?? parsed.job;
}

/** The runner that GitHub named is busy with this job; gives the job that it served until then. */
async function occupy(world: World, config: Config, name: string, job: number): Promise<number | undefined> {
  const place = parseRunnerName(config.prefix, name);
  if (place === undefined) return undefined;
  const now = world.clock.now();
  let served: number | undefined;
  await changeSeat(world, { ...place, name }, (current) => {
    served = current.serves;
    return busySeat(current, job, now);
  });
  return served;
}

function busySeat(seat: Seat, job: number, now: number): Seat {
  if (seat.state === 'busy' && seat.busyWith === job && seat.serves === job) return seat;
  const { surplusSince: _, ...kept } = seat;
  return {
    ...kept,
    state: 'busy',
    busyWith: job,
    serves: job,
    startedAt: seat.startedAt ?? now,
    reason: `runs job ${job}`,
  };
}

/**
 * The job has lost its runner to another; `heir` comes for it now, or it is soon owed a launch. The heir was `meant` for
 * the job as it was read; when another event was faster, it is sent to the one that was found instead. `ended`: there
 * was a runner for the thief, but it has ended with a job that nobody has named yet; that may be this one.
 */
async function handOver(
  world: World,
  config: Config,
  lost: { job: number; runner: string },
  { heir, ended, meant }: { heir: string | undefined; ended: string | undefined; meant: number | undefined },
): Promise<void> {
  const isSent = heir !== undefined && (meant === lost.job || (await redirect(world, config, heir, meant, lost.job)));
  const now = world.clock.now();
  const after = await changeJob(world, lost.job, (record) => {
    if (record.state !== 'queued' || record.runner !== lost.runner) return record;
    const { runner: _, awaitsWord: __, ...kept } = record;
    if (isSent) return { ...kept, runner: heir, reason: `its runner took another job; ${heir} comes instead` };
    if (ended !== undefined) return { ...kept, runner: ended, awaitsWord: now, reason: `perhaps it ran on ${ended}` };
    return { ...kept, notBefore: now + DISPLACED_WAIT_MS, reason: 'its runner took another job' };
  });
  // It runs or has ended meanwhile: the heir is there for whoever needs one.
  if (isSent && after?.state !== 'queued') await redirect(world, config, heir, lost.job, undefined);
}

/** Sends a runner of which no job is known from one job to another, or to nobody in particular. */
async function redirect(
  world: World,
  config: Config,
  name: string,
  from: number | undefined,
  to: number | undefined,
): Promise<boolean> {
  const place = parseRunnerName(config.prefix, name);
  if (place === undefined || from === undefined) return false;
  const after = await changeSeat(world, { ...place, name }, (current) =>
    isFree(current, from) ? servesNow(current, to) : current,
  );
  return to !== undefined && after?.serves === to;
}

/**
 * Whichever runner was coming for the job comes for `to` now, or for nobody; gives its name if it does come for `to`.
 * The seats say who serves whom; what history says of it may be one swap behind.
 */
async function serveInstead(
  world: World,
  config: Config,
  before: JobRecord | undefined,
  job: number,
  { except, to }: { except: string | undefined; to: number | undefined },
): Promise<string | undefined> {
  const seats = (await seatsFor(world, config, before, job)).filter(({ name }) => name !== except);
  const next = to === undefined || seats.length === 0 ? undefined : await world.history.get({ job: to });
  let heir: string | undefined;
  for (const seat of seats) {
    const mayInherit = heir === undefined && next !== undefined && hasTask(seat) && mayRun(seat, next);
    const after = await changeSeat(world, seat, (current) =>
      isFree(current, job) ? servesNow(current, mayInherit ? to : undefined) : current,
    );
    if (mayInherit && after?.serves === to) heir = after?.name;
  }
  return heir;
}

/** In its pool; and, since jobs change pools, in that of the runner that history names. */
async function seatsFor(world: World, config: Config, before: JobRecord | undefined, job: number): Promise<Seat[]> {
  const pools = new Set([before?.pool, parseRunnerName(config.prefix, before?.runner ?? '')?.pool]);
  const lists = await Promise.all([...pools].map((pool) => (pool === undefined ? [] : world.runners.list(pool))));
  return asSeats(lists.flat()).filter(({ serves }) => serves === job);
}

/** A runner that works on a job that nobody has named yet is passed on like one that only comes. */
function isFree(seat: Seat, job: number): boolean {
  return seat.serves === job && seat.busyWith === undefined;
}

function servesNow({ serves, ...seat }: Seat, job: number | undefined): Seat {
  if (job === undefined || seat.state === 'gone') return { ...seat, reason: `job ${serves} does not need it` };
  return { ...seat, serves: job, reason: `comes for job ${job} instead of ${serves}` };
}

/** `<name>-<mint>` at GitHub is our runner `<name>`. */
function baseName(config: Config, githubName: string): string | undefined {
  const name = githubName.slice(0, Math.max(0, githubName.lastIndexOf('-')));
  return parseRunnerName(config.prefix, name) === undefined ? undefined : name;
}
