/** From the options to the state. */
import { createBooks } from './books.ts';
import {
  type CapacityProviderConfig,
  type ClusterConfig,
  DEFAULT_TIMINGS,
  type EcsOptions,
  PROVISIONING_TASKS_MAX,
} from './config.ts';
import { noFaults } from './faults.ts';
import { arn } from './identifiers.ts';
import { placeWaiting, register } from './instances.ts';
import type { EcsCluster, EcsState, Provider } from './state.ts';

/** The state at the beginning: clusters, capacity providers, and the instances that are always there. */
export function createState(options: EcsOptions): EcsState {
  const state: EcsState = {
    clock: options.clock,
    chance: options.chance,
    timings: { ...DEFAULT_TIMINGS, ...options.timings },
    faults: noFaults(),
    home: { region: options.region ?? 'us-east-1', account: options.account ?? '123456789012' },
    provisioningTasksMax: options.provisioningTasksMax ?? PROVISIONING_TASKS_MAX,
    startContainer: options.startContainer,
    onTaskStateChange: options.onTaskStateChange ?? (() => undefined),
    onRoom: (instance) => placeWaiting(state, instance),
    clusters: new Map(),
    families: new Map(),
    books: createBooks(options.onTask),
    everyTask: [],
    living: new Set(),
    order: 0,
  };
  for (const config of options.clusters) addCluster(state, config);
  return state;
}

function addCluster(state: EcsState, config: ClusterConfig): void {
  const cluster: EcsCluster = {
    name: config.name,
    arn: arn(state.home, `cluster/${config.name}`),
    defaultStrategy: config.defaultCapacityProviderStrategy ?? [],
    providers: new Map(),
    tasks: new Map(),
    startedBy: new Map(),
    stopped: new Set(),
    tokens: new Map(),
  };
  state.clusters.set(config.name, cluster);
  for (const provider of config.capacityProviders ?? []) addProvider(state, cluster, provider);
}

function addProvider(state: EcsState, cluster: EcsCluster, config: CapacityProviderConfig): void {
  const provider: Provider = {
    arn: arn(state.home, `capacity-provider/${config.name}`),
    cluster,
    config: { ...PROVIDER_DEFAULTS, ...config },
    instances: new Map(),
    booting: 0,
    provisioning: new Set(),
    watching: false,
    warmUntil: 0,
    scaledOutAt: 0,
    lowPeriods: 0,
  };
  cluster.providers.set(config.name, provider);
  for (let index = 0; index < provider.config.minInstances; index += 1) register(state, provider);
}

/** As the ECS API has them. */
const PROVIDER_DEFAULTS = {
  minInstances: 0,
  managedScaling: true,
  targetCapacity: 100,
  minimumScalingStepSize: 1,
  maximumScalingStepSize: 10_000,
};
