/** What the simulated GitHub knows: owners, repositories, runners, jobs. Plain data; the rules are in the files beside it. */
import type { Bag } from './bag.ts';

export type OwnerKind = 'Organization' | 'User';
export type Level = 'read' | 'write';
export type Permissions = Record<string, Level>;

export type Owner = {
  id: number;
  login: string;
  kind: OwnerKind;
  installation: Installation;
  /** By rising id; the first is GitHub's "Default" (id 1). */
  groups: Group[];
  /** By name in lower case. */
  repositories: Map<string, Repository>;
  /** Organisations may forbid runners on repositories; registering one is then answered 403 with an empty message. */
  repositoryRunners: boolean;
  scope: Scope;
  /** Queued jobs that no runner has been given, by what they ask for. */
  waiting: Map<string, JobClass>;
};

export type Installation = {
  id: number;
  owner: Owner;
  state: 'active' | 'suspended' | 'deleted';
  permissions: Permissions;
};

export type Group = {
  id: number;
  name: string;
  visibility: 'all' | 'selected' | 'private';
  allowsPublicRepositories: boolean;
  /** It is restricted to certain workflows. */
  onlyWorkflows: boolean;
  /** For `selected`: names in lower case, without the owner. */
  repositories: Set<string>;
};

export type Repository = {
  id: number;
  owner: Owner;
  name: string;
  private: boolean;
  scope: Scope;
  runs: Run[];
  /** The App is not installed there: its webhooks go nowhere, and it is not to be seen. Its jobs take the owner's runners. */
  outside?: true;
};

/** Where runners are registered: an organisation (or, unused, a user), or a repository. */
export type Scope = {
  owner: Owner;
  repository: Repository | undefined;
  runners: Map<number, Runner>;
  /** By name in lower case: GitHub compares names without case. */
  names: Map<string, Runner>;
  idle: Map<string, RunnerClass>;
  /** When runners were registered lately (ms since 1970), oldest first. */
  registrations: number[];
  /** The last listing that was answered, for the switch `listLagSeconds`. */
  listed?: { at: number; runners: readonly unknown[] };
};

/** Idle runners that GitHub treats alike. */
export type RunnerClass = { key: string; group: Group; labels: ReadonlySet<string>; idle: Bag<Runner> };

/** Waiting jobs that ask for the same, oldest first. */
export type JobClass = {
  key: string;
  repository: Repository;
  labels: readonly string[];
  group: string | undefined;
  jobs: Job[];
};

/**
 * `offline`: registered, no session. `idle`: may be given a job. `assigned`: was sent a job and has not acquired it.
 * `busy`: runs one. `lingering`: its job has ended and GitHub has not yet removed the record. `stuck`: the same, and GitHub still
 * takes it for busy. `gone`: removed.
 */
export type RunnerState = 'offline' | 'idle' | 'assigned' | 'busy' | 'lingering' | 'stuck' | 'gone';

export type Runner = {
  id: number;
  name: string;
  scope: Scope;
  group: Group;
  labels: readonly string[];
  class: RunnerClass;
  state: RunnerState;
  job: Job | undefined;
  session: Session | undefined;
  /** GitHub never showed one as busy although it is (switch `busyShownIdle`). */
  busyHidden: boolean;
  /** The same, and it can be removed while it is (switch `busyRemoved`). */
  busyRemovable: boolean;
  /** GitHub never shows it as online although it is (switch `onlineShownOffline`). */
  onlineHidden: boolean;
  everConnected: boolean;
  /** It has updated itself, which it does once. */
  everUpdated: boolean;
  /** Of its software; known to GitHub once it has connected. */
  version: string | undefined;
  createdAt: number;
  workFolder: string;
  /** Cancels the window in which an assigned job is to be acquired. */
  cancelPickup: () => void;
  /** Identifies the JIT configuration. */
  clientId: string;
  /** Cancels the removal that is due. */
  cancelRemoval: () => void;
};

/** A runner's connection. Dead ones stay until GitHub notices. */
export type Session = {
  id: string;
  runner: Runner;
  alive: boolean;
  inbox: RunnerMessage[];
  wake: ((message: RunnerMessage) => void) | undefined;
};

/** `job`: acquire it now. `cancel`: stop the job that runs. `deleted`: the registration is gone. `update`: come back with a newer version. */
export type RunnerMessage =
  | { kind: 'job'; job: number }
  | { kind: 'cancel'; job: number }
  | { kind: 'deleted' }
  | { kind: 'update' };

export type JobState = 'held' | 'queued' | 'in_progress' | 'completed';

export type Job = {
  id: number;
  run: Run;
  /** Of the run, in which it was made. */
  attempt: number;
  /** Display name. */
  name: string;
  /** The job's key in the workflow file. */
  key: string;
  labels: readonly string[];
  /** Of `runs-on: { group }`, by name. */
  group: string | undefined;
  durationSeconds: number;
  state: JobState;
  conclusion: string | null;
  /** The runner that acquired it. */
  runner: { id: number; name: string; group: Group } | undefined;
  /** The runner it was sent to and has not acquired it yet. */
  assignedTo: Runner | undefined;
  assignmentsLost: number;
  cancelRequested: boolean;
  queuedAt: number;
  startedAt: number | undefined;
  completedAt: number | undefined;
  /** Its state before the last change, for the switch `staleJobs`. */
  before: JobState;
  /** How many jobs follow one after the other when it has succeeded (`needs`). */
  followers: number;
  /** Its concurrency group; `blocked`: another one of the group runs, and this one is held until that has ended. */
  concurrency: string | undefined;
  blocked: boolean;
  /** What it ends with if nobody cancels it. */
  outcome: 'success' | 'failure';
  /** Cancels the limit that is running: of the queue, of the run, or of the grace after a cancel. */
  cancelLimit: () => void;
};

export type Run = { id: number; repository: Repository; attempt: number; jobs: Job[]; createdAt: number; sha: string };

/** The run's attempt `attempt` was asked for, with these jobs anew. */
export type Rerun = { at: number; by: 'person' | 'app'; run: Run; attempt: number; jobs: readonly Job[] };

/** When GitHub stops to give it jobs, and to register it (ms since 1970). */
export type Release = { jobsUntil?: number; registrationUntil?: number };

export type Books = {
  /** By login in lower case. */
  owners: Map<string, Owner>;
  /** By login in lower case: owners that are called otherwise now. */
  formerLogins: Map<string, Owner>;
  /** By `owner/name` in lower case: repositories that are called otherwise now. */
  formerNames: Map<string, Repository>;
  installations: Map<number, Installation>;
  runners: Map<number, Runner>;
  clientIds: Map<string, Runner>;
  /** With which runners may register themselves. */
  registrationTokens: Map<string, { scope: Scope; expiresAt: number }>;
  /** Of the runner's software, by version. */
  releases: Map<string, Release>;
  /** That of the runners that connect from now on. */
  releaseInUse: string;
  jobs: Map<number, Job>;
  runs: Map<number, Run>;
  /** In the order in which they were asked for. */
  reruns: Rerun[];
  /** By repository and group: who runs, and who waits for that. */
  concurrency: Map<string, { holder: Job; pending: Job | undefined }>;
};

/** The newest one that was seen, in September 2026. */
const NEWEST_RELEASE = '2.337.0';

export function emptyBooks(): Books {
  return {
    owners: new Map(),
    formerLogins: new Map(),
    formerNames: new Map(),
    installations: new Map(),
    runners: new Map(),
    clientIds: new Map(),
    registrationTokens: new Map(),
    releases: new Map([[NEWEST_RELEASE, {}]]),
    releaseInUse: NEWEST_RELEASE,
    jobs: new Map(),
    runs: new Map(),
    reruns: [],
    concurrency: new Map(),
  };
}
