/** What is written down about a job that is to be run again. */
import type { JobRecord } from '../core/job.ts';
import { RERUN_AGAIN_MS, RERUN_REFUSED_MS } from '../core/limits.ts';
import type { LostRecord } from '../core/lost.ts';
import type { Owed } from '../core/rerun.ts';
import { nextAskAt } from '../core/rerun.ts';
import type { Failure, World } from '../world.ts';
import { changeJob } from './jobs.ts';

/**
 * That these are asked for in this attempt, before they are: the others of the run first, which will find it in the next one. `undefined`:
 * somebody else is at it.
 */
export async function intend(
  world: World,
  { asked, later }: { asked: readonly Owed[]; later: readonly Owed[] },
  attempt: number,
): Promise<{ asked: Owed[]; later: Owed[] } | undefined> {
  const at = world.clock.now();
  const waiting = await noteAttempt(world, later, attempt + 1);
  const records = await noteAttempt(world, asked, attempt + 1);
  if (waiting === undefined || records === undefined) return undefined;
  const noted: Owed[] = [];
  for (const { record, job } of records) {
    const stored = await world.history.put({ ...job, rerun: { at, attempt } }, job);
    if (stored === undefined) return undefined;
    noted.push({ record, job: { ...stored, run: job.run } });
  }
  return { asked: noted, later: waiting };
}

async function noteAttempt(world: World, group: readonly Owed[], attempt: number): Promise<Owed[] | undefined> {
  const noted: Owed[] = [];
  for (const { record, job } of group) {
    const notBefore = world.clock.now() + RERUN_AGAIN_MS;
    const { refused: _, ...kept } = record;
    const next: Omit<LostRecord, 'version'> = { ...kept, attempt, notBefore };
    const stored = await world.runners.put(next, record);
    if (stored?.kind !== 'lost') return undefined;
    noted.push({ record: stored, job });
  }
  return noted;
}

/** GitHub has done nothing: the attempt that was to come about has not. Says whether GitHub refuses. */
export async function takeBack(
  world: World,
  { asked, later }: { asked: readonly Owed[]; later: readonly Owed[] },
  attempt: number,
  failure: Failure,
): Promise<boolean> {
  for (const { job } of asked) await changeJob(world, job.job, ({ rerun: _, ...kept }) => kept);
  const undone = [...asked, ...later].map(({ record, job }) => ({ record: { ...record, attempt }, job }));
  return putOff(world, undone, failure);
}

/** Says whether GitHub refuses. */
export async function putOff(world: World, group: readonly Owed[], failure: Failure): Promise<boolean> {
  for (const { record } of group) await postpone(world, record, failure);
  return failure.kind === 'refused';
}

/** It is looked at again later, and why. */
export async function postpone(
  world: World,
  record: LostRecord,
  why: { reason: string; kind?: Failure['kind']; retryAfterSeconds?: number },
): Promise<void> {
  const now = world.clock.now();
  const isRefused = why.kind === 'refused';
  const soonest = now + (why.retryAfterSeconds ?? 0) * 1000;
  const notBefore = isRefused ? now + RERUN_REFUSED_MS : Math.max(soonest, nextAskAt(record, now));
  const decision = isRefused ? 're-run refused' : 're-run waits';
  world.log({ decision, reason: why.reason, runner: record.runner, pool: record.of, job: record.job });
  const { refused: _, ...kept } = record;
  const next: Omit<LostRecord, 'version'> = {
    ...kept,
    notBefore,
    reason: why.reason,
    ...(isRefused && { refused: true as const }),
  };
  await world.runners.put(next, record);
}

/** It has been run again, in the attempt that its record names. */
export async function remember(world: World, { record, job }: Owed): Promise<void> {
  const { notBefore: _, refused: __, ...kept } = record;
  const reason = 'it died with its instance';
  const next: Omit<LostRecord, 'version'> = { ...kept, reason, again: { run: job.run } };
  if ((await world.runners.put(next, record)) === undefined) return;
  const repository = `${job.owner}/${job.repository}`;
  world.log({ decision: 'job run again', reason, job: record.job, runner: record.runner, pool: record.of, repository });
}

/** It is not owed any more, and why. */
export async function forget(
  world: World,
  record: LostRecord,
  job: JobRecord | undefined,
  reason: string,
): Promise<void> {
  if (!(await world.runners.remove(record)) || record.again !== undefined) return;
  const repository = job && `${job.owner}/${job.repository}`;
  world.log({
    decision: 'job not run again',
    reason,
    job: record.job,
    runner: record.runner,
    pool: record.of,
    repository,
  });
}
