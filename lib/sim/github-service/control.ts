/** The control surface: what an operator of the simulation may ask for. Input is checked, as it comes over HTTP. */
import type { Job, Owner, Release, Repository, Runner } from './books.ts';
import { type Faults, mergeFaults } from './faults.ts';
import type { Hub } from './hub.ts';
import { addRun, cancelJob, JOBS_PER_RUN_MAX, offerWaiting, releaseJob } from './jobs.ts';
import {
  ownerOnceNamed,
  reinstall,
  renameOwner,
  renameRepository,
  repositoryOnceNamed,
  transferRepository,
} from './moves.ts';
import { findOwner, putOwner, putRepository } from './owners.ts';
import { checkedJobs, checkedOwner, type Problems } from './requests.ts';
import { rerun } from './reruns.ts';
import { releaseStuck } from './runners.ts';

export type JobView = {
  id: number;
  state: 'queued' | 'in_progress' | 'completed';
  conclusion: string | null;
  runnerName: string | null;
  /** ISO 8601. */
  queuedAt: string;
  startedAt: string | null;
  completedAt: string | null;
  owner: string;
  repo: string;
  labels: readonly string[];
};

export type RunnerView = {
  id: number;
  name: string;
  labels: readonly string[];
  online: boolean;
  busy: boolean;
  owner: string;
  /** `null`: the organisation's. */
  repo: string | null;
};

export type Control = {
  /**
   * `{ owner, repo, labels, durationSeconds = 60, count = 1, user = false, group?, held = false, conclusion = 'success',
   * public = false, outside = false, followers = 0, concurrency? }`: makes owner and repository if need be, then the jobs; gives their ids.
   */
  addJobs: (request: unknown) => { ids: number[] } | Problems;
  jobs: () => JobView[];
  /** `undefined`: no such job; otherwise whether there was anything to do. */
  cancel: (job: number) => boolean | undefined;
  release: (job: number) => boolean | undefined;
  /** The new job's id; `false`: it has not ended. */
  rerun: (job: number) => number | false | undefined;
  runners: () => RunnerView[];
  faults: () => Readonly<Faults>;
  /** Merges; every problem is named and then nothing is changed. */
  setFaults: (change: unknown) => Readonly<Faults> | Problems;
  /** `{ owner, kind, suspended?, groups?, permissions?, repositoryRunners?, repositories? }`; gives the installation's id. */
  putInstallation: (request: unknown) => { installation: number } | Problems;
  /** Runners that connect from now on are of this version; without a `release`, GitHub does not know it. */
  useRelease: (version: string, release?: Release) => void;
  /** Changes of name and place; `false`: there is no such thing, or it cannot be called so. */
  renameRepository: (owner: string, repository: string, name: string) => boolean;
  transferRepository: (owner: string, repository: string, to: string) => boolean;
  renameOwner: (owner: string, login: string) => boolean;
  /** The App is uninstalled and installed again; `false`: no such owner. */
  reinstall: (owner: string) => boolean;
  /** What uninstalling the App does; `false`: no such owner. */
  removeInstallation: (owner: string) => boolean;
};

export function controlOf(hub: Hub): Control {
  const job = (id: number) => hub.books.jobs.get(id);
  return {
    addJobs: (request) => addJobs(hub, request),
    jobs: () => [...hub.books.jobs.values()].map(jobView),
    cancel: (id) => apply(job(id), (found) => cancelJob(hub, found)),
    release: (id) => apply(job(id), (found) => releaseJob(hub, found)),
    rerun: (id) => apply(job(id), (found) => rerunByPerson(hub, found)?.id ?? false),
    runners: () => [...hub.books.runners.values()].map(runnerView),
    faults: () => hub.faults,
    setFaults: (change) => setFaults(hub, change),
    putInstallation: (request) => putInstallation(hub, request),
    useRelease: (version, release) => useRelease(hub, version, release),
    renameRepository: (login, name, to) =>
      ifThere(repositoryOnceNamed(hub, login, name), (found) => renameRepository(hub, found, to)),
    transferRepository: (login, name, to) => transfer(hub, login, name, to),
    renameOwner: (login, to) => ifThere(ownerOnceNamed(hub, login), (found) => renameOwner(hub, found, to)),
    reinstall: (login) =>
      ifThere(ownerOnceNamed(hub, login), (found) => {
        reinstall(hub, found);
        return true;
      }),
    removeInstallation: (login) => removeInstallation(hub, login),
  };
}

function addJobs(hub: Hub, request: unknown): { ids: number[] } | Problems {
  const wanted = checkedJobs(request);
  if ('problems' in wanted) return wanted;
  const owner = ownerFor(hub, wanted.owner, wanted.user);
  if ('problems' in owner) return owner;
  const former = repositoryOnceNamed(hub, wanted.owner, wanted.repo);
  const repository = former ?? putRepository(hub, owner, wanted.repo, !wanted.public);
  if (wanted.outside) repository.outside = true;
  return { ids: inRuns(hub, repository, wanted) };
}

/** A run has 256 jobs at most. */
function inRuns(hub: Hub, repository: Repository, wanted: Exclude<ReturnType<typeof checkedJobs>, Problems>): number[] {
  const ids: number[] = [];
  while (ids.length < wanted.count) {
    const jobs = addRun(hub, repository, wanted, Math.min(JOBS_PER_RUN_MAX, wanted.count - ids.length));
    ids.push(...jobs.map(({ id }) => id));
  }
  return ids;
}

function ownerFor(hub: Hub, login: string, user: boolean | undefined): Owner | Problems {
  const known = ownerOnceNamed(hub, login);
  if (known === undefined) return putOwner(hub, { owner: login, kind: user ? 'User' : 'Organization' });
  if (user === undefined || user === (known.kind === 'User')) return known;
  return { problems: [`${login} is a ${known.kind} already.`] };
}

function setFaults(hub: Hub, change: unknown): Readonly<Faults> | Problems {
  const merged = mergeFaults(hub.faults, change);
  if (!('problems' in merged)) hub.faults = merged;
  if (hub.faults.stuckBusy === 0) releaseStuck(hub);
  return merged;
}

function putInstallation(hub: Hub, request: unknown): { installation: number } | Problems {
  const wanted = checkedOwner(request);
  if ('problems' in wanted) return wanted;
  const owner = putOwner(hub, wanted);
  for (const name of wanted.repositories ?? []) putRepository(hub, owner, name);
  if (wanted.groups !== undefined) offerWaiting(hub, owner);
  return { installation: owner.installation.id };
}

function useRelease(hub: Hub, version: string, release: Release | undefined): void {
  hub.books.releaseInUse = version;
  if (release === undefined) hub.books.releases.delete(version);
  else hub.books.releases.set(version, release);
}

function removeInstallation(hub: Hub, login: string): boolean {
  const owner = findOwner(hub, login);
  if (owner !== undefined) owner.installation.state = 'deleted';
  return owner !== undefined;
}

/** Also while others of the run go on, which GitHub's own page does not offer. */
function rerunByPerson(hub: Hub, job: Job): Job | undefined {
  return job.state === 'completed' ? rerun(hub, job.run, [job], 'person')[0] : undefined;
}

function transfer(hub: Hub, login: string, name: string, to: string): boolean {
  const owner = ownerOnceNamed(hub, to);
  const repository = repositoryOnceNamed(hub, login, name);
  if (owner === undefined || repository === undefined || !transferRepository(hub, repository, owner)) return false;
  offerWaiting(hub, owner);
  return true;
}

function ifThere<Thing>(thing: Thing | undefined, act: (thing: Thing) => boolean): boolean {
  return thing !== undefined && act(thing);
}

function jobView(job: Job): JobView {
  const { owner, name } = job.run.repository;
  return {
    id: job.id,
    state: job.state === 'held' ? 'queued' : job.state,
    conclusion: job.conclusion,
    runnerName: job.runner?.name ?? null,
    queuedAt: new Date(job.queuedAt).toISOString(),
    startedAt: isoOrNull(job.startedAt),
    completedAt: isoOrNull(job.completedAt),
    owner: owner.login,
    repo: name,
    labels: job.labels,
  };
}

function isoOrNull(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : new Date(milliseconds).toISOString();
}

function runnerView(runner: Runner): RunnerView {
  return {
    id: runner.id,
    name: runner.name,
    labels: runner.labels,
    online: runner.session !== undefined && runner.state !== 'lingering' && runner.state !== 'stuck',
    busy: runner.state === 'busy',
    owner: runner.scope.owner.login,
    repo: runner.scope.repository?.name ?? null,
  };
}

function apply<Value>(job: Job | undefined, action: (job: Job) => Value): Value | undefined {
  return job === undefined ? undefined : action(job);
}
