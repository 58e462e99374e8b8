/** Everything on one machine: the four functions behind an HTTP API, and the cloud around them. */
import type { PoolsFile } from '../pools-file/schema.ts';
import type { LocalApi } from './api.ts';
import { type Closers, closers } from './closers.ts';
import { type Cloud, type Listeners, PREFIX, startCloud } from './cloud.ts';
import { targetsOf } from './fault-targets.ts';
import { createLocalFaults, type LocalFaults } from './faults.ts';
import type { FunctionName } from './functions.ts';
import { startFront } from './stack-front.ts';
import { startFunctions } from './stack-functions.ts';
import { readState, type StackState } from './state.ts';
import { createWeather } from './weather.ts';

export type StackOptions = {
  pools: PoolsFile;
  /** A bundle's file by function. */
  bundles: Record<FunctionName, string>;
  /** Of the API; 0: any free one. The others always have any free one. */
  port: number;
  /** Simulated seconds per real second. */
  speed: number;
  /** For the simulators' chance; by default another one each time. */
  seed?: number;
  /** A line of a function's output, or what went wrong in a trigger. */
  log?: (source: string, line: string) => void;
} & Listeners;

export type Addresses = { api: string; github: string; ecs: string; sqs: string; dynamodb: string };

export type Stack = Omit<Cloud, 'github' | 'ecs' | 'sts'> & {
  addresses: Addresses;
  /** The simulated ones, for those who look into their books. */
  github: Cloud['github']['service'];
  ecs: Cloud['ecs']['service'];
  /** What `GET /api/state` shows. */
  state(): Promise<StackState>;
  faults: LocalFaults;
  /** Kills every process of the functions at once; what triggers them starts new ones. */
  killFunctions(): Promise<void>;
  close(): Promise<void>;
};

/** Resolves when everything listens. Throws `PortBusy`, among others, with nothing left running. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const started = closers();
  try {
    return await start(options, started);
  } catch (error) {
    await started.closeAll();
    throw error;
  }
}

async function start(options: StackOptions, started: Closers): Promise<Stack> {
  const log = options.log ?? (() => {});
  const time = { originMs: Date.now(), speed: options.speed };
  const seed = options.seed ?? time.originMs;
  const weather = createWeather(seed);
  // First, because its port is the one that may be busy, and because the functions need its address.
  const front = await startFront(options.port, weather.around, started);
  const registrarUrl = front.api.address;
  const around = {
    webhookUrl: `${registrarUrl}/webhook`,
    knobs: weather.knobs,
    sticks: weather.around.sticks,
    faults: front.faults,
  };
  const cloud = await startCloud({ ...options, ...around, time, seed, log }, started);
  const settings = { cloud, weather, registrarUrl, bundles: options.bundles, time, log };
  const { functions, killAll } = await startFunctions(settings, started);
  const faults = createLocalFaults(targetsOf(cloud, { ...weather, killFunctions: killAll, log }), seed);
  const { queue, tables, github, ecs } = cloud;
  const state = () => readState({ queue, tables, tasks: ecs.service.tasks, prefix: PREFIX, faults });
  front.open({ functions, state, now: cloud.clock.now, faults });
  return {
    ...cloud,
    github: github.service,
    ecs: ecs.service,
    addresses: addresses(front.api, cloud),
    state,
    faults,
    killFunctions: killAll,
    close: () => started.closeAll(),
  };
}

function addresses(api: LocalApi, { github, ecs, queue, tables }: Cloud): Addresses {
  return {
    api: api.address,
    github: github.address,
    ecs: ecs.address,
    sqs: queue.endpoint,
    dynamodb: tables.endpoint,
  };
}
