/** Everything on one machine: the four functions behind an HTTP API, and the cloud around them. */
import type { PoolsFile } from '../pools-file/schema.ts';
import { type LocalApi, startApi } from './api.ts';
import { type Closers, closers } from './closers.ts';
import { type Cloud, DEPLOYMENT, PARAMETERS_PATH, PREFIX, startCloud } from './cloud.ts';
import { CLUSTER } from './cluster.ts';
import {
  createFunctions,
  type FunctionName,
  functionVariables,
  type LocalFunctions,
  SCALER_CONCURRENCY,
} from './functions.ts';
import type { InvokeResult } from './lambda.ts';
import { startQueueTrigger, type Trigger } from './queue-trigger.ts';
import { startSchedule } from './schedule-trigger.ts';
import { readState, type StackState } from './state.ts';

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
};

export type Addresses = { api: string; github: string; ecs: string; sqs: string; dynamodb: string };

export type Stack = Omit<Cloud, 'github' | 'ecs' | 'sts'> & {
  addresses: Addresses;
  /** The simulated ones, for those who look into their books. */
  github: Cloud['github']['service'];
  ecs: Cloud['ecs']['service'];
  /** What `GET /api/state` shows. */
  state(): Promise<StackState>;
  /** Kills every process of the functions at once; what triggers them starts new ones. */
  killFunctions(): Promise<void>;
  close(): Promise<void>;
};

const JANITOR_EVERY_SECONDS = 60;

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
  // First, because its port is the one that may be busy, and because the functions need its address.
  const front = await startFront(options.port, started);
  const webhookUrl = `${front.api.address}/webhook`;
  const seed = options.seed ?? time.originMs;
  const cloud = await startCloud({ pools: options.pools, time, seed, webhookUrl, log }, started);
  const environment = variables(front.api, cloud);
  const functions = createFunctions({ bundles: options.bundles, environment, time, log });
  const all = Object.values(functions);
  const triggers = startTriggers(cloud, functions, { speed: time.speed, log });
  // Together: triggers stop at once and then wait for the invocations, which end with the functions.
  started.add({ close: () => Promise.all([...triggers, ...all].map((one) => one.close())) });
  const { queue, tables, github, ecs } = cloud;
  const state = () => readState({ queue, tables, tasks: ecs.service.tasks, prefix: PREFIX });
  front.open({ functions, state, now: cloud.clock.now });
  return {
    ...cloud,
    github: github.service,
    ecs: ecs.service,
    addresses: addresses(front.api, cloud),
    state,
    killFunctions: async () => {
      await Promise.all(all.map((one) => one.kill()));
    },
    close: () => started.closeAll(),
  };
}

type Back = { functions: LocalFunctions; state: () => Promise<unknown>; now: () => number };
type Front = { api: LocalApi; open(back: Back): void };

/** The API listens before there is anything behind it. */
async function startFront(port: number, started: Closers): Promise<Front> {
  let back: Back | undefined;
  const invokeWaiting = (name: 'webhook' | 'registrar') => async (event: unknown) =>
    back === undefined ? NOT_YET : back.functions[name].invokeWaiting(event);
  const api = await startApi({
    port,
    webhook: { invokeWaiting: invokeWaiting('webhook') },
    registrar: { invokeWaiting: invokeWaiting('registrar') },
    state: async () => back?.state(),
    now: () => back?.now() ?? Date.now(),
  });
  started.add(api);
  return {
    api,
    open: (opened) => {
      back = opened;
    },
  };
}

const NOT_YET: InvokeResult = {
  ok: false,
  throttled: true,
  error: { errorType: 'ResourceNotReadyException', errorMessage: 'the stack is starting' },
};

function variables(api: LocalApi, { github, ecs, sts, queue, tables, parameters }: Cloud): Record<string, string> {
  return functionVariables({
    deployment: DEPLOYMENT,
    registrarUrl: api.address,
    githubUrl: github.address,
    ecsEndpoint: ecs.address,
    stsEndpoint: sts.address,
    cluster: CLUSTER,
    prefix: PREFIX,
    parametersPath: PARAMETERS_PATH,
    parametersEndpoint: parameters.endpoint,
    queue,
    tables,
  });
}

function startTriggers(
  { queue, clock }: Cloud,
  { scaler, janitor }: LocalFunctions,
  { speed, log }: { speed: number; log: (source: string, line: string) => void },
): Trigger[] {
  const concurrency = SCALER_CONCURRENCY;
  const everySeconds = JANITOR_EVERY_SECONDS;
  return [
    startQueueTrigger({ queue, target: scaler, concurrency, speed, log: (line) => log('queue', line) }),
    startSchedule({ clock, target: janitor, everySeconds, log: (line) => log('schedule', line) }),
  ];
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
