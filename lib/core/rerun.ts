/**
 * Jobs that died with their instance are run again, where their pool wants that (docs/decisions/0021-reruns.md). What is owed
 * follows from the record of the lost runner, from history, and from what GitHub says now; nothing is counted.
 */
import type { JobRecord } from './job.ts';
import {
  LOST_NAMED_WITHIN_MS,
  RERUN_AGAIN_MS,
  RERUN_AGE_MAX_MS,
  RERUN_GIVEN_UP_MS,
  RERUN_WAIT_FIRST_MS,
  RERUN_WAIT_MAX_MS,
} from './limits.ts';
import type { LostRecord } from './lost.ts';
import type { RunJob } from './sweep.ts';

/** Whether it is owed, as far as our own records say. */
export type LostVerdict = { do: 'wait' } | { do: 'drop'; reason: string } | { do: 'ask'; owed: Owed };

/**
 * A job that died, as far as we know, with the run that it belongs to. One that still runs by our record is not asked for by itself; if
 * another of its run is, GitHub says how it ended.
 */
export type Owed = { record: LostRecord; job: JobRecord & { run: number } };

/** `rerunsMax`: of its pool, as it is configured now. `ranOn`: the runner (not its registration) that the job's record names. */
export function judgeLost(
  record: LostRecord,
  job: JobRecord | undefined,
  { rerunsMax, ranOn }: { rerunsMax: number; ranOn: string | undefined },
  now: number,
): LostVerdict {
  const age = now - record.notedAt;
  if (record.again !== undefined) return age < RERUN_GIVEN_UP_MS ? { do: 'wait' } : drop('it was run again a day ago');
  if (rerunsMax === 0) return drop('its pool does not want it');
  if (record.job === undefined) {
    return age < LOST_NAMED_WITHIN_MS ? { do: 'wait' } : drop('nobody has named a job that ran in it');
  }
  if (job === undefined) return drop('nothing is known of its job');
  if (age >= RERUN_GIVEN_UP_MS) return drop(`given up after a day: ${record.reason}`);
  if (job.state === 'queued') return { do: 'wait' };
  if (ranOn !== record.runner) return drop(`its job ran on ${job.ranOn ?? 'no runner'}`);
  if (job.state === 'completed' && job.conclusion !== 'failure') return drop(`its job has ended: ${job.conclusion}`);
  // Attempts of one job only rise, and each is run again once: so this is at most so many times, whatever comes twice or is lost.
  if (job.attempt > rerunsMax) return drop(`attempt ${job.attempt}: its pool wants ${rerunsMax} re-runs at most`);
  const { run } = job;
  return run === undefined
    ? drop('the run of its job is not known')
    : { do: 'ask', owed: { record, job: { ...job, run } } };
}

function drop(reason: string): { do: 'drop'; reason: string } {
  return { do: 'drop', reason };
}

/** As GitHub shows it. */
export type SeenRun = { hasEnded: boolean; conclusion?: string; attempt: number; createdAt: number };

export type RunVerdict = { do: 'done' } | { do: 'wait' } | { do: 'drop'; reason: string } | { do: 'ask' };

/** The attempt that our latest re-run of that run has brought about, of whichever job of it; 0: none that is remembered. */
export function ourAttempt(records: readonly LostRecord[], run: number): number {
  const attempts = records.map(({ again, attempt = 0 }) => (again?.run === run ? attempt : 0));
  return Math.max(0, ...attempts);
}

/** Whether it is still owed now that its run is known. An attempt that is later than all of `ours` is a person's. */
export function judgeRun({ record, job }: Owed, run: SeenRun, ours: number, now: number): RunVerdict {
  if (job.rerun !== undefined && run.attempt > job.rerun.attempt) return { do: 'done' };
  if (run.attempt > Math.max(job.attempt, record.attempt ?? 0, ours)) return drop('somebody has run it again');
  if (!run.hasEnded) return { do: 'wait' };
  if (run.conclusion === 'cancelled') return drop('its run was cancelled');
  if (now - run.createdAt >= RERUN_AGE_MAX_MS) return drop('its run is older than GitHub runs again');
  return job.rerun !== undefined && now - job.rerun.at < RERUN_AGAIN_MS ? { do: 'wait' } : { do: 'ask' };
}

/**
 * All of one run, at one time. As long as one that was asked for is waited for, so are the others: the attempt that they would bring
 * about would be taken for its own.
 */
export function judgeTogether(
  group: readonly Owed[],
  run: SeenRun,
  ours: number,
  now: number,
): { owed: Owed; verdict: RunVerdict }[] {
  const judged = group.map((owed) => ({ owed, verdict: judgeRun(owed, run, ours, now) }));
  const isWaited = judged.some(({ verdict }) => verdict.do === 'wait');
  return judged.map((one) => (isWaited && one.verdict.do === 'ask' ? { ...one, verdict: { do: 'wait' } } : one));
}

/** `failed`: all at once, if all that failed died; else `job`, and the others when the run has ended again. */
export type Plan = { asked: Owed[]; later: Owed[]; dropped: { owed: Owed; reason: string }[] } & (
  | { call: 'failed' }
  | { call: 'job'; job: number }
  | { call: 'none' }
);

/** `jobs`: those of the run's latest attempt, all of them if `isWhole`. */
export function planRerun(owed: readonly Owed[], jobs: readonly RunJob[], isWhole: boolean): Plan {
  const judged = owed.map((one) => ({ owed: one, seen: seenAs(one, jobs) }));
  const dead = judged.filter(({ owed: { record }, seen }) => whyNot(record, seen) === undefined);
  const dropped = judged.flatMap(({ owed: one, seen }) => {
    const reason = whyNot(one.record, seen);
    return reason === undefined ? [] : [{ owed: one, reason }];
  });
  const [first, ...others] = dead.map(({ owed: one }) => one);
  const firstSeen = dead[0]?.seen;
  if (first === undefined || firstSeen === undefined) return { call: 'none', asked: [], later: [], dropped };
  const ids = new Set(dead.map(({ seen }) => seen?.job));
  if (isWhole && jobs.every((job) => !hasFailed(job) || ids.has(job.job))) {
    return { call: 'failed', asked: [first, ...others], later: [], dropped };
  }
  return { call: 'job', job: firstSeen.job, asked: [first], later: others, dropped };
}

/** GitHub's list lags behind its run: that has ended, and a job that died in it has not. Any minute it will have. */
export function isBehind(owed: readonly Owed[], jobs: readonly RunJob[]): boolean {
  return owed.some((one) => (seenAs(one, jobs)?.state ?? 'completed') !== 'completed');
}

/** By its id; or, where a later attempt gives a new one to what it takes over, by its name, if only one has it. */
function seenAs({ job }: Owed, jobs: readonly RunJob[]): RunJob | undefined {
  const same = jobs.find((one) => one.job === job.job);
  const named = jobs.filter(({ name }) => name === job.name);
  return same ?? (named.length === 1 ? named[0] : undefined);
}

function whyNot({ lostAt }: LostRecord, seen: RunJob | undefined): string | undefined {
  if (seen === undefined) return 'it is not among the jobs of its run any more';
  if (seen.state !== 'completed' || seen.conclusion !== 'failure')
    return `GitHub says: ${seen.conclusion ?? seen.state}`;
  return seen.changedAt < lostAt ? 'it had failed before its instance went' : undefined;
}

function hasFailed({ conclusion = 'none' }: RunJob): boolean {
  return !['success', 'skipped', 'neutral', 'cancelled', 'none'].includes(conclusion);
}

/** GitHub is asked again after a fourth of the time that has passed: some forty times in a day. */
export function nextAskAt({ notedAt }: LostRecord, now: number): number {
  return now + Math.min(RERUN_WAIT_MAX_MS, Math.max(RERUN_WAIT_FIRST_MS, (now - notedAt) / 4));
}
