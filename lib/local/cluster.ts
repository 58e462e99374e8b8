/** The simulated ECS of the stack: instances for the pools, a task definition for each, containers that act as runners. */
import type { Pools } from '../core/pool.ts';
import type { FilePool, PoolsFile } from '../pools-file/schema.ts';
import { functionsPools } from '../pools-file.ts';
import type { Chance } from '../sim/chance.ts';
import type { SimClock } from '../sim/clock.ts';
import { runContainer } from '../sim/container.ts';
import { identityHeaders } from '../sim/container-identity.ts';
import type { CapacityProviderConfig, ContainerStart, EcsOptions } from '../sim/ecs-service/config.ts';
import { EcsError } from '../sim/ecs-service/errors.ts';
import type { TaskStateChangeEvent } from '../sim/ecs-service/events.ts';
import { createEcsService, type EcsService } from '../sim/ecs-service/service.ts';
import type { Around } from '../sim/faults/around.ts';
import type { RunnerSide } from '../sim/github-service/runner-side.ts';
import type { StsService } from '../sim/sts-service.ts';
import { LOCAL_ACCOUNT, LOCAL_CLIENT } from './aws.ts';
import { registrarAt } from './registrar-client.ts';

export type ClusterOptions = {
  pools: PoolsFile;
  /** First part of the families' names. */
  prefix: string;
  clock: SimClock;
  chance: Chance;
  /** What the containers see of GitHub. */
  github: RunnerSide;
  /** Of which the tasks have their credentials. */
  sts: StsService;
  /** Whether a container that comes up hangs, and where. */
  sticks: Around['sticks'];
  onTaskStateChange: (event: TaskStateChangeEvent) => void;
  onTask?: EcsOptions['onTask'];
};

export type LocalCluster = {
  service: EcsService;
  /** Registers a task definition for each pool; gives what the functions are to read. */
  deploy(): Pools;
  /** As CloudFormation does with those that a deployment has replaced. */
  deregister(taskDefinitions: readonly string[]): void;
};

export const CLUSTER = 'local';
/** For pools that name none. */
const CAPACITY_PROVIDER = 'local';
/** Of pools that name none. */
const TASK_ROLE = `arn:aws:iam::${LOCAL_ACCOUNT}:role/local-task`;
/** An instance has at least 16 vCPUs and 64 GiB. */
const INSTANCE_CPU_MIN = 16_384;
const INSTANCE_MEMORY_MIN = 65_536;
/** There from the start, so that the first jobs of a demonstration need not wait for one to boot. */
const INSTANCES_MIN = 2;
const INSTANCES_MAX = 1000;
const ATTEMPTS_MAX = 50;

export function createCluster(options: ClusterOptions): LocalCluster {
  const { clock, chance, pools, prefix } = options;
  const service = createEcsService({
    clock,
    chance,
    clusters: [{ name: CLUSTER, capacityProviders: capacityProviders(pools) }],
    startContainer: (start) => startContainer(options, start),
    onTaskStateChange: options.onTaskStateChange,
    onTask: options.onTask,
    region: LOCAL_CLIENT.region,
    account: LOCAL_ACCOUNT,
  });
  const resolve = (pool: FilePool) => ({
    taskDefinition: registerTaskDefinition(service, prefix, pool),
    capacityProvider: pool.capacityProvider ?? CAPACITY_PROVIDER,
    role: pool.taskRole ?? TASK_ROLE,
  });
  return {
    service,
    deploy: () => functionsPools(pools, resolve),
    deregister: (taskDefinitions) => {
      for (const taskDefinition of taskDefinitions) insist(service, 'DeregisterTaskDefinition', { taskDefinition });
    },
  };
}

/** A deployment tries again, whatever faults there are; what it cannot do after so many times it leaves. */
function insist(service: EcsService, operation: string, input: unknown): Record<string, unknown> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return service.call(operation, input);
    } catch (error) {
      if (!(error instanceof EcsError) || attempt >= ATTEMPTS_MAX) throw error;
    }
  }
}

function capacityProviders({ pools }: PoolsFile): CapacityProviderConfig[] {
  const byName = Object.groupBy(pools, ({ capacityProvider }) => capacityProvider ?? CAPACITY_PROVIDER);
  return Object.entries(byName).map(([name, served = []]) => ({
    name,
    instanceCpu: Math.max(INSTANCE_CPU_MIN, ...served.map(({ cpu }) => cpu)),
    instanceMemory: Math.max(INSTANCE_MEMORY_MIN, ...served.map(({ memory }) => memory)),
    minInstances: INSTANCES_MIN,
    maxInstances: INSTANCES_MAX,
  }));
}

/** Gives its ARN, revision included. */
function registerTaskDefinition(service: EcsService, prefix: string, pool: FilePool): string {
  const answer = insist(service, 'RegisterTaskDefinition', {
    family: `${prefix}-${pool.name}`,
    cpu: String(pool.cpu),
    memory: String(pool.memory),
    taskRoleArn: pool.taskRole ?? TASK_ROLE,
    containerDefinitions: [
      {
        name: 'runner',
        image: pool.image ?? 'ghcr.io/actions/actions-runner:latest',
        essential: true,
        privileged: pool.docker !== 'none',
      },
    ],
  });
  return (answer as { taskDefinition: { taskDefinitionArn: string } }).taskDefinition.taskDefinitionArn;
}

function startContainer({ clock, chance, github, sts, ...options }: ClusterOptions, start: ContainerStart) {
  const { environment, signal, killed, taskArn, taskRoleArn = TASK_ROLE } = start;
  const registrar = registrarAt(environment['ECS_RUNNERS_URL'] ?? '');
  // As ECS does: the task's id is the name of the session.
  const credentials = sts.assume({ role: taskRoleArn, name: taskArn.slice(taskArn.lastIndexOf('/') + 1) });
  const identity = (runner: string) => identityHeaders(credentials, { runner, now: clock.now() });
  const sticks = options.sticks();
  const stuck = sticks === undefined ? {} : { sticks };
  return runContainer({ environment, clock, chance, registrar, identity, github, signal, killed, ...stuck });
}
