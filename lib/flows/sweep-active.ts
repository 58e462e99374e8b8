/** The repositories with active runs: what GitHub says of their jobs, and what of it nobody has told us. */
import type { JobEvent, JobState } from '../core/job.ts';
import { SWEEP_PARALLEL } from '../core/limits.ts';
import { poolFor } from '../core/pool.ts';
import type { ActiveRepository, RunJob } from '../core/sweep.ts';
import { isLostWord } from '../core/sweep.ts';
import type { Failure, Installation, InstalledRepository, World } from '../world.ts';
import type { Config } from './config.ts';
import type { Budget } from './sweep-budget.ts';
import { placeOf } from './sweep-rotation.ts';
import { jobsOfTurn, type LookedInto } from './sweep-visit.ts';

/** `active`: as they are now, the ones that are gone left out. `lost`: how many events were found. */
export type Looked = { active: ActiveRepository[]; lost: number; failed?: Failure };

/** In this order, again and again, until all of their runs have been looked into or the budget is spent. */
export async function lookIntoActive(
  world: World,
  config: Config,
  budget: Budget,
  installation: Installation,
  repositories: ReadonlyMap<number, InstalledRepository>,
  active: readonly ActiveRepository[],
  known: Map<number, JobState>,
): Promise<Looked> {
  const entries = new Map(active.map((entry) => [entry.id, entry]));
  const queue = [...active];
  let lost = 0;
  while (queue.length > 0) {
    const looked = await Promise.all(
      queue.splice(0, SWEEP_PARALLEL).map(async (entry) => {
        const repository = repositories.get(entry.id);
        if (repository === undefined) return { entry, isGone: true as const };
        const into = await jobsOfTurn(world, budget, placeOf(installation, repository), entry.turn);
        return { entry, into, sent: await sendLost(world, config, installation, repository, into.jobs, known) };
      }),
    );
    for (const { entry, into, sent = 0 } of looked) {
      lost += sent;
      const next = into && after(entry, into, world.clock.now());
      if (next === undefined) entries.delete(entry.id);
      else entries.set(entry.id, next);
      if (next !== undefined && into?.failed === undefined && into?.isLast === false) queue.push(next);
    }
    const failed = looked.map(({ into }) => into?.failed).find((one) => one !== undefined && one.kind !== 'gone');
    if (failed?.kind === 'spent') return { active: [...entries.values()], lost };
    if (failed !== undefined) return { active: [...entries.values()], lost, failed };
  }
  return { active: [...entries.values()], lost };
}

/** One of which nothing could be read has had its turn all the same, unless it was for want of budget. */
function after(entry: ActiveRepository, into: LookedInto, now: number): ActiveRepository | undefined {
  if (into.failed?.kind === 'gone') return undefined;
  if (into.failed?.kind === 'spent' && into.runs === 0) return entry;
  return { ...entry, turn: entry.turn + 1, sweptAt: now, activeAt: into.runs > 0 ? now : entry.activeAt };
}

/** They are put into the queue as the events that were lost: of jobs that are known, or that a pool serves. */
async function sendLost(
  world: World,
  config: Config,
  installation: Installation,
  repository: InstalledRepository,
  jobs: readonly RunJob[],
  known: Map<number, JobState>,
): Promise<number> {
  const now = world.clock.now();
  const events = jobs
    .filter((job) => isLostWord(job, known.get(job.job), now))
    .map((job) => eventOf(installation, repository, job))
    .filter((event) => known.has(event.job) || 'pool' in poolFor(config.pools, event));
  if (events.length === 0) return 0;
  await world.queue.send(events.map((event) => asMessage(event, now)));
  for (const { job, state, owner, repository: name } of events) {
    known.set(job, state);
    world.log({ decision: 'lost event found', reason: `GitHub says: ${state}`, job, repository: `${owner}/${name}` });
  }
  return events.length;
}

function asMessage(event: JobEvent, receivedAt: number) {
  const delivery = `sweep-${event.job}-${event.state}`;
  return { body: { kind: 'job', event, delivery, receivedAt } as const, group: `${event.owner}/${event.repository}` };
}

/** The list of repositories may be older than the name of their owner. */
function eventOf(
  { id, owner, ownerIsUser }: Installation,
  { name: repository }: InstalledRepository,
  { changedAt: _, conclusion, ...job }: RunJob & { state: JobState },
): JobEvent {
  const ended = job.state === 'completed' && conclusion !== undefined && { conclusion };
  return { ...job, installation: id, owner, repository, ownerIsUser, ...ended };
}
