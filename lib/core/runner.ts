/** A runner: one ECS task and the GitHub runner in it. */
import type { Budget } from './budget.ts';
import type { DeliveriesRecord } from './deliveries.ts';
import type { LostRecord } from './lost.ts';
import type { Refusal } from './refusal.ts';
import type { SweepRecord } from './sweep.ts';
import type { VersionsRecord } from './versions.ts';

/** `warm`: its container is up, not registered, and waits for a job. */
export const RUNNER_STATES = ['launching', 'warm', 'registered', 'busy', 'gone'] as const;
export type RunnerState = (typeof RUNNER_STATES)[number];

/** A place taken: the runner's whole record, with every parameter of its RunTask call. Times in ms since 1970. */
export type Seat = {
  version: string;
  kind: 'runner';
  pool: string;
  /** 0 … max−1. */
  place: number;
  name: string;
  /** The job and the launch it was started for; part of the name. NO_JOB: it was launched to be warm. */
  job: number;
  launch: number;
  /** The queued or running job it is paired with now; absent: nobody waits for it. */
  serves?: number;
  state: RunnerState;
  /** Where it is registered or will be; absent while it is bound to no owner: a warm one, until a job claims it. */
  installation?: number;
  owner?: string;
  /** Only when it is registered on a repository. */
  repository?: string;
  labels: string[];
  group: string;
  /** As it was when it was launched: the pool may be removed before the runner has ended. */
  logGroup?: string;
  /** Stored before RunTask is called, so that a repetition makes the same call (a TaskRequest of lib/world.ts). */
  request: {
    name: string;
    taskDefinition: string;
    capacityProvider?: string;
    taskRole?: string;
    environment: Record<string, string>;
    tags: Record<string, string>;
  };
  /**
   * ARN of the task's role: its container proves with it that it is the task. Absent: it was launched from a task definition
   * whose containers could not prove it yet, and the ticket alone counts.
   */
  role?: string;
  /** Its runner registers itself, with a token; absent: it gets a JIT configuration. */
  registration?: 'token';
  /** Absolute; absent: the runner's own choice. */
  workFolder?: string;
  launchedAt: number;
  /** When RunTask was last called. */
  askedAt?: number;
  taskArn?: string;
  /** Number of the last mint; the GitHub runner's name is `<name>-<mint>`. 0: never asked. */
  mint: number;
  /** Set while a mint is in flight. */
  mintingAt?: number;
  /** No mint before; the boot deadline counts from it. */
  mintNotBefore?: number;
  /** Its turn to be registered: what it has taken of its installation's bucket. */
  turnAt?: number;
  /** Absent also where the runner registers itself: it is known by its name. */
  runnerId?: number;
  registeredAt?: number;
  /** The container's word that a job has started. */
  startedAt?: number;
  /** Since when it is warm. */
  warmSince?: number;
  /** The job that GitHub says runs in it. */
  busyWith?: number;
  /** Since when the container has said that it is idle while nobody waits for it. */
  surplusSince?: number;
  /** When EC2 said that it takes its instance away. */
  interruptedAt?: number;
  /** When it was given up: never registered, or removed at GitHub. */
  goneAt?: number;
  /** Launched while no container of its task definition had come up: its registration is news. */
  proves?: true;
  /** When its container last said that no job runs in it; of a warm one, to the minute. */
  heardAt?: number;
  /** What the janitor has seen of it, and since when: once is not enough. */
  doubt?: { what: Doubt; since: number };
  /** When it was last said that it works for longer than its pool allows. */
  overtimeSaidAt?: number;
  reason: string;
};

/** Why a registered or busy runner may not be what our records say. */
export type Doubt = 'unlisted' | 'silent' | 'outlived its job' | 'past the longest job';

/** In the place of a job's id, in the record and the name of a runner that was launched for none. GitHub's ids begin with 1. */
export const NO_JOB = 0;

/** Of an owner: it may be registered there, and nowhere else. */
export type BoundSeat = Seat & Required<Pick<Seat, 'installation' | 'owner'>>;

export function isBound(seat: Seat): seat is BoundSeat {
  return seat.installation !== undefined && seat.owner !== undefined;
}

/** The pool's own record, at place −1. */
export type PoolRecord = {
  version: string;
  kind: 'pool';
  pool: string;
  place: -1;
  /** Launches in a row that ended without a job, over all jobs of the pool. */
  failures: number;
  failingSince?: number;
  notBefore?: number;
  reason: string;
  /** The task definition of which a container has come up. */
  proven?: string;
  /** Number of the last launch of warm runners; it only rises, so that no name is used twice. */
  warmLaunch?: number;
  /** Since when it has had more warm runners than are wanted, or outdated ones. */
  warmSurplusSince?: number;
  /** When the next delayed look is due; one at a time. */
  lookAt?: number;
  /** For whom GitHub registers no runners, until somebody changes something. */
  refusals?: Refusal[];
};

/**
 * What an installation may be asked, and has registered lately; its key is pool INSTALLATIONS, place = installation id, or
 * THE_APP for what only the App itself may ask.
 */
export type InstallationRecord = Budget & {
  version: string;
  kind: 'installation';
  pool: typeof INSTALLATIONS;
  place: number;
  /** A bucket of registrations that GitHub's secondary limit allows now: filled evenly, taken one by one, also in advance. */
  tokens: number;
  filledAt: number;
  reason: string;
  /** Where runners were registered in the last day: the places where something of ours may be left. */
  scopes: { owner: string; repository?: string; mintedAt: number }[];
};

/** No pool can have this name. */
export const INSTALLATIONS = '#installations';

/** No installation has this id. */
export const THE_APP = 0;

/** The pools that may still have jobs or runners, configured or not; its key is pool KNOWN_POOLS, place 0. */
export type KnownPoolsRecord = {
  version: string;
  kind: 'pools';
  pool: typeof KNOWN_POOLS;
  place: 0;
  pools: KnownPool[];
};

/** `leftAt`: since when it is not configured and has neither. */
export type KnownPool = { name: string; leftAt?: number };

/** No pool can have this name. */
export const KNOWN_POOLS = '#pools';

export type RunnerRecord =
  | Seat
  | PoolRecord
  | InstallationRecord
  | KnownPoolsRecord
  | DeliveriesRecord
  | LostRecord
  | SweepRecord
  | VersionsRecord;

export function poolRecord(pool: string): Omit<PoolRecord, 'version'> {
  return { kind: 'pool', pool, place: -1, failures: 0, reason: 'nothing launched yet' };
}
