/** The functions of a stack, each behind its trigger, and before the services as they reach them. */
import type { Chance } from '../sim/chance.ts';
import type { Closers } from './closers.ts';
import { type Cloud, DEPLOYMENT, PREFIX } from './cloud.ts';
import { CLUSTER } from './cluster.ts';
import { PARAMETERS_PATH } from './deployment.ts';
import {
  createFunctions,
  type FunctionsOptions,
  functionVariables,
  type LocalFunctions,
  SCALER_CONCURRENCY,
} from './functions.ts';
import { createGates } from './gates.ts';
import type { LocalFunction } from './lambda.ts';
import { startQueueTrigger, type Trigger } from './queue-trigger.ts';
import { startRelays } from './relays.ts';
import { startSchedule } from './schedule-trigger.ts';
import type { Weather } from './weather.ts';

export type StackFunctionsOptions = Pick<FunctionsOptions, 'bundles' | 'time'> & {
  cloud: Cloud;
  weather: Weather;
  /** Where containers find the registrar. */
  registrarUrl: string;
  log: (source: string, line: string) => void;
};

export type StackFunctions = {
  functions: LocalFunctions;
  /** Kills every process at once; what triggers them starts new ones. */
  killAll(): Promise<void>;
};

const JANITOR_EVERY_SECONDS = 60;

export async function startFunctions(options: StackFunctionsOptions, started: Closers): Promise<StackFunctions> {
  const { cloud, weather, registrarUrl, bundles, time, log } = options;
  const gates = createGates({ ...weather, clock: cloud.clock, killOne: () => killOne(all, weather.chance) });
  const environment = functionVariables({
    deployment: DEPLOYMENT,
    registrarUrl,
    cluster: CLUSTER,
    prefix: PREFIX,
    parametersPath: PARAMETERS_PATH,
    ...(await startRelays(cloud, gates, started)),
  });
  const functions = createFunctions({ bundles, environment, time, log });
  const all = Object.values(functions);
  const triggers = startTriggers(options, functions);
  // Together: triggers stop at once and then wait for the invocations, which end with the functions.
  started.add({ close: () => Promise.all([...triggers, ...all].map((one) => one.close())) });
  const killAll = async () => {
    await Promise.all(all.map((one) => one.kill()));
  };
  return { functions, killAll };
}

/** One of those that work now; resolved when it is gone. */
async function killOne(functions: readonly LocalFunction[], chance: Chance): Promise<void> {
  await chance.pick(functions.flatMap((one) => one.working()))?.kill();
}

function startTriggers(
  { cloud: { queue, clock }, weather: { knobs, chance, around }, time: { speed }, log }: StackFunctionsOptions,
  { scaler, janitor }: LocalFunctions,
): Trigger[] {
  const comesAgain = () =>
    chance.happens(knobs.queueDuplicates) ? chance.between(0, queue.visibilitySeconds) : undefined;
  return [
    startQueueTrigger({
      queue,
      target: scaler,
      concurrency: SCALER_CONCURRENCY,
      speed,
      comesAgain,
      log: (line) => log('queue', line),
    }),
    startSchedule({
      clock,
      target: janitor,
      everySeconds: JANITOR_EVERY_SECONDS,
      runs: around.janitors,
      log: (line) => log('schedule', line),
    }),
  ];
}
