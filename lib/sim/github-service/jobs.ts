/** A job's life: made, queued, given to a runner, ended. */
import type { Job, Owner, Repository, Run, Runner } from './books.ts';
import { enter, leave } from './concurrency.ts';
import { takePerhaps } from './elsewhere.ts';
import { type Hub, hex } from './hub.ts';
import { addIdle, addWaiting, jobFor, removeIdle, removeWaiting, runnerFor } from './matching.ts';
import { dropRunner } from './runners.ts';
import { postTo } from './sessions.ts';

/** GitHub docs, "Actions limits": a job waits for a runner for 24 hours at most. */
const QUEUED_MS_MAX = 24 * 60 * 60 * 1000;
/** GitHub docs, "Self-hosted runners": a job that is not picked up within 60 seconds is queued again. */
const PICKUP_MS_MAX = 60 * 1000;
/** Scale-set documentation: three attempts to assign, then "The job was not acquired by Runner of type self-hosted". */
const ASSIGNMENTS_LOST_MAX = 3;
/** The runner's default cancellation timeout. */
const CANCEL_GRACE_MS = 5 * 60 * 1000;
/** GitHub docs, "Actions limits": a job on a self-hosted runner may run for 5 days. */
const RUN_MS_MAX = 5 * 24 * 60 * 60 * 1000;
/** GitHub removes an ephemeral runner after its job, "a few to tens of seconds" late (actions/runner#2809). */
const LINGER_MS_MAX = 30 * 1000;

/** GitHub docs, "Actions limits": jobs that one matrix may have. */
export const JOBS_PER_RUN_MAX = 256;

export type NewJob = {
  labels: readonly string[];
  group?: string | undefined;
  durationSeconds: number;
  outcome: 'success' | 'failure';
  /** Waits for an approval: see `releaseJob`. */
  held: boolean;
  followers?: number;
  concurrency?: string | undefined;
};

/** One run with so many alike jobs, all queued (or held). */
export function addRun(hub: Hub, repository: Repository, wanted: NewJob, count: number, attempt = 1): Job[] {
  const run: Run = {
    id: hub.ids.run(),
    repository,
    attempt,
    jobs: [],
    createdAt: hub.time.now(),
    sha: hex(hub.chance, 40),
  };
  hub.books.runs.set(run.id, run);
  repository.runs.push(run);
  for (let number = 1; number <= count; number += 1) {
    run.jobs.push(newJob(hub, run, wanted, count === 1 ? 'build' : `build (${number})`));
  }
  for (const job of run.jobs) begin(hub, job);
  return run.jobs;
}

/** The approval that a held job waited for. */
export function releaseJob(hub: Hub, job: Job): boolean {
  if (job.state !== 'held' || job.blocked) return false;
  queueJob(hub, job);
  return true;
}

/** In the place of the one that has ended, in the run's present attempt, with a new id. */
export function beginAgain(hub: Hub, job: Job): Job {
  const again = newJob(hub, job.run, { ...job, held: false }, job.name);
  job.run.jobs.splice(job.run.jobs.indexOf(job), 1, again);
  begin(hub, again);
  return again;
}

/** Says whether there was anything to cancel. A running job ends when its runner has stopped it, or after the grace. */
export function cancelJob(hub: Hub, job: Job): boolean {
  if (job.state === 'completed') return false;
  if (job.state !== 'in_progress') {
    job.cancelRequested = true;
    completeJob(hub, job, 'cancelled');
    return true;
  }
  if (job.cancelRequested) return true;
  job.cancelRequested = true;
  job.cancelLimit();
  job.cancelLimit = hub.time.after(CANCEL_GRACE_MS, () => completeJob(hub, job, 'cancelled'));
  const runner = runnerRunning(hub, job);
  if (runner?.session !== undefined) postTo(runner.session, { kind: 'cancel', job: job.id });
  return true;
}

/** Ends the job whatever it does; the runner that ran it is used up. */
export function completeJob(hub: Hub, job: Job, conclusion: string): void {
  if (job.state === 'completed') return;
  const runner = runnerRunning(hub, job);
  removeWaiting(job);
  job.cancelLimit();
  change(job, 'completed');
  job.conclusion = conclusion;
  job.completedAt = hub.time.now();
  hub.announce(job, 'completed');
  if (runner !== undefined) retire(hub, runner);
  goOn(hub, job);
}

/** What waited for its end: those that need it, and those of its concurrency group. */
function goOn(hub: Hub, job: Job): void {
  const next = leave(hub, job);
  if (next !== undefined) queueJob(hub, next);
  if (job.followers === 0 || job.conclusion !== 'success') return;
  const follower = newJob(hub, job.run, { ...job, held: false, followers: job.followers - 1 }, `${job.name}, then`);
  job.run.jobs.push(follower);
  begin(hub, follower);
}

/** The runner is free: it is sent the oldest job that it may run, or waits. */
export function offerRunner(hub: Hub, runner: Runner): void {
  runner.job = undefined;
  runner.state = 'idle';
  const job = jobFor(hub, runner);
  if (job === undefined) {
    addIdle(runner);
    return;
  }
  removeWaiting(job);
  assign(hub, job, runner);
}

/** Somebody must run it: a random idle runner, or it waits for one. */
export function offerJob(hub: Hub, job: Job): void {
  const runner = runnerFor(hub, job);
  if (runner === undefined) addWaiting(job);
  else assign(hub, job, runner);
}

/** Who may run on what has changed: idle runners get the jobs that they could not have before. */
export function offerWaiting(hub: Hub, owner: Owner): void {
  for (const job of [...owner.waiting.values()].flatMap(({ jobs }) => jobs)) {
    removeWaiting(job);
    offerJob(hub, job);
  }
}

/** The job's state with what it was before. */
export function change(job: Job, state: Job['state']): void {
  job.before = job.state;
  job.state = state;
}

function newJob(hub: Hub, run: Run, wanted: NewJob, name: string): Job {
  const job: Job = {
    id: hub.ids.job(),
    run,
    attempt: run.attempt,
    name,
    key: 'build',
    labels: wanted.labels,
    group: wanted.group,
    followers: wanted.followers ?? 0,
    concurrency: wanted.concurrency,
    blocked: false,
    durationSeconds: wanted.durationSeconds,
    outcome: wanted.outcome,
    state: 'held',
    before: wanted.held ? 'held' : 'queued',
    conclusion: null,
    runner: undefined,
    assignedTo: undefined,
    assignmentsLost: 0,
    cancelRequested: false,
    queuedAt: hub.time.now(),
    startedAt: undefined,
    completedAt: undefined,
    cancelLimit: () => undefined,
  };
  hub.books.jobs.set(job.id, job);
  return job;
}

function begin(hub: Hub, job: Job): void {
  if (job.before === 'held') {
    hub.announce(job, 'waiting');
    return;
  }
  const { blocked, displaced } = enter(hub, job);
  if (displaced !== undefined) cancelJob(hub, displaced);
  if (!blocked) queueJob(hub, job);
  else if (hub.chance.happens(hub.faults.blockedAnnounced)) hub.announce(job, 'queued');
}

function queueJob(hub: Hub, job: Job): void {
  job.state = 'queued';
  job.queuedAt = hub.time.now();
  job.cancelLimit = hub.time.after(QUEUED_MS_MAX, () => completeJob(hub, job, 'cancelled'));
  hub.announce(job, 'queued');
  offerJob(hub, job);
  takePerhaps(
    hub,
    job,
    () => start(hub, job),
    () => completeJob(hub, job, job.outcome),
  );
}

/** It runs from now on, on the runner that it has got. */
export function start(hub: Hub, job: Job): void {
  job.startedAt = hub.time.now();
  job.cancelLimit();
  job.cancelLimit = hub.time.after(RUN_MS_MAX, () => completeJob(hub, job, 'cancelled'));
  change(job, 'in_progress');
  hub.announce(job, 'in_progress');
}

function assign(hub: Hub, job: Job, runner: Runner): void {
  removeIdle(runner);
  runner.state = 'assigned';
  runner.job = job;
  job.assignedTo = runner;
  runner.cancelPickup = hub.time.after(PICKUP_MS_MAX, () => pickupMissed(hub, job, runner));
  if (runner.session !== undefined) postTo(runner.session, { kind: 'job', job: job.id });
}

/** The job looks for another runner; this one is free again if it is still there. */
function pickupMissed(hub: Hub, job: Job, runner: Runner): void {
  runner.job = undefined;
  job.assignedTo = undefined;
  if (job.state === 'queued') {
    job.assignmentsLost += 1;
    if (job.assignmentsLost >= ASSIGNMENTS_LOST_MAX) completeJob(hub, job, 'failure');
    else offerJob(hub, job);
  }
  if (runner.session?.alive === true) offerRunner(hub, runner);
  else runner.state = 'offline';
}

function runnerRunning(hub: Hub, job: Job): Runner | undefined {
  if (job.runner === undefined) return undefined;
  const runner = hub.books.runners.get(job.runner.id);
  return runner?.job === job ? runner : undefined;
}

/** A just-in-time runner is for one job. Its record and name linger for a while. */
function retire(hub: Hub, runner: Runner): void {
  runner.job = undefined;
  runner.cancelRemoval();
  runner.state = hub.chance.happens(hub.faults.stuckBusy) ? 'stuck' : 'lingering';
  if (runner.state === 'stuck') {
    runner.session = undefined;
    return;
  }
  runner.cancelRemoval = hub.time.after(hub.chance.between(0, LINGER_MS_MAX), () => dropRunner(hub, runner));
}
