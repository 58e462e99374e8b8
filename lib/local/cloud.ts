/**
 * What surrounds the functions and lives on when they are killed: queue, tables, parameters, ECS and GitHub, all
 * listening, on one shared time.
 */
import type { PoolsFile } from '../pools-file/schema.ts';
import { type Chance, seededChance } from '../sim/chance.ts';
import { scaledClock, sleep } from '../sim/clock.ts';
import type { EcsOptions } from '../sim/ecs-service/config.ts';
import type { TaskStateChangeEvent } from '../sim/ecs-service/events.ts';
import type { EcsService } from '../sim/ecs-service/service.ts';
import type { Around } from '../sim/faults/around.ts';
import type { Knobs } from '../sim/faults/knobs.ts';
import { faultyRest } from '../sim/faults/rest.ts';
import { createGitHubService, type GitHubService, type GitHubServiceOptions } from '../sim/github-service/service.ts';
import { ANSWER_MS_MAX } from '../sim/github-service/webhooks.ts';
import { type StoppableClock, stoppable } from '../sim/stoppable-clock.ts';
import { createStsService, SKEW_MS_MAX, type StsService } from '../sim/sts-service.ts';
import type { Closers } from './closers.ts';
import { createCluster, type LocalCluster } from './cluster.ts';
import { APP_ID, deployer, newSecrets, type Secrets, setSecrets } from './deployment.ts';
import { serveEcs } from './ecs.ts';
import type { LocalFaults } from './faults.ts';
import { deliverByHttp, serveGitHub } from './github.ts';
import { type LocalParameters, startParameters } from './parameters.ts';
import { type LocalQueue, startQueue } from './queue.ts';
import type { SharedTime } from './shared-time.ts';
import { serveSts } from './sts.ts';
import { type LocalTables, startTables } from './tables.ts';

export type CloudOptions = {
  pools: PoolsFile;
  time: SharedTime;
  /** For the simulators' chance. */
  seed: number;
  /** Where GitHub sends its webhooks. */
  webhookUrl: string;
  /** What may go wrong, read when it may. */
  knobs: Knobs;
  sticks: Around['sticks'];
  /** For the control surfaces; `undefined` as long as the stack is starting. */
  faults: () => LocalFaults | undefined;
  log: (source: string, line: string) => void;
} & Listeners;

/** Told of every real change of a job and of a task, whatever becomes of the events about it. */
export type Listeners = { onJob?: GitHubServiceOptions['onJob']; onTask?: EcsOptions['onTask'] };

export type Cloud = {
  clock: StoppableClock;
  github: { service: GitHubService; address: string };
  ecs: { service: EcsService; address: string };
  sts: { service: StsService; address: string };
  queue: LocalQueue;
  tables: LocalTables;
  parameters: LocalParameters;
  webhookSecret: string;
  /** Another deployment; what is read of the old one stays for a minute with those who have read it. */
  redeploy(): void;
};

export const DEPLOYMENT = 'ecs-runners-local';
/** First part of every runner's name. */
export const PREFIX = 'local';

type Simulation = { clock: StoppableClock; chance: Chance };

/** Whatever has been started is in `started`, also when this throws. */
export async function startCloud(options: CloudOptions, started: Closers): Promise<Cloud> {
  const { time, seed } = options;
  const clock = stoppable(scaledClock({ origin: time.originMs, speed: time.speed }));
  started.add({ close: () => clock.stop() });
  const simulation = { clock, chance: seededChance(seed) };
  const secrets = newSecrets();
  const [queue, tables, parameters] = await Promise.all([
    startQueue({ time }).then(started.add),
    startTables(time).then(started.add),
    startParameters().then(started.add),
  ]);
  const github = await startGitHub(options, simulation, secrets, started);
  const sts = await startSts(time, clock, seed, started);
  const around = { queue, github: github.service, sts: sts.service };
  const { ecs, cluster } = await startEcs(options, simulation, around, started);
  const redeploy = deployer(cluster, parameters);
  redeploy();
  setSecrets(parameters, secrets);
  return { clock, github, ecs, sts, queue, tables, parameters, webhookSecret: secrets.webhookSecret, redeploy };
}

async function startGitHub(
  { webhookUrl, time, seed, knobs, faults, onJob }: CloudOptions,
  simulation: Simulation,
  { webhookSecret, publicKey }: Secrets,
  started: Closers,
): Promise<Cloud['github']> {
  const service = createGitHubService({
    ...simulation,
    app: { id: APP_ID, publicKey },
    webhook: { url: webhookUrl, secret: webhookSecret },
    deliver: deliverByHttp,
    // The functions are no faster than real time.
    webhookAnswerMs: ANSWER_MS_MAX * time.speed,
    ...(onJob !== undefined && { onJob }),
  });
  const pause = (ms: number) => sleep(simulation.clock, ms);
  const rest = faultyRest(service.rest, knobs, seededChance(seed + 3), pause);
  const { url } = started.add(await serveGitHub({ service: { ...service, rest }, port: 0, faults }));
  return { service, address: url };
}

async function startSts(
  time: SharedTime,
  clock: StoppableClock,
  seed: number,
  started: Closers,
): Promise<Cloud['sts']> {
  // Requests are no faster than real time.
  const service = createStsService({ clock, chance: seededChance(seed + 1), skewMsMax: SKEW_MS_MAX * time.speed });
  const { url } = started.add(await serveSts(service));
  return { service, address: url };
}

async function startEcs(
  { pools, faults, sticks, onTask, log }: CloudOptions,
  simulation: Simulation,
  { queue, github, sts }: { queue: LocalQueue; github: GitHubService; sts: StsService },
  started: Closers,
): Promise<{ ecs: Cloud['ecs']; cluster: LocalCluster }> {
  const cluster = createCluster({
    ...simulation,
    pools,
    prefix: PREFIX,
    github: github.runnerSide,
    sts,
    sticks,
    onTask,
    onTaskStateChange: (event) => {
      if (!isStopped(event)) return;
      queue.send(JSON.stringify(event)).catch((error: unknown) => log('eventbridge', String(error)));
    },
  });
  const { url } = started.add(await serveEcs({ service: cluster.service, port: 0, faults }));
  return { ecs: { service: cluster.service, address: url }, cluster };
}

/** The pattern of the EventBridge rule; its target is the queue, and the event goes there as it is. */
function isStopped(event: TaskStateChangeEvent): boolean {
  return event.detail['lastStatus'] === 'STOPPED';
}
