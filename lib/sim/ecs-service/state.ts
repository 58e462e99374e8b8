/** Everything that the simulated ECS knows, as plain mutable data. Times in milliseconds since 1970. */
import type { Chance } from '../chance.ts';
import type { SimClock } from '../clock.ts';
import type { Books } from './books.ts';
import type { CapacityProviderConfig, ContainerStart, StrategyItem, Timings } from './config.ts';
import type { TaskStateChangeEvent } from './events.ts';
import type { EcsFaults } from './faults.ts';
import type { Home } from './identifiers.ts';
import type { ContainerDefinition, RegisterTaskDefinition, RunTask } from './inputs.ts';

export type EcsState = {
  clock: SimClock;
  chance: Chance;
  timings: Timings;
  faults: EcsFaults;
  home: Home;
  provisioningTasksMax: number;
  startContainer: (start: ContainerStart) => Promise<{ exitCode: number }>;
  onTaskStateChange: (event: TaskStateChangeEvent) => void;
  /** A task has left the instance: there may be room for one that waits. */
  onRoom: (instance: Instance) => void;
  /** Key: name. */
  clusters: Map<string, EcsCluster>;
  /** Key: family; at index n − 1 its revision n. */
  families: Map<string, TaskDefinition[]>;
  books: Books;
  /** Also those that the API has forgotten, in the order of their creation. */
  everyTask: EcsTask[];
  /** Those that are not STOPPED, in the order of their creation. */
  living: Set<EcsTask>;
  /** Of the task created last. */
  order: number;
};

export type EcsCluster = {
  name: string;
  arn: string;
  defaultStrategy: readonly StrategyItem[];
  /** Key: name. */
  providers: Map<string, Provider>;
  /** Those that ECS still knows, in the order of creation. Key: ARN. */
  tasks: Map<string, EcsTask>;
  /** Those that ECS still knows. Key: startedBy. */
  startedBy: Map<string, Set<EcsTask>>;
  /** In the order in which they stopped, until they are forgotten. */
  stopped: Set<EcsTask>;
  /** Key: client token. */
  tokens: Map<string, TokenEntry>;
};

/** A capacity provider with its Auto Scaling group. */
export type Provider = {
  arn: string;
  cluster: EcsCluster;
  config: Required<CapacityProviderConfig>;
  /** Registered with the cluster. Key: ARN. */
  instances: Map<string, Instance>;
  /** Ordered by the Auto Scaling group, not yet registered. */
  booting: number;
  /** Waiting for an instance, oldest first. */
  provisioning: Set<EcsTask>;
  watching: boolean;
  warmUntil: number;
  scaledOutAt: number;
  lowPeriods: number;
};

export type Instance = {
  arn: string;
  ec2InstanceId: string;
  provider: Provider;
  registeredAt: number;
  /** DRAINING: nothing new is placed on it (ECS docs, "Draining container instances"). */
  status: 'ACTIVE' | 'DRAINING';
  /** False from its death until ECS has noticed and deregisters it. */
  connected: boolean;
  freeCpu: number;
  freeMemory: number;
  tasks: Set<EcsTask>;
  images: Set<string>;
};

export type TaskDefinition = {
  arn: string;
  family: string;
  revision: number;
  status: 'ACTIVE' | 'INACTIVE';
  registeredAt: number;
  containers: readonly ContainerDefinition[];
  /** The container whose end ends the task: the first essential one. */
  main: ContainerDefinition;
  taskRoleArn?: string;
  input: RegisterTaskDefinition;
};

export type TaskStatus =
  | 'PROVISIONING'
  | 'PENDING'
  | 'ACTIVATING'
  | 'RUNNING'
  | 'DEACTIVATING'
  | 'STOPPING'
  | 'DEPROVISIONING'
  | 'STOPPED';

export type StopCode = 'EssentialContainerExited' | 'TaskFailedToStart' | 'TerminationNotice' | 'UserInitiated';

export type Tag = { key: string; value: string };

export type EcsTask = {
  order: number;
  taskArn: string;
  cluster: EcsCluster;
  definition: TaskDefinition;
  request: RunTask;
  group: string;
  cpu: number;
  memory: number;
  tags: readonly Tag[];
  provider?: Provider;
  instance?: Instance;
  lastStatus: TaskStatus;
  desiredStatus: 'RUNNING' | 'STOPPED';
  version: number;
  runtimeId: string;
  containerStatus: 'PENDING' | 'RUNNING' | 'STOPPED';
  containerReason?: string;
  exitCode?: number;
  createdAt: number;
  pullStartedAt?: number;
  pullStoppedAt?: number;
  startedAt?: number;
  stoppingAt?: number;
  executionStoppedAt?: number;
  stoppedAt?: number;
  stopCode?: StopCode;
  stoppedReason?: string;
  /** There while the container runs. */
  container?: { term: AbortController; kill: AbortController };
  /** Cancels the next planned step. */
  cancelStep?: () => void;
};

export type TokenEntry = {
  parameters: string;
  createdAt: number;
  tasks: readonly EcsTask[];
  failures: readonly TaskFailure[];
};

export type TaskFailure = { arn?: string; reason?: string; detail?: string };
