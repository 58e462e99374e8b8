/** A job's record and its backlog item: history first, then the backlog, so that a crash between them errs towards too little. */
import type { BacklogRecord, JobRecord } from '../core/job.ts';
import { backlogItem } from '../core/job.ts';
import { releasedBy } from '../core/launch.ts';
import type { World } from '../world.ts';
import { change, changeOrRemove } from './change.ts';

/** Brings the backlog item in line with the record; gives it if there is one. */
export async function mirror(world: World, job: JobRecord, fresh = false): Promise<BacklogRecord | undefined> {
  if (job.pool === undefined) return undefined;
  const item = backlogItem(job);
  if (fresh && item !== undefined) {
    const created = await world.backlog.put(item, undefined);
    if (created !== undefined) return created;
  }
  const { after } = await changeOrRemove(world.backlog, { pool: job.pool, job: job.job }, (existing) =>
    existing !== undefined && item !== undefined && same(existing, item) ? existing : item,
  );
  return after;
}

/** Changes a job that exists; gives it as it is then. */
export async function changeJob(
  world: World,
  job: number,
  next: (record: JobRecord) => Omit<JobRecord, 'version'>,
): Promise<JobRecord | undefined> {
  const { before, after } = await change(world.history, { job }, (record) => record && next(record));
  if (after !== undefined && after !== before) await mirror(world, after);
  return after;
}

/**
 * The launch of that name is not coming for the job any more. Says whether it was: a repetition, or a job that has
 * since been given to another launch, is left as it is.
 */
export async function release(
  world: World,
  job: number,
  name: string,
  why: { reason: string; failed: boolean; awaitsWord?: boolean },
): Promise<boolean> {
  const now = world.clock.now();
  let released = false;
  await changeJob(world, job, (record) => {
    released = record.runner === name && record.state === 'queued';
    if (!released) return record;
    const next = releasedBy(record, why, now);
    // The runner's name stays: when GitHub says which job ran there, this one is known to have lost it.
    return why.awaitsWord ? { ...next, awaitsWord: now, runner: name } : next;
  });
  return released;
}

function same(existing: BacklogRecord, item: Omit<BacklogRecord, 'version'>): boolean {
  const { version: _, ...rest } = existing;
  return (Object.keys({ ...rest, ...item }) as (keyof typeof item)[]).every(
    (key) => rest[key] === item[key] || JSON.stringify(rest[key]) === JSON.stringify(item[key]),
  );
}
