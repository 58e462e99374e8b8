/**
 * The whole service in one process and in virtual time: the real handlers and flows over the simulated GitHub, ECS,
 * tables and queue, with Lambda's triggers played by timers.
 */
import type { SQSEvent } from 'aws-lambda';
import type { BacklogRecord, JobRecord } from '../../lib/core/job.ts';
import type { Pool } from '../../lib/core/pool.ts';
import type { RunnerRecord, Seat } from '../../lib/core/runner.ts';
import type { Config, Mode } from '../../lib/flows/config.ts';
import type { HttpEvent } from '../../lib/handlers/http.ts';
import { janitorHandler } from '../../lib/handlers/janitor.ts';
import { registrarHandler } from '../../lib/handlers/registrar.ts';
import { scalerHandler } from '../../lib/handlers/scaler.ts';
import { webhookHandler } from '../../lib/handlers/webhook.ts';
import { seededChance } from '../../lib/sim/chance.ts';
import { virtualClock } from '../../lib/sim/clock.ts';
import { createSimCluster } from '../../lib/sim/cluster.ts';
import { runContainer } from '../../lib/sim/container.ts';
import { identityHeaders } from '../../lib/sim/container-identity.ts';
import type { RegistrarAnswer, RegistrarRequest } from '../../lib/sim/container-state.ts';
import { createEcsService } from '../../lib/sim/ecs-service/service.ts';
import { createSimGitHub } from '../../lib/sim/github.ts';
import { createGitHubService } from '../../lib/sim/github-service/service.ts';
import { createSimIdentity } from '../../lib/sim/identity.ts';
import { createSimQueue } from '../../lib/sim/queue.ts';
import { createStsService } from '../../lib/sim/sts-service.ts';
import { createSimListTable, createSimTable } from '../../lib/sim/tables.ts';
import type { LogLine, World } from '../../lib/world.ts';
import type { Moment } from './intercept.ts';
import { intercepted } from './intercept.ts';
import { aConfig, aPool } from './pools.ts';

export type StageOptions = {
  pools?: readonly Pool[];
  seed?: number;
  scalers?: number;
  tableLatencyMs?: number;
  /** Images by pool; default: one that can be pulled. */
  images?: Readonly<Record<string, string>>;
  instancesMax?: number;
  janitor?: boolean;
  mode?: Mode;
  /** Answers a webhook in our function's place, which then never hears of it; `undefined`: it hears of it. */
  door?: () => { status: number; body: string } | undefined;
  /** Another deployment's hook gets what ours gets. */
  alsoDeliver?: (delivery: { headers: Readonly<Record<string, string>>; body: string }) => void;
  /** What becomes of a request to the registrar, by its number from 0: it, or its answer, never arrives. */
  lose?: (path: string, number: number) => 'request' | 'answer' | undefined;
  /** Whoever sees all that containers and the registrar say to each other. */
  overhear?: (request: RegistrarRequest, answer: RegistrarAnswer) => void;
  /** Images that register their runners as they like, not as they are told. */
  registersAs?: (runnerName: string) => { name?: string; labels?: string[] };
  /** Told of every outside call of the named function's invocations. */
  watch?: (name: FunctionName, moment: Moment, invocation: Invocation) => void;
};

export type FunctionName = 'webhook' | 'scaler' | 'registrar' | 'janitor';
/** `kill`: the execution environment dies now; nothing that the invocation does afterwards happens. */
export type Invocation = { killed: boolean; kill: () => void };

export type Stage = Awaited<ReturnType<typeof createStage>>;

export const SECRET = 'webhook-secret-of-the-test';
const START = Date.UTC(2026, 10, 23, 8);
const TIMEOUT_MS = 30_000;
const JANITOR_TIMEOUT_MS = 60_000;
/** lib/live/parameters.ts */
const KEPT_MS = 60_000;

export async function createStage(options: StageOptions = {}) {
  const pools = options.pools ?? [aPool()];
  const clock = virtualClock(START);
  const chance = seededChance(options.seed ?? 1);
  let config: Config = { ...aConfig(pools), mode: options.mode ?? 'launch' };
  let before = config;
  let configuredAt = START - KEPT_MS;
  /** As parameters are read: for a minute after a change, some environments go on with what they read before. */
  const readConfig = async () => {
    const isFresh = clock.now() - configuredAt >= KEPT_MS || chance.happens((clock.now() - configuredAt) / KEPT_MS);
    return isFresh ? config : before;
  };
  const lines: (LogLine & { at: number })[] = [];
  const latencyMs = options.tableLatencyMs ?? 10;
  const table = { clock, latencyMs };
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
  const queue = createSimQueue({ clock, chance, visibilitySeconds: 180, maxReceiveCount: 5, latencyMs });
  const github = createGitHubService({
    clock,
    chance,
    app: { id: 1 },
    webhook: { url: 'http://webhook.test', secret: SECRET },
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
          const answer = await askRegistrar(request);
          options.overhear?.(request, answer);
          if (lost === 'answer') throw new Error('the connection was cut');
          return answer;
        },
      }),
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
    before = config;
    config = { ...config, mode, pools: { pools: next } };
    configuredAt = clock.now();
    for (const taskDefinition of old ?? []) {
      if (!wanted?.includes(taskDefinition)) ecs.call('DeregisterTaskDefinition', { taskDefinition });
    }
  }
  const world: World = {
    clock,
    github: createSimGitHub(github, clock),
    cluster: createSimCluster(ecs, { cluster: 'sim' }),
    identity: createSimIdentity(sts),
    queue,
    history,
    backlog,
    runners,
    log: (line) => lines.push({ ...line, at: clock.now() }),
  };
  const alive = new Set<Invocation>();

  /** As Lambda does: the invocation fails when it throws, takes too long, or its environment is killed. */
  async function invoke<Answer>(name: FunctionName, run: (world: World) => Promise<Answer>): Promise<Answer> {
    let die: (error: Error) => void = () => undefined;
    const death = new Promise<never>((_, reject) => {
      die = reject;
    });
    const invocation: Invocation = {
      killed: false,
      kill: () => {
        invocation.killed = true;
        die(new Error(`${name} was killed`));
      },
    };
    const cancel = clock.after(name === 'janitor' ? JANITOR_TIMEOUT_MS : TIMEOUT_MS, invocation.kill);
    const watched = intercepted(world, (moment) => {
      if (!invocation.killed) options.watch?.(name, moment, invocation);
      return invocation.killed ? new Promise<void>(() => undefined) : undefined;
    });
    alive.add(invocation);
    try {
      return await Promise.race([run(watched), death]);
    } finally {
      cancel();
      alive.delete(invocation);
    }
  }

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
    void invoke('janitor', (own) => janitorHandler(own, readConfig)()).catch(() => undefined);
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
    killFunctions: () => {
      for (const invocation of [...alive]) invocation.kill();
    },
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
    livingTasks: () => ecs.tasks().filter((task) => task['lastStatus'] !== 'STOPPED'),
    /** Nothing of ours is anywhere. */
    leftovers: () => ({
      tasks: ecs.tasks().filter((task) => task['lastStatus'] !== 'STOPPED').length,
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

export const CLEAN = { tasks: 0, registrations: 0, seats: 0, backlog: 0, deadLetters: 0 };

function httpEvent(path: string, headers: Readonly<Record<string, string | undefined>>, body: string): HttpEvent {
  return { rawPath: path, headers: { ...headers }, body, isBase64Encoded: false };
}
