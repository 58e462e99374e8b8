/** A simulated ECS under virtual time, with one cluster, one capacity provider and containers that do as they are told. */
import { seededChance } from '../../lib/sim/chance.ts';
import { sleep, type VirtualClock, virtualClock } from '../../lib/sim/clock.ts';
import type { CapacityProviderConfig, ContainerStart, EcsOptions, Timings } from '../../lib/sim/ecs-service/config.ts';
import { EcsError } from '../../lib/sim/ecs-service/errors.ts';
import type { TaskStateChangeEvent } from '../../lib/sim/ecs-service/events.ts';
import { createEcsService, type EcsService } from '../../lib/sim/ecs-service/service.ts';

export const START = Date.parse('2026-11-02T08:00:00Z');
export const SECOND = 1000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const CLUSTER = 'runners';

/** Steps without spread, so that sentences can name instants. */
export const EXACT: Partial<Timings> = {
  instanceBootMs: [40_000, 40_000],
  imagePullMs: [10_000, 10_000],
  imageCachedMs: [1_000, 1_000],
  containerStartMs: [500, 500],
  stepMs: [100, 100],
  instanceLossMs: [30_000, 30_000],
  eventDelayMs: [200, 200],
};

export type World = {
  clock: VirtualClock;
  ecs: EcsService;
  events: TaskStateChangeEvent[];
  starts: ContainerStart[];
  /** Lets virtual time pass. */
  pass(ms: number): Promise<void>;
  run(input?: Record<string, unknown>): { tasks: Wire[]; failures: Wire[] };
  describe(taskArn: string): Wire;
};

// biome-ignore lint/suspicious/noExplicitAny: the wire's own shapes, read field by field in assertions
export type Wire = Record<string, any>;

export type Container = (start: ContainerStart, clock: VirtualClock) => Promise<{ exitCode: number }>;

export function aWorld(
  options: {
    provider?: Partial<CapacityProviderConfig>;
    container?: Container;
    seed?: number;
    image?: string;
  } & Partial<Omit<EcsOptions, 'startContainer'>> = {},
): World {
  const { container = runsFor(60 * SECOND), image = 'runner:1', provider, seed = 1, ...rest } = options;
  const clock = virtualClock(START);
  const events: TaskStateChangeEvent[] = [];
  const starts: ContainerStart[] = [];
  const ecs = createEcsService({
    clock,
    chance: seededChance(seed),
    clusters: [{ name: CLUSTER, capacityProviders: [{ ...PROVIDER, ...provider }] }],
    startContainer: (start) => {
      starts.push(start);
      return container(start, clock);
    },
    onTaskStateChange: (event) => events.push(event),
    ...rest,
    timings: { ...EXACT, ...rest.timings },
  });
  ecs.call('RegisterTaskDefinition', aTaskDefinition({ image }));
  return {
    clock,
    ecs,
    events,
    starts,
    pass: (ms) => clock.runUntil(clock.now() + ms),
    run: (input) => ecs.call('RunTask', aRunTask(input)) as { tasks: Wire[]; failures: Wire[] },
    describe: (taskArn) =>
      (ecs.call('DescribeTasks', { cluster: CLUSTER, tasks: [taskArn] })['tasks'] as Wire[])[0] ?? {},
  };
}

/** Four tasks of the definition below fit on an instance. */
const PROVIDER: CapacityProviderConfig = { name: 'spot', instanceCpu: 4096, instanceMemory: 8192, maxInstances: 50 };

export function aTaskDefinition(options: { family?: string; image?: string; cpu?: number; memory?: number } = {}) {
  const { cpu = 1024, family = 'default', image = 'runner:1', memory = 2048 } = options;
  const environment = [
    { name: 'POOL', value: family },
    { name: 'TICKET', value: '' },
  ];
  return { family, containerDefinitions: [{ name: 'runner', image, cpu, memory, environment }] };
}

export function aRunTask(input: Record<string, unknown> = {}): Record<string, unknown> {
  const strategy = 'launchType' in input ? {} : { capacityProviderStrategy: [{ capacityProvider: 'spot', weight: 1 }] };
  return { cluster: CLUSTER, taskDefinition: 'default', ...strategy, ...input };
}

/** A container that ends by itself, or (unless it is deaf) at once on SIGTERM with 143. */
export function runsFor(ms: number, exitCode = 0, options: { deaf?: boolean } = {}): Container {
  return async ({ signal }, clock) => {
    const terminated = new Promise<'terminated'>((resolve) => {
      if (options.deaf !== true) signal.addEventListener('abort', () => resolve('terminated'));
    });
    const end = await Promise.race([sleep(clock, ms), terminated]);
    return { exitCode: end === 'terminated' ? 143 : exitCode };
  };
}

/** A container that does not listen to SIGTERM and never ends. */
export const deaf: Container = () => new Promise(() => undefined);

/** The error that the call throws; fails if it throws none. */
export function refusal(call: () => unknown): { type: string; message: string; resourceIds: readonly string[] } {
  try {
    call();
  } catch (error) {
    if (error instanceof EcsError) {
      return { type: error.type, message: error.message, resourceIds: error.resourceIds ?? [] };
    }
    throw error;
  }
  throw new Error('the call was answered');
}
