/**
 * Which runner gets which job. GitHub's rule: every label of the job is among the runner's, without case, and the
 * group admits the repository. Which of the idle runners wins is not promised, so chance decides; the oldest job goes first.
 */

import { addTo, drawFrom, emptyBag, removeFrom } from './bag.ts';
import type { Group, Job, JobClass, Owner, Repository, Runner, RunnerClass, Scope } from './books.ts';
import type { Hub } from './hub.ts';
import { admits } from './owners.ts';

/** A random idle runner that may run the job. */
export function runnerFor(hub: Hub, job: Job): Runner | undefined {
  const repository = job.run.repository;
  const wanted = lowered(job.labels);
  const bags = scopesOf(repository)
    .flatMap((scope) => [...scope.idle.values()])
    .filter((candidate) => fits(candidate, repository, wanted, job.group))
    .map((candidate) => candidate.idle);
  return drawFrom(bags, hub.chance);
}

/** The oldest waiting job that the runner may run, or any (switch `jobsInAnyOrder`). */
export function jobFor(hub: Hub, runner: Runner): Job | undefined {
  const waiting = [...runner.scope.owner.waiting.values()].filter(
    ({ repository, labels, group }) =>
      reaches(runner.scope, repository) && fits(runner.class, repository, labels, group),
  );
  if (hub.faults.jobsInAnyOrder) {
    const jobs = waiting.flatMap((one) => one.jobs);
    return jobs[hub.chance.between(0, jobs.length - 1)];
  }
  const oldest = waiting.flatMap(({ jobs }) => jobs[0] ?? []);
  return oldest.reduce<Job | undefined>(
    (first, job) => (first !== undefined && first.id < job.id ? first : job),
    undefined,
  );
}

export function addIdle(runner: Runner): void {
  runner.class = runner.scope.idle.get(runner.class.key) ?? runner.class;
  runner.scope.idle.set(runner.class.key, runner.class);
  addTo(runner.class.idle, runner);
}

export function removeIdle(runner: Runner): void {
  const { class: own, scope } = runner;
  removeFrom(own.idle, runner);
  // One that never was idle may have a class of its own, while others of the same labels are idle in another.
  if (own.idle.items.length === 0 && scope.idle.get(own.key) === own) scope.idle.delete(own.key);
}

/** Alike: one group, the same labels. */
export function classFor(scope: Scope, group: Group, labels: readonly string[]): RunnerClass {
  const key = JSON.stringify([group.id, ...lowered(labels)]);
  return scope.idle.get(key) ?? { key, group, labels: new Set(lowered(labels)), idle: emptyBag() };
}

/** Among jobs that ask for the same, by id: an older job that is queued again goes first. */
export function addWaiting(job: Job): void {
  const { jobs } = waitingClass(job);
  let position = jobs.length;
  while (position > 0 && (jobs[position - 1]?.id ?? 0) > job.id) position -= 1;
  jobs.splice(position, 0, job);
}

export function removeWaiting(job: Job): void {
  const waiting = job.run.repository.owner.waiting.get(waitingKey(job));
  const position = waiting?.jobs.indexOf(job) ?? -1;
  if (waiting === undefined || position < 0) return;
  waiting.jobs.splice(position, 1);
  if (waiting.jobs.length === 0) job.run.repository.owner.waiting.delete(waiting.key);
}

function waitingClass(job: Job): JobClass {
  const { repository } = job.run;
  const key = waitingKey(job);
  const known = repository.owner.waiting.get(key);
  if (known !== undefined) return known;
  const made = { key, repository, labels: lowered(job.labels), group: job.group?.toLowerCase(), jobs: [] };
  repository.owner.waiting.set(key, made);
  return made;
}

function waitingKey(job: Job): string {
  return JSON.stringify([job.run.repository.id, job.group?.toLowerCase() ?? null, ...lowered(job.labels)]);
}

function lowered(labels: readonly string[]): string[] {
  return labels.map((label) => label.toLowerCase()).sort();
}

function scopesOf(repository: Repository): Scope[] {
  return [repository.scope, ...(organisation(repository.owner) ? [repository.owner.scope] : [])];
}

function reaches(scope: Scope, repository: Repository): boolean {
  return scope.repository === undefined || scope.repository === repository;
}

/** Users have runners on repositories only. */
function organisation(owner: Owner): boolean {
  return owner.kind === 'Organization';
}

function fits(
  candidate: RunnerClass,
  repository: Repository,
  labels: readonly string[],
  group: string | undefined,
): boolean {
  if (group !== undefined && candidate.group.name.toLowerCase() !== group.toLowerCase()) return false;
  return labels.every((label) => candidate.labels.has(label)) && admits(candidate.group, repository);
}
