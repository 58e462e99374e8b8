/** What GitHub reported about a job: history, then backlog, then the runners it concerns. */
import type { BacklogRecord, JobEvent, JobRecord } from '../core/job.ts';
import { recordEvent } from '../core/job.ts';
import { parseRunnerName } from '../core/name.ts';
import { poolFor } from '../core/pool.ts';
import type { Seat } from '../core/runner.ts';
import type { World } from '../world.ts';
import { change } from './change.ts';
import type { Config } from './config.ts';
import { changeJob, mirror } from './jobs.ts';
import { changeSeat, seatOf } from './seats.ts';

/** The pool to look at, and the job as recorded, if it may be launched. */
export type Recorded = { pool: string; job: JobRecord; item: BacklogRecord | undefined };

/** Idempotent: the same event again, or an older one, repairs what a crash left half done and changes nothing else. */
export async function recordJob(world: World, config: Config, event: JobEvent): Promise<Recorded | undefined> {
  const match = poolFor(config.pools, event);
  const pool = 'pool' in match ? match.pool.name : undefined;
  const { before, after } = await recordHistory(world, event, pool);
  const item = await mirror(world, after, before === undefined);
  await pairRunners(world, config, before, event);
  world.log({
    decision: after === before ? 'event changes nothing' : `job ${after.state}`,
    reason: 'ignored' in match ? match.ignored : after.reason,
    job: event.job,
    repository: `${event.owner}/${event.repository}`,
    pool: after.pool,
    event: event.state,
  });
  return after.pool === undefined ? undefined : { pool: after.pool, job: after, item };
}

/** Most events are the first of their job: that one is written without reading. */
async function recordHistory(
  world: World,
  event: JobEvent,
  pool: string | undefined,
): Promise<{ before: JobRecord | undefined; after: JobRecord }> {
  const now = world.clock.now();
  if (event.state === 'queued') {
    const created = await world.history.put(recordEvent(undefined, event, pool, now), undefined);
    if (created !== undefined) return { before: undefined, after: created };
  }
  const { before, after } = await change(world.history, { job: event.job }, (record) =>
    recordEvent(record, event, pool, now),
  );
  if (after === undefined) throw new Error(`job ${event.job} has no record after it was written`);
  return { before, after };
}

/**
 * GitHub gives a job to any idle runner whose labels cover it. So when job X runs on runner R which was coming for
 * job Y, the runner that was coming for X, if any, now comes for Y; if there is none, Y is owed a launch again.
 */
async function pairRunners(
  world: World,
  config: Config,
  before: JobRecord | undefined,
  event: JobEvent,
): Promise<void> {
  if (event.state === 'queued') return;
  const known = before?.state === 'in_progress' && before.ranOn === event.runnerName;
  const displaced = event.runnerName === undefined || known ? undefined : await occupy(world, config, event);
  const heir = before?.runner === undefined ? undefined : await serveInstead(world, config, before, displaced?.job);
  if (displaced !== undefined) await handOver(world, displaced, heir);
}

/** The runner that GitHub named is busy with this job; gives the job which it was coming for, if that was another. */
async function occupy(
  world: World,
  config: Config,
  event: JobEvent,
): Promise<{ job: number; runner: string } | undefined> {
  const name = baseName(config, event.runnerName ?? '');
  if (name === undefined) return undefined;
  let awaited: number | undefined = parseRunnerName(config.prefix, name)?.job;
  const seat = await seatOf(world, config, name);
  if (seat !== undefined) {
    await changeSeat(world, seat, (current) => {
      awaited = current.serves;
      return busySeat(current, event.job, world.clock.now());
    });
  }
  return awaited === undefined || awaited === event.job ? undefined : { job: awaited, runner: name };
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

/** The job has lost its runner to another; `heir` comes for it now, or it is owed a launch. */
async function handOver(world: World, lost: { job: number; runner: string }, heir: string | undefined): Promise<void> {
  await changeJob(world, lost.job, (record) => {
    if (record.state !== 'queued' || record.runner !== lost.runner) return record;
    const { runner: _, ...kept } = record;
    const reason = `its runner took another job${heir === undefined ? '' : `; ${heir} comes instead`}`;
    return { ...kept, reason, ...(heir !== undefined && { runner: heir }) };
  });
}

/** The runner that was coming for the job now comes for `to`, or for nobody; gives its name if it does come for `to`. */
async function serveInstead(
  world: World,
  config: Config,
  before: JobRecord,
  to: number | undefined,
): Promise<string | undefined> {
  const seat = await seatOf(world, config, before.runner ?? '');
  if (seat === undefined) return undefined;
  const after = await changeSeat(world, seat, (current) => {
    if (current.serves !== before.job || current.state === 'busy') return current;
    const { serves: _, ...kept } = current;
    if (to === undefined || current.state === 'gone') return { ...kept, reason: `job ${before.job} does not need it` };
    return { ...kept, serves: to, reason: `comes for job ${to} instead of ${before.job}` };
  });
  return to !== undefined && after?.serves === to ? after.name : undefined;
}

/** `<name>-<mint>` at GitHub is our runner `<name>`. */
function baseName(config: Config, githubName: string): string | undefined {
  const name = githubName.slice(0, Math.max(0, githubName.lastIndexOf('-')));
  return parseRunnerName(config.prefix, name) === undefined ? undefined : name;
}
