/** Everything on one machine: the four functions behind an HTTP API, and the cloud around them. */
import type { PoolsFile } from '../pools-file/schema.ts';
import { type Chance, seededChance } from '../sim/chance.ts';
import { aroundOf } from '../sim/faults/around.ts';
import { noKnobs } from '../sim/faults/knobs.ts';
import type { LocalApi } from './api.ts';
import { type Closers, closers } from './closers.ts';
import { type Cloud, DEPLOYMENT, type Listeners, PREFIX, startCloud } from './cloud.ts';
import { CLUSTER } from './cluster.ts';
import { PARAMETERS_PATH } from './deployment.ts';
import { targetsOf } from './fault-targets.ts';
import { createLocalFaults, type LocalFaults } from './faults.ts';
import {
  createFunctions,
  type FunctionName,
  functionVariables,
  type LocalFunctions,
  SCALER_CONCURRENCY,
} from './functions.ts';
import { createGates } from './gates.ts';
import type { LocalFunction } from './lambda.ts';
import { type QueueTriggerOptions, startQueueTrigger, type Trigger } from './queue-trigger.ts';
import { type ServiceAddresses, startRelays } from './relays.ts';
import { type ScheduleOptions, startSchedule } from './schedule-trigger.ts';
import { startFront } from './stack-front.ts';
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

const JANITOR_EVERY_SECONDS = 60;
/** What goes wrong draws from a chance of its own. */
const FAULTS_APART = 2;

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
  const knobs = noKnobs();
  const chance = seededChance(seed + FAULTS_APART);
  const around = aroundOf(knobs, chance);
  // First, because its port is the one that may be busy, and because the functions need its address.
  const front = await startFront(options.port, around, started);
  const webhookUrl = `${front.api.address}/webhook`;
  const cloud = await startCloud({ ...options, time, seed, webhookUrl, knobs, faults: front.faults, log }, started);
  const gates = createGates({ around, chance, clock: cloud.clock, killOne: () => killOne(all, chance) });
  const environment = variables(front.api, await startRelays(cloud, gates, started));
  const functions = createFunctions({ bundles: options.bundles, environment, time, log });
  const all = Object.values(functions);
  const comesAgain = () =>
    chance.happens(knobs.queueDuplicates) ? chance.between(0, cloud.queue.visibilitySeconds) : undefined;
  const triggers = startTriggers(cloud, functions, { speed: time.speed, comesAgain, runs: around.janitors, log });
  // Together: triggers stop at once and then wait for the invocations, which end with the functions.
  started.add({ close: () => Promise.all([...triggers, ...all].map((one) => one.close())) });
  const killFunctions = async () => {
    await Promise.all(all.map((one) => one.kill()));
  };
  const faults = createLocalFaults(targetsOf(cloud, { knobs, chance, killFunctions, log }), seed);
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
    killFunctions,
    close: () => started.closeAll(),
  };
}

/** One of those that work now; resolved when it is gone. */
async function killOne(functions: readonly LocalFunction[], chance: Chance): Promise<void> {
  await chance.pick(functions.flatMap((one) => one.working()))?.kill();
}

function variables(api: LocalApi, services: ServiceAddresses): Record<string, string> {
  return functionVariables({
    deployment: DEPLOYMENT,
    registrarUrl: api.address,
    cluster: CLUSTER,
    prefix: PREFIX,
    parametersPath: PARAMETERS_PATH,
    ...services,
  });
}

type TriggerSettings = Required<Pick<QueueTriggerOptions, 'speed' | 'comesAgain'>> &
  Required<Pick<ScheduleOptions, 'runs'>> & { log: (source: string, line: string) => void };

function startTriggers(
  { queue, clock }: Cloud,
  { scaler, janitor }: LocalFunctions,
  { speed, comesAgain, runs, log }: TriggerSettings,
): Trigger[] {
  const concurrency = SCALER_CONCURRENCY;
  const everySeconds = JANITOR_EVERY_SECONDS;
  return [
    startQueueTrigger({ queue, target: scaler, concurrency, speed, comesAgain, log: (line) => log('queue', line) }),
    startSchedule({ clock, target: janitor, everySeconds, runs, log: (line) => log('schedule', line) }),
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
