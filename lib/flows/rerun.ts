/**
 * Jobs that died with their instance are run again, each minute, from the records of the lost runners. That a job is asked for
 * is written down before GitHub is; what GitHub did is told by its run's attempt.
 */
import { RERUNS_PER_RUN_MAX } from '../core/limits.ts';
import type { LostRecord } from '../core/lost.ts';
import { LOST } from '../core/lost.ts';
import { parseMintedName } from '../core/name.ts';
import type { Owed } from '../core/rerun.ts';
import { isBehind, judgeLost, judgeTogether, ourAttempt, planRerun } from '../core/rerun.ts';
import type { Repository, World } from '../world.ts';
import type { Config } from './config.ts';
import { guarded } from './guarded.ts';
import { rerunsMaxOf } from './lost.ts';
import { jobsOfRun } from './rerun-jobs.ts';
import { forget, intend, postpone, putOff, remember, takeBack } from './rerun-notes.ts';

/** `until`: later, no other run is begun with (ms since 1970). */
export async function rerunLost(world: World, config: Config, until: number): Promise<void> {
  if (config.mode !== 'launch') return;
  const listed = await world.runners.list(LOST);
  const records = listed.filter((record): record is LostRecord => record.kind === 'lost');
  const owed = (await Promise.all(records.map((record) => owedBy(world, config, record)))).filter(
    (one) => one !== undefined,
  );
  const installations = groupsBy(owed, ({ job }) => String(job.installation));
  await Promise.all(installations.map((group) => rerunOf(world, group, records, until)));
}

/** What our own records say of it; what is not owed is forgotten. */
async function owedBy(world: World, config: Config, record: LostRecord): Promise<Owed | undefined> {
  const job = record.job === undefined ? undefined : await world.history.get({ job: record.job });
  const ranOn = parseMintedName(config.prefix, job?.ranOn ?? '')?.name;
  const verdict = judgeLost(record, job, { rerunsMax: rerunsMaxOf(config, record.of), ranOn }, world.clock.now());
  if (verdict.do === 'ask') return verdict.owed;
  if (verdict.do === 'drop') await forget(world, record, job, verdict.reason);
  return undefined;
}

/** Where GitHub has just refused, nobody asks: one who is told so tells all. */
async function rerunOf(
  world: World,
  owed: readonly Owed[],
  records: readonly LostRecord[],
  until: number,
): Promise<void> {
  const now = world.clock.now();
  const isDue = ({ record, job }: Owed) => job.state === 'completed' && (record.notBefore ?? 0) <= now;
  if (owed.some((one) => one.record.refused === true && (one.record.notBefore ?? 0) > now)) return;
  const runs = groupsBy(owed, ({ job }) => String(job.run)).filter((group) => group.some(isDue));
  for (const group of runs.slice(0, RERUNS_PER_RUN_MAX)) {
    const [first] = group;
    if (first === undefined || world.clock.now() >= until) return;
    let isRefused = false;
    await guarded(world, first.record.runner, async () => {
      isRefused = await rerunRun(world, first.job, group, ourAttempt(records, first.job.run));
    });
    if (isRefused) return;
  }
}

/** All of one run that died. `ours`: its attempt that came about by us. Says whether GitHub refuses. */
async function rerunRun(
  world: World,
  { run: id, ...job }: Owed['job'],
  group: readonly Owed[],
  ours: number,
): Promise<boolean> {
  const { installation, owner, repository: name } = job;
  const repository: Repository = { installation, owner, repository: name };
  const run = await world.github.run(repository, id);
  if (run.kind !== 'ok') return putOff(world, group, run);
  const ready: Owed[] = [];
  for (const { owed, verdict } of judgeTogether(group, run.value, ours, world.clock.now())) {
    if (verdict.do === 'ask') ready.push(owed);
    else if (verdict.do === 'wait')
      await postpone(world, owed.record, { reason: 'its run has not ended, or not begun again' });
    else if (verdict.do === 'drop') await forget(world, owed.record, owed.job, verdict.reason);
    else await remember(world, owed);
  }
  if (ready.length === 0) return false;
  const jobs = await jobsOfRun(world, repository, id);
  if (jobs.kind !== 'ok') return putOff(world, ready, jobs);
  if (isBehind(ready, jobs.value.jobs)) return putOff(world, ready, { kind: 'retry', reason: BEHIND });
  const plan = planRerun(ready, jobs.value.jobs, jobs.value.isWhole);
  for (const { owed, reason } of plan.dropped) await forget(world, owed.record, owed.job, reason);
  if (plan.call === 'none') return false;
  const noted = await intend(world, plan, run.value.attempt);
  if (noted === undefined) return false;
  const answer =
    plan.call === 'failed'
      ? await world.github.rerunFailedJobs(repository, id)
      : await world.github.rerunJob(repository, plan.job);
  if (answer.kind === 'unknown') return putOff(world, noted.asked, answer);
  if (answer.kind !== 'ok') return takeBack(world, noted, run.value.attempt, answer);
  for (const asked of noted.asked) await remember(world, asked);
  return false;
}

const BEHIND = 'GitHub does not show yet that its job has ended';

function groupsBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups.values()];
}
