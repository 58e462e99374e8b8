/** What GitHub reported about a job: history, then backlog, then the runners it concerns. */
import type { BacklogRecord, JobEvent, JobRecord, Known } from '../core/job.ts';
import { recordEvent } from '../core/job.ts';
import { logLink } from '../core/log-link.ts';
import { parseMintedName } from '../core/name.ts';
import { homeOf, poolFor } from '../core/pool.ts';
import type { World } from '../world.ts';
import { change } from './change.ts';
import type { Config } from './config.ts';
import { mirror } from './jobs.ts';
import { nameLost } from './lost.ts';
import { pairRunners } from './pair.ts';
import { seatOf } from './seats.ts';

/** The pool to look at, and the job as recorded, if it may be launched. */
export type Recorded = { pool: string; job: JobRecord; item: BacklogRecord | undefined };

/** Idempotent: the same event again, or an older one, repairs what a crash left half done and changes nothing else. */
export async function recordJob(world: World, config: Config, event: JobEvent): Promise<Recorded | undefined> {
  const match = poolFor(config.pools, event);
  // A queued job is only sent here for a pool that served it: as long as that is not known, or not any more, it stays in sight.
  const home = 'pool' in match || event.state === 'queued' ? homeOf(config.pools, event) : undefined;
  const logs = await logsOf(world, config, event);
  const { before, after } = await recordHistory(world, event, {
    ...(home !== undefined && { home }),
    ...(logs !== undefined && { logs }),
  });
  const item = await mirror(world, after, before === undefined);
  await pairRunners(world, config, before, event);
  if (event.state !== 'queued') await nameLost(world, config, event);
  world.log({
    decision: after === before ? 'event changes nothing' : `job ${after.state}`,
    reason: 'ignored' in match ? match.ignored : after.reason,
    job: event.job,
    repository: `${event.owner}/${event.repository}`,
    pool: after.pool,
    event: event.state,
    ...(after.logs !== undefined && { logs: after.logs }),
    ...ofOurRunner(config, after),
  });
  return after.pool === undefined ? undefined : { pool: after.pool, job: after, item };
}

/** While the runner's record is there; afterwards the job's own knows it. */
async function logsOf(world: World, config: Config, { state, runnerName = '' }: JobEvent): Promise<string | undefined> {
  const name = state === 'queued' ? undefined : parseMintedName(config.prefix, runnerName)?.name;
  const seat = name === undefined ? undefined : await seatOf(world, config, name);
  return seat && logLink(seat);
}

/** Which runner of ours runs it or ran it, and how long it has waited for it. */
function ofOurRunner(config: Config, job: JobRecord): { runner?: string; waitSeconds?: number } {
  const parsed = parseMintedName(config.prefix, job.ranOn ?? '');
  if (parsed === undefined) return {};
  const { startedAt, createdAt } = job;
  return {
    runner: parsed.name,
    ...(startedAt !== undefined && { waitSeconds: Math.max(0, Math.round((startedAt - createdAt) / 1000)) }),
  };
}

/** Most events are the first of their job: that one is written without reading. */
async function recordHistory(
  world: World,
  event: JobEvent,
  known: Known,
): Promise<{ before: JobRecord | undefined; after: JobRecord }> {
  const now = world.clock.now();
  if (event.state === 'queued') {
    const created = await world.history.put(recordEvent(undefined, event, known, now), undefined);
    if (created !== undefined) return { before: undefined, after: created };
  }
  const { before, after } = await change(world.history, { job: event.job }, (record) =>
    recordEvent(record, event, known, now),
  );
  if (after === undefined) throw new Error(`job ${event.job} has no record after it was written`);
  return { before, after };
}
