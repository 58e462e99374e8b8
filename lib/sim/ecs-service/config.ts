/** What the simulated ECS is told at its creation: clusters, capacity, durations, and what runs in a container. */
import type { Chance } from '../chance.ts';
import type { SimClock } from '../clock.ts';
import type { OnTask } from './books.ts';
import type { TaskStateChangeEvent } from './events.ts';

/** Shortest and longest duration in milliseconds; chance draws one in between. */
export type Range = readonly [lowMs: number, highMs: number];

/** An Auto Scaling group of one instance type, and the capacity provider in front of it. */
export type CapacityProviderConfig = {
  name: string;
  /** CPU units that an instance offers to tasks. */
  instanceCpu: number;
  /** MiB that an instance offers to tasks. */
  instanceMemory: number;
  /** Instances that are there from the start and never scaled in. */
  minInstances?: number;
  maxInstances: number;
  /** False: tasks that do not fit fail at once, and nobody adds instances. */
  managedScaling?: boolean;
  /** Percent of the instances that should be in use, 1 … 100. */
  targetCapacity?: number;
  minimumScalingStepSize?: number;
  maximumScalingStepSize?: number;
};

export type StrategyItem = { capacityProvider: string; weight?: number | undefined; base?: number | undefined };

export type ClusterConfig = {
  name: string;
  capacityProviders?: readonly CapacityProviderConfig[];
  /** For RunTask calls that name neither a strategy nor a launch type. */
  defaultCapacityProviderStrategy?: readonly StrategyItem[];
};

/** Durations; the defaults are those that AWS documents or that public benchmarks measured. */
export type Timings = {
  /** From the Auto Scaling group's order to an instance that is registered with the cluster. */
  instanceBootMs: Range;
  /** First pull of an image on an instance. */
  imagePullMs: Range;
  /** Pull of an image that the instance has already. */
  imageCachedMs: Range;
  containerStartMs: Range;
  /** Each of the small steps in which ECS moves a task along. */
  stepMs: Range;
  /** From the death of an instance until ECS has noticed. */
  instanceLossMs: Range;
  /** ECS docs: a task waits in PROVISIONING "between 10 and 30 minutes", then it stops. */
  provisioningTimeoutMs: Range;
  /** SIGTERM to SIGKILL, where the container definition has no `stopTimeout`. ECS docs: 30 s. */
  stopTimeoutMs: number;
  /** From a change of a task to its event. */
  eventDelayMs: Range;
  /** Further delay of an event that is overtaken, and of a second delivery. */
  eventDisorderMs: Range;
  /** CloudWatch evaluates CapacityProviderReservation once a minute. */
  metricPeriodMs: number;
  /** ECS docs: instanceWarmupPeriod, default 300 s: no further scale-out meanwhile. */
  instanceWarmupMs: number;
  /** ECS docs: scale-in needs 15 data points below target, and 15 minutes since a scale-out. */
  scaleInPeriods: number;
  /** ECS API: stopped tasks are returned "for at least one hour". */
  stoppedRetentionMs: number;
};

/** What a container is given when it comes up. */
export type ContainerStart = {
  taskArn: string;
  clusterArn: string;
  containerInstanceArn: string;
  startedBy?: string;
  image: string;
  taskRoleArn?: string;
  /** The task definition's, with the overrides merged in. */
  environment: Readonly<Record<string, string>>;
  /** SIGTERM. */
  signal: AbortSignal;
  /** SIGKILL, or the instance has vanished: nothing in the container happens any more, whatever the promise does. */
  killed: AbortSignal;
};

export type EcsOptions = {
  clock: SimClock;
  chance: Chance;
  clusters: readonly ClusterConfig[];
  /** Called when the container is up; a rejected promise is a container that crashed (exit code 1). */
  startContainer: (start: ContainerStart) => Promise<{ exitCode: number }>;
  /** The account's event bus; may be called twice for a change, late, out of order, or not at all. */
  onTaskStateChange?: (event: TaskStateChangeEvent) => void;
  /** Told of each change of a task as it happens, whatever becomes of its event: for whoever judges. */
  onTask?: OnTask | undefined;
  timings?: Partial<Timings>;
  /** ECS quota, not adjustable: PROVISIONING tasks per cluster. */
  provisioningTasksMax?: number;
  region?: string;
  account?: string;
};

export const DEFAULT_TIMINGS: Timings = {
  instanceBootMs: [30_000, 50_000],
  imagePullMs: [5_000, 20_000],
  imageCachedMs: [200, 1_000],
  containerStartMs: [300, 1_500],
  stepMs: [50, 500],
  instanceLossMs: [10_000, 60_000],
  provisioningTimeoutMs: [600_000, 1_800_000],
  stopTimeoutMs: 30_000,
  eventDelayMs: [100, 1_500],
  eventDisorderMs: [1_000, 60_000],
  metricPeriodMs: 60_000,
  instanceWarmupMs: 300_000,
  scaleInPeriods: 15,
  stoppedRetentionMs: 3_600_000,
};

export const PROVISIONING_TASKS_MAX = 500;
