/**
 * The whole service in one process and in virtual time: the real handlers and flows over the simulated GitHub, ECS,
 * tables and queue, with Lambda's triggers played by timers.
 */
import type { SQSEvent } from 'aws-lambda';
import type { BacklogRecord, JobRecord } from '../../core/job.ts';
import type { Pool } from '../../core/pool.ts';
import type { RunnerRecord, Seat } from '../../core/runner.ts';
import type { Config, Mode } from '../../flows/config.ts';
import type { HttpEvent } from '../../handlers/http.ts';
import { janitorHandler } from '../../handlers/janitor.ts';
import { registrarHandler } from '../../handlers/registrar.ts';
import { scalerHandler } from '../../handlers/scaler.ts';
import { webhookHandler } from '../../handlers/webhook.ts';
import { seededChance } from '../../sim/chance.ts';
import { virtualClock } from '../../sim/clock.ts';
import { createSimCluster } from '../../sim/cluster.ts';
import { runContainer } from '../../sim/container.ts';
import { identityHeaders } from '../../sim/container-identity.ts';
import type { RegistrarAnswer, RegistrarRequest } from '../../sim/container-state.ts';
import type { EcsOptions } from '../../sim/ecs-service/config.ts';
import { createEcsService } from '../../sim/ecs-service/service.ts';
import { createSimGitHub } from '../../sim/github.ts';
import type { Rest } from '../../sim/github-service/rest.ts';
import { createGitHubService, type GitHubServiceOptions } from '../../sim/github-service/service.ts';
import { createSimIdentity } from '../../sim/identity.ts';
import { createSimQueue } from '../../sim/queue.ts';
import { createStsService } from '../../sim/sts-service.ts';
import { createSimListTable, createSimTable } from '../../sim/tables.ts';
import type { LogLine, World } from '../../world.ts';
import { createLambda, type Watch } from './lambda.ts';

export type StageOptions = {
  pools: readonly Pool[];
  seed?: number;
  scalers?: number;
  tableLatencyMs?: number;
  /** Images by pool; default: one that can be pulled. */
  images?: Readonly<Record<string, string>>;
  instancesMax?: number;
  janitor?: boolean;
  mode?: Mode;
  ticketSecret?: string;
  /** Answers a webhook in our function's place, which then never hears of it; `undefined`: it hears of it. */
  door?: () => { status: number; body: string } | undefined;
  /** Another deployment's hook gets what ours gets. */
  alsoDeliver?: (delivery: { headers: Readonly<Record<string, string>>; body: string }) => void;
  /** What becomes of a request to the registrar, by its number from 0: it, or its answer, never arrives, or it is made twice at once. */
  lose?: (path: string, number: number) => 'request' | 'answer' | 'doubled' | undefined;
  /** Whoever sees all that containers and the registrar say to each other. */
  overhear?: (request: RegistrarRequest, answer: RegistrarAnswer) => void;
  /** Images that register their runners as they like, not as they are told. */
  registersAs?: (runnerName: string) => { name?: string; labels?: string[] };
  watch?: Watch;
  /** Stands in front of GitHub's REST API. */
  rest?: (rest: Rest) => Rest;
  /** How many janitors begin in a minute; default: one. */
  janitors?: () => number;
  /** Before and after each call of a table or of the queue; if it throws, nothing is done, or the answer is lost. */
  storage?: (when: 'before' | 'after', operation: string) => void;
  /** The share of received messages that come again although they are removed. */
  duplicates?: () => number;
  /** Whoever keeps a story hears each line as it is logged. */
  onLine?: (line: LogLine) => void;
  /** What judges is told of every real change, whatever becomes of the events about it. */
  onJob?: GitHubServiceOptions['onJob'];
  onTask?: EcsOptions['onTask'];
};

export type Stage = Awaited<ReturnType<typeof createStage>>;

export const SECRET = 'webhook-secret-of-the-simulation';
/** A Monday morning. */
const START = Date.UTC(2026, 10, 23, 8);
/** lib/live/parameters.ts */
const KEPT_MS = 60_000;

export async function createStage(options: StageOptions) {
  const { pools } = options;
  const clock = virtualClock(START);
  const chance = seededChance(options.seed ?? 1);
  let config = configOf(pools, options);
  let previous = config;
  let configuredAt = START - KEPT_MS;
  /** As parameters are read: for a minute after a change, some environments go on with what they read before. */
  const readConfig = async () => {
    const isFresh = clock.now() - configuredAt >= KEPT_MS || chance.happens((clock.now() - configuredAt) / KEPT_MS);
    return isFresh ? config : previous;
  };
  const lines: (LogLine & { at: number })[] = [];
  const latencyMs = options.tableLatencyMs ?? 10;
  const before = (operation: string) => options.storage?.('before', operation);
  const after = (operation: string) => options.storage?.('after', operation);
  const table = { clock, latencyMs, before, after };
  const history = createSimTable<JobRecord, { job: number }>({ ...table, name: 'history', key: ['job'] });
  const backlog = createSimListTable<BacklogRecord, { pool: string; job: number }>({
    ...table,
    name: 'backlog',
    key: ['pool', 'job'],
  });
  const runners = createSimListTable<RunnerRecord, { pool: string; place: number }>({
    ...table,
    name: 'runners',
    key: ['pool', 'place'],
  });
  // With a chance of its own, so that what else is drawn does not depend on it.
  const sts = createStsService({ clock, chance: seededChance((options.seed ?? 1) + 1_000_000) });
  const queue = createSimQueue({
    clock,
    chance,
    visibilitySeconds: 180,
    maxReceiveCount: 5,
    latencyMs,
    before,
    after,
    ...(options.duplicates !== undefined && { duplicates: options.duplicates }),
  });
  const github = createGitHubService({
    clock,
    chance,
    app: { id: 1 },
    webhook: { url: 'http://webhook.test', secret: SECRET },
    ...(options.onJob !== undefined && { onJob: options.onJob }),
    deliver: async ({ headers, body }) => {
      options.alsoDeliver?.({ headers, body });
      const instead = options.door?.();
      if (instead !== undefined) return instead;
      const readWebhookConfig = async () => ({ ...(await readConfig()), webhookSecrets: [SECRET] });
      const answer = await invoke('webhook', (world) =>
        webhookHandler(world, readWebhookConfig)(httpEvent('/webhook', headers, body)),
      );
      return { status: answer.statusCode ?? 500, body: answer.body ?? '' };
    },
  });
  const ecs = createEcsService({
    clock,
    chance,
    clusters: [
      {
        name: 'sim',
        capacityProviders: [
          {
            name: 'sim',
            instanceCpu: 64 * 1024,
            instanceMemory: 256 * 1024,
            maxInstances: options.instancesMax ?? 100,
          },
        ],
      },
    ],
    startContainer: (start) =>
      runContainer({
        environment: start.environment,
        clock,
        chance,
        ...identityOf(start),
        github: github.runnerSide,
        signal: start.signal,
        killed: start.killed,
        ...(options.registersAs !== undefined && { registersAs: options.registersAs }),
        registrar: async (request) => {
          const lost = options.lose?.(request.path, requests++);
          if (lost === 'request') throw new Error('the connection was cut');
          if (lost === 'doubled') void askRegistrar(request).catch(() => undefined);
          const answer = await askRegistrar(request);
          options.overhear?.(request, answer);
          if (lost === 'answer') throw new Error('the connection was cut');
          return answer;
        },
      }),
    ...(options.onTask !== undefined && { onTask: options.onTask }),
    onTaskStateChange: (event) => {
      if ((event.detail as { lastStatus?: string }).lastStatus === 'STOPPED') queue.deliver(JSON.stringify(event));
    },
  });
  let requests = 0;
  /** As the HTTP API does: the path, the headers and the body are all that the function gets. */
  async function askRegistrar({ path, headers, body }: RegistrarRequest): Promise<RegistrarAnswer> {
    const name = /^\/runners\/([^/]+)\//.exec(path)?.[1] ?? '';
    const event = { ...httpEvent(path, headers, body), pathParameters: { name } };
    const answer = await invoke('registrar', (world) => registrarHandler(world, readConfig)(event));
    const answered = Object.entries(answer.headers ?? {}).map(([key, value]) => [key, String(value)]);
    return { status: answer.statusCode ?? 500, headers: Object.fromEntries(answered), body: answer.body ?? '' };
  }
  for (const pool of pools) registerTaskDefinition(pool);

  /** ECS assumes the task's role, with the task's id as the session's name. */
  function identityOf({ taskArn, taskRoleArn }: { taskArn: string; taskRoleArn?: string }) {
    if (taskRoleArn === undefined) return {};
    const credentials = sts.assume({ role: taskRoleArn, name: taskArn.slice(taskArn.lastIndexOf('/') + 1) });
    return { identity: (runner: string) => identityHeaders(credentials, { runner, now: clock.now() }) };
  }

  /** The next revision of its family. */
  function registerTaskDefinition(pool: Pool): void {
    ecs.call('RegisterTaskDefinition', {
      family: pool.taskDefinition.split(':')[0],
      ...(pool.role !== undefined && { taskRoleArn: pool.role }),
      containerDefinitions: [
        { name: 'runner', image: options.images?.[pool.name] ?? 'runner:latest', cpu: 1024, memory: 2048 },
      ],
    });
  }

  /** Another deployment. As CloudFormation does: new task definitions, then the parameters, then the old ones are deregistered. */
  function configure(next: readonly Pool[], mode: Mode = config.mode): void {
    const [old, wanted] = [config.pools.pools, next].map((list) => list.map(({ taskDefinition }) => taskDefinition));
    for (const pool of next) if (!old?.includes(pool.taskDefinition)) registerTaskDefinition(pool);
    previous = config;
    config = { ...config, mode, pools: { pools: next } };
    configuredAt = clock.now();
    for (const taskDefinition of old ?? []) {
      if (!wanted?.includes(taskDefinition)) ecs.call('DeregisterTaskDefinition', { taskDefinition });
    }
  }
  const world: World = {
    clock,
    github: createSimGitHub({ ...github, rest: options.rest?.(github.rest) ?? github.rest }, clock),
    cluster: createSimCluster(ecs, { cluster: 'sim' }),
    identity: createSimIdentity(sts),
    queue,
    history,
    backlog,
    runners,
    log: (line) => {
      lines.push({ ...line, at: clock.now() });
      options.onLine?.(line);
    },
  };
  const { invoke, killAll } = createLambda(clock, world, options.watch);

  let polling = 0;
  async function poll(): Promise<void> {
    if (polling >= (options.scalers ?? 10)) return;
    polling += 1;
    try {
      for (let batch = queue.receive(10); batch.length > 0; batch = queue.receive(10)) {
        const Records = batch.map(({ id, body }) => ({ messageId: id, body }));
        const failed = await invoke('scaler', (own) =>
          scalerHandler(own, readConfig)({ Records } as unknown as SQSEvent),
        ).then(
          ({ batchItemFailures }) => new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)),
          () => new Set(batch.map(({ id }) => id)),
        );
        for (const { id, receipt } of batch) if (!failed.has(id)) queue.remove(receipt);
      }
    } finally {
      polling -= 1;
    }
  }
  queue.onVisible(() => void poll());

  function tick(): void {
    clock.after(60_000, tick);
    for (let left = options.janitors?.() ?? 1; left > 0; left -= 1) {
      void invoke('janitor', (own) => janitorHandler(own, readConfig)()).catch(() => undefined);
    }
  }
  if (options.janitor !== false) clock.after(60_000, tick);

  const seats = () => runners.all().filter((record): record is Seat => record.kind === 'runner');
  return {
    clock,
    chance,
    get config() {
      return config;
    },
    configure,
    world,
    github,
    ecs,
    sts,
    queue,
    history,
    backlog,
    runners,
    lines,
    seats,
    invoke,
    askRegistrar,
    poll,
    allCompleted: () => [...github.books.jobs.values()].every(({ state }) => state === 'completed'),
    /** All environments of all functions die. */
    killFunctions: killAll,
    addJobs: (request: Record<string, unknown>): number[] => {
      const added = github.control.addJobs({
        owner: 'octo-org',
        repo: 'app',
        labels: ['self-hosted', 'ecs'],
        durationSeconds: 60,
        ...request,
      });
      if (!('ids' in added)) throw new Error(JSON.stringify(added));
      return added.ids;
    },
    livingTasks: () => ecs.livingTasks(),
    /** Nothing of ours is anywhere. */
    leftovers: () => ({
      tasks: ecs.livingTasks().length,
      registrations: github.control.runners().length,
      seats: seats().length,
      backlog: backlog.all().length,
      deadLetters: queue.counts().deadLetters,
    }),
    minutes: (count: number) => clock.runUntil(clock.now() + count * 60_000),
    /** Runs until it holds, at most so many minutes; says whether it does. */
    until: (done: () => boolean, minutes: number) => clock.runUntilTrue(done, clock.now() + minutes * 60_000),
  };
}

/** What `leftovers` gives when all is done. */
export const NOTHING_LEFT = { tasks: 0, registrations: 0, seats: 0, backlog: 0, deadLetters: 0 };

function configOf(pools: readonly Pool[], { mode = 'launch', ticketSecret }: StageOptions): Config {
  return {
    mode,
    prefix: 'sim',
    registrarUrl: 'http://registrar.test',
    pools: { pools },
    ticketSecrets: [ticketSecret ?? 'ticket-secret-of-the-simulation'],
  };
}

function httpEvent(path: string, headers: Readonly<Record<string, string | undefined>>, body: string): HttpEvent {
  return { rawPath: path, headers: { ...headers }, body, isBase64Encoded: false };
}
