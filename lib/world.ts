/**
 * Every interface to the outside, on one screen. `lib/flows` and `lib/handlers` see the outside only through it;
 * `lib/live` implements it with Octokit and the AWS SDK, `lib/sim` in process and under virtual time. Both pass
 * the contract suites of `test/contracts`.
 *
 * Expected answers are values. An exception means that a table or the queue could not be reached: the caller's
 * whole attempt fails and is repeated.
 */
import type { HookDelivery } from './core/deliveries.ts';
import type { AutoScalingGroup, ContainerInstance, LivingTask } from './core/guard.ts';
import type { BacklogRecord, JobRecord } from './core/job.ts';
import type { Message } from './core/message.ts';
import type { RunnerRecord } from './core/runner.ts';
import type { ActiveRunState, RunJob } from './core/sweep.ts';

export interface World {
  clock: Clock;
  github: GitHub;
  cluster: Cluster;
  identity: Identity;
  queue: Queue;
  /** Key: job. One item from a job's first event on; the authority on its state and on its living launch. */
  history: Table<JobRecord, { job: number }>;
  /** Key: pool, job. The jobs of a pool that are not completed, in the order of their ids. */
  backlog: ListTable<BacklogRecord, { pool: string; job: number }>;
  /** Key: pool, place. Place −1 is the pool's own record, 0 … max−1 its runners. */
  runners: ListTable<RunnerRecord, { pool: string; place: number }>;
  /** One structured line per decision. Never given a secret. */
  log: (line: LogLine) => void;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

export type LogLine = { decision: string; reason: string } & Record<string, unknown>;

/**
 * What an answer means to the caller, whoever gave it. `lib/live/errors.ts` is the one table that maps vendor codes.
 *
 * - `retry`: nothing was done; the same call may succeed after `retryAfterSeconds`.
 * - `full`: nothing was done; there is no capacity.
 * - `gone`: what was asked for is not there (GitHub also says so when we may not see it).
 * - `busy`: a runner that executes a job cannot be removed.
 * - `conflict`: something of that name exists.
 * - `refused`: nothing was done, and will not be until somebody changes something.
 * - `unknown`: it may have been done or not: 5xx, time-out, cut connection.
 * - `bug`: the call itself was wrong.
 */
export type FailureKind = 'retry' | 'full' | 'gone' | 'busy' | 'conflict' | 'refused' | 'unknown' | 'bug';
export type Failure = {
  kind: FailureKind;
  reason: string;
  retryAfterSeconds?: number;
  /** Not about what was asked: GitHub would answer any call so at the moment. */
  why?: 'primary limit' | 'secondary limit' | 'no answer';
};
export type Outcome<Value> = { kind: 'ok'; value: Value } | Failure;

/** Where a runner is registered: in an organisation or, with `repository` (its name without the owner), there. */
export type Scope = { installation: number; owner: string; repository?: string };
export type Repository = { installation: number; owner: string; repository: string };

/** `version`: of its software, once it has connected. */
export type GitHubRunner = { id: number; name: string; online: boolean; busy: boolean; version?: string };

/** When GitHub stops to give jobs to runners of a version, and to register them (ms since 1970); absent: no time is set. */
export type RunnerDeprecation = { jobsUntil?: number; registrationUntil?: number };

/** A runner group, by its name as GitHub writes it; `onlyWorkflows`: of the repository's workflows it admits certain ones. */
export type AdmittingGroup = { name: string; onlyWorkflows: boolean };

export type GitHubJob = {
  state: 'queued' | 'in_progress' | 'completed' | 'held';
  runnerName?: string;
  conclusion?: string;
};

/** `attempt`: 1, and one more each time somebody runs jobs of it again. `conclusion`: once it has ended. */
export type GitHubRun = { hasEnded: boolean; conclusion?: string; attempt: number; createdAt: number };

/** A place where the App is installed; suspended ones are left out. */
export type Installation = { id: number; owner: string; ownerIsUser: boolean };
export type InstalledRepository = { id: number; owner: string; name: string };

/** A hundred entries of `total`. `unchanged`: GitHub said so, and the question was free of its primary limit. */
export type Page<Item> = { items: Item[]; total: number; unchanged: boolean };

/** How many calls an installation may still make until `resetsAt` (ms since 1970), of `limit` in an hour. */
export type RateLimit = { installation: number; limit: number; remaining: number; resetsAt: number };

export interface GitHub {
  /**
   * Registers a just-in-time runner (at most one job) with exactly these labels, in the group of that name.
   * Never repeated by the adapter: a lost answer leaves a registration under the name (`unknown`). `workFolder`: where it
   * works; absent: in its own folder.
   */
  registerRunner(
    scope: Scope,
    runner: { name: string; labels: readonly string[]; group: string; workFolder?: string },
  ): Promise<Outcome<{ id: number; jitConfig: string }>>;
  /** With it a runner registers itself at `url`; it is good for an hour, and for any number of runners. */
  registrationToken(scope: Scope): Promise<Outcome<{ token: string; url: string }>>;
  /** `busy`: it executes a job. `gone`: not there, or not visible to us. */
  removeRunner(scope: Scope, id: number): Promise<Outcome<undefined>>;
  /** The runner of exactly this name; GitHub's lists lag by up to a minute. */
  findRunner(scope: Scope, name: string): Promise<Outcome<GitHubRunner | undefined>>;
  /** All runners of the scope, complete or failed as a whole. `until`: later, no other page is read (ms since 1970). */
  listRunners(scope: Scope, until?: number): Promise<Outcome<GitHubRunner[]>>;
  /** `gone`: GitHub does not know the version, or (GitHub Enterprise Server) not the question. */
  runnerDeprecation(scope: Scope, version: string): Promise<Outcome<RunnerDeprecation>>;
  /** The organisation's runner groups that jobs of the repository may use. */
  admittingGroups(repository: Repository): Promise<Outcome<AdmittingGroup[]>>;
  /** `held`: waiting, pending or requested: neither queued nor ended. */
  job(repository: Repository, id: number): Promise<Outcome<GitHubJob>>;
  run(repository: Repository, id: number): Promise<Outcome<GitHubRun>>;
  /**
   * Runs one job of a run again, and what depends on it: the run's next attempt. `retry`: the run has not ended. `refused`: the App
   * lacks the permission, or GitHub does not run it again (after 30 days, or 50 attempts). Never repeated by the adapter.
   */
  rerunJob(repository: Repository, id: number): Promise<Outcome<undefined>>;
  /** The same for all jobs of the run that have failed, or that were cancelled because another one did. */
  rerunFailedJobs(repository: Repository, run: number): Promise<Outcome<undefined>>;
  /** All places where the App is installed. */
  installations(): Promise<Outcome<Installation[]>>;
  /** All that the installation sees and that are not archived, as they were up to 15 minutes ago. */
  repositories(installation: number): Promise<Outcome<InstalledRepository[]>>;
  /** One call: the ids of workflow runs in that state, newest first; pages count from 1. */
  activeRuns(repository: Repository, state: ActiveRunState, page: number): Promise<Outcome<Page<number>>>;
  /** One call: jobs of the run's latest attempt. */
  runJobs(repository: Repository, run: number, page: number): Promise<Outcome<Page<RunJob>>>;
  /** One call: a hundred failed attempts to deliver events to the App's hook, newest first; `next` leads to older ones. */
  failedDeliveries(cursor?: string): Promise<Outcome<{ deliveries: HookDelivery[]; next?: string }>>;
  /** Asks for another attempt at that delivery. */
  redeliver(delivery: number): Promise<Outcome<undefined>>;
  /** Of each installation, as the latest answer to a call of this process said it; nothing is asked for. */
  rateLimits(): Promise<RateLimit[]>;
}

/** Every parameter of a RunTask call; the same request always makes the same call. */
export type TaskRequest = {
  /** The runner's name: idempotency token and `startedBy`. */
  name: string;
  taskDefinition: string;
  capacityProvider?: string;
  taskRole?: string;
  environment: Record<string, string>;
  tags: Record<string, string>;
};

export type Task = {
  taskArn: string;
  startedBy: string;
  /** PROVISIONING … STOPPED, as ECS spells it. */
  lastStatus: string;
  /** Milliseconds since 1970. */
  createdAt?: number;
  startedAt?: number;
  /** Of the runner's container, when it has ended by itself. */
  exitCode?: number;
  /** It has ended, and never had an instance. */
  neverPlaced?: true;
  /** It has ended because its instance went under it. */
  lost?: true;
  stoppedAt?: number;
  /** Why it stopped, or why the container did not start. */
  stoppedReason?: string;
};

/** `open`: why ECS may place something new on it all the same. */
export type ClosedInstance = { tasks: Task[]; open?: string };

export interface Cluster {
  /**
   * Starts one task, or finds the one that the same request started before; that one may have stopped since.
   * `full`: no capacity. `conflict` cannot be told apart from ours: the existing task is the answer.
   */
  runTask(request: TaskRequest): Promise<Outcome<Task>>;
  /** SIGTERM to the container. `gone`: ECS does not know the task any more. */
  stopTask(taskArn: string, reason: string): Promise<Outcome<undefined>>;
  /** Those that ECS still knows (a stopped one for an hour); an unknown one is left out. */
  describeTasks(taskArns: readonly string[]): Promise<Outcome<Task[]>>;
  /** The task that was started under this name, if ECS still knows one; lists lag by up to minutes. */
  findTask(name: string): Promise<Outcome<Task | undefined>>;
  /** All tasks of the cluster that are not to be stopped, complete or failed as a whole. */
  listTasks(): Promise<Outcome<Task[]>>;
  /**
   * ECS places nothing new on the instance of that EC2 id; gives the tasks on it that are not to be stopped. May be repeated.
   * `gone`: it is no instance of the cluster.
   */
  closeInstance(ec2InstanceId: string): Promise<Outcome<ClosedInstance>>;
}

/**
 * The headers of a request to STS that a container has signed with its task's credentials, as it sent them to us: a POST of
 * `Action=GetCallerIdentity&Version=2011-06-15`, with the runner's name signed as `x-ecs-runners-name`.
 */
export type Proof = { authorization: string; 'x-amz-date': string; 'x-amz-security-token': string; host: string };

export interface Identity {
  /**
   * The ARN of whoever signed it for exactly this runner, as STS says. `refused`: it was not signed so, or too long ago.
   * `retry`: STS did not say.
   */
  signer(runner: string, proof: Proof): Promise<Outcome<string>>;
}

/**
 * Container instances and the Auto Scaling groups that they belong to, for the removal guard alone. Every write may be
 * repeated. Instances that are gone by now are passed over.
 */
export interface Capacity {
  /** All tasks that have not stopped, complete or failed as a whole. `gone`: there is no such cluster. */
  livingTasks(cluster: string): Promise<Outcome<LivingTask[]>>;
  /** All of the cluster, complete or failed as a whole. `gone`: there is no such cluster. */
  containerInstances(cluster: string): Promise<Outcome<ContainerInstance[]>>;
  /** Nothing new is placed on them; tasks that were run on their own go on. Only ACTIVE ones can be drained. */
  drain(cluster: string, containerInstances: readonly string[]): Promise<Outcome<undefined>>;
  /** Tasks are placed on them again. */
  activate(cluster: string, containerInstances: readonly string[]): Promise<Outcome<undefined>>;
  /** `gone`: there is no such group. Instances that are on their way out are left out. */
  group(name: string): Promise<Outcome<AutoScalingGroup>>;
  /** Of the instances to come. */
  protectNewInstances(group: string): Promise<Outcome<undefined>>;
  leaveNewInstances(group: string): Promise<Outcome<undefined>>;
  /** Of these instances, by their EC2 ids. `gone`: the group is, or one of them has left it. */
  protectInstances(group: string, ids: readonly string[]): Promise<Outcome<undefined>>;
  leaveInstances(group: string, ids: readonly string[]): Promise<Outcome<undefined>>;
}

/** CloudFormation's answer object (its docs, "Custom resource response objects"). */
export type StackAnswer = {
  Status: 'SUCCESS' | 'FAILED';
  Reason: string;
  PhysicalResourceId: string;
  StackId: string;
  RequestId: string;
  LogicalResourceId: string;
};

export interface CloudFormation {
  /** To the presigned address that came with the request; an exception if it could not be delivered. */
  answer(url: string, answer: StackAnswer): Promise<void>;
}

export interface Queue {
  /** All or an exception. `delaySeconds` 0 … 900. `group` is the fair-queue tenant: a busy one does not delay others. */
  send(messages: readonly { body: Message; delaySeconds?: number; group?: string }[]): Promise<void>;
}

/** `version` is new with every write, so that a write can be conditional on exactly what was read. */
export type Versioned = { version: string };

export interface Table<Item extends Versioned, Key> {
  /** Strongly consistent. Items past their `expiresAt` (seconds since 1970) are not there. */
  get(key: Key): Promise<Item | undefined>;
  /** Like `get`, in no particular order; absent items are left out. */
  getMany(keys: readonly Key[]): Promise<Item[]>;
  /**
   * Writes the item if the stored one is still `previous` (`undefined`: if there is none).
   * Gives the item with its new version, or `undefined` if somebody else was faster.
   */
  put(item: Omit<Item, 'version'>, previous: Item | undefined): Promise<Item | undefined>;
  /** Removes the item if it is still this one; says whether it was. */
  remove(item: Item): Promise<boolean>;
}

export interface ListTable<Item extends Versioned, Key> extends Table<Item, Key> {
  /** A pool's items by rising second key, at most `limit` of them, those after `after` only. Strongly consistent. */
  list(pool: string, options?: { limit?: number; after?: number }): Promise<Item[]>;
}
