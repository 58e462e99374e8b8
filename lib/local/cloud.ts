/**
 * What surrounds the functions and lives on when they are killed: queue, tables, parameters, ECS and GitHub, all
 * listening, on one shared time.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { Pools } from '../core/pool.ts';
import type { PoolsFile } from '../pools-file/schema.ts';
import { type Chance, seededChance } from '../sim/chance.ts';
import { scaledClock } from '../sim/clock.ts';
import type { TaskStateChangeEvent } from '../sim/ecs-service/events.ts';
import type { EcsService } from '../sim/ecs-service/service.ts';
import { createGitHubService, type GitHubService } from '../sim/github-service/service.ts';
import { ANSWER_MS_MAX } from '../sim/github-service/webhooks.ts';
import { type StoppableClock, stoppable } from '../sim/stoppable-clock.ts';
import { createStsService, SKEW_MS_MAX, type StsService } from '../sim/sts-service.ts';
import type { Closers } from './closers.ts';
import { createCluster } from './cluster.ts';
import { serveEcs } from './ecs.ts';
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
  log: (source: string, line: string) => void;
};

export type Cloud = {
  clock: StoppableClock;
  github: { service: GitHubService; address: string };
  ecs: { service: EcsService; address: string };
  sts: { service: StsService; address: string };
  queue: LocalQueue;
  tables: LocalTables;
  parameters: LocalParameters;
  webhookSecret: string;
};

export const DEPLOYMENT = 'ecs-runners-local';
/** First part of every runner's name. */
export const PREFIX = 'local';
export const PARAMETERS_PATH = '/ecs-runners/local';

type Secrets = { webhookSecret: string; ticketSecret: string; publicKey: string; privateKey: string };
type Simulation = { clock: StoppableClock; chance: Chance };

const APP_ID = 123_456;
/** As GitHub's own keys have. */
const KEY_BITS = 2048;

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
  const { ecs, pools } = await startEcs(options, simulation, around, started);
  setParameters(parameters, secrets, pools);
  return { clock, github, ecs, sts, queue, tables, parameters, webhookSecret: secrets.webhookSecret };
}

function newSecrets(): Secrets {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: KEY_BITS,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const secret = (): string => randomBytes(20).toString('hex');
  return { webhookSecret: secret(), ticketSecret: secret(), publicKey, privateKey };
}

async function startGitHub(
  { webhookUrl, time }: CloudOptions,
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
  });
  const { url } = started.add(await serveGitHub({ service, port: 0 }));
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
  { pools, log }: CloudOptions,
  simulation: Simulation,
  { queue, github, sts }: { queue: LocalQueue; github: GitHubService; sts: StsService },
  started: Closers,
): Promise<{ ecs: Cloud['ecs']; pools: Pools }> {
  const cluster = createCluster({
    ...simulation,
    pools,
    prefix: PREFIX,
    github: github.runnerSide,
    sts,
    onTaskStateChange: (event) => {
      if (!isStopped(event)) return;
      queue.send(JSON.stringify(event)).catch((error: unknown) => log('eventbridge', String(error)));
    },
  });
  const { url } = started.add(await serveEcs({ service: cluster.service, port: 0 }));
  return { ecs: { service: cluster.service, address: url }, pools: cluster.pools };
}

/** The pattern of the EventBridge rule; its target is the queue, and the event goes there as it is. */
function isStopped(event: TaskStateChangeEvent): boolean {
  return event.detail['lastStatus'] === 'STOPPED';
}

/** One for each pool, and an index, as a deployment makes them. */
function setParameters(parameters: LocalParameters, secrets: Secrets, { pools, ...index }: Pools): void {
  const { webhookSecret, ticketSecret, privateKey } = secrets;
  const set = (name: string, value: unknown): void =>
    parameters.set(`${PARAMETERS_PATH}/${name}`, JSON.stringify(value));
  set('pools', { ...index, pools: pools.map(({ name }) => name) });
  for (const pool of pools) set(`pools/${pool.name}`, pool);
  set('webhook-secrets', [webhookSecret]);
  set('ticket-secrets', [ticketSecret]);
  set('github-app', { appId: APP_ID, privateKey });
}
