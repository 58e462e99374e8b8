/**
 * The whole service in one process and in virtual time: the real handlers and flows over the simulated GitHub, ECS,
 * tables and queue, with Lambda's triggers played by timers.
 */
import type { Pool } from '../../core/pool.ts';
import type { Seat } from '../../core/runner.ts';
import type { Mode } from '../../flows/config.ts';
import { seededChance } from '../../sim/chance.ts';
import { virtualClock } from '../../sim/clock.ts';
import { createSimCluster } from '../../sim/cluster.ts';
import type { RegistrarAnswer, RegistrarRequest, Sticks } from '../../sim/container-state.ts';
import type { EcsOptions } from '../../sim/ecs-service/config.ts';
import { createSimGitHub } from '../../sim/github.ts';
import type { Rest } from '../../sim/github-service/rest.ts';
import type { GitHubServiceOptions } from '../../sim/github-service/service.ts';
import { createSimIdentity } from '../../sim/identity.ts';
import type { LogLine, World } from '../../world.ts';
import { createDeployment } from './deployment.ts';
import { createFunctions, type Functions } from './functions.ts';
import { createLambda, type Watch } from './lambda.ts';
import { createServices, type Services } from './services.ts';

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
  /** Whether a container that comes up hangs, and where. */
  sticks?: () => Sticks | undefined;
  watch?: Watch;
  /** Stands in front of GitHub's REST API. */
  rest?: (rest: Rest) => Rest;
  /** How many janitors begin in a minute; default: one. */
  janitors?: () => number;
  /** Whether an invocation cannot read its configuration. */
  isConfigurationUnread?: () => boolean;
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

/** A Monday morning. */
const START = Date.UTC(2026, 10, 23, 8);

export async function createStage(options: StageOptions) {
  const clock = virtualClock(START);
  const chance = seededChance(options.seed ?? 1);
  let functions: Functions;
  const services = createServices(options, {
    clock,
    chance,
    registrar: (request) => functions.registrar(request),
    deliver: (request) => functions.deliver(request),
  });
  const { github, ecs, queue, runners, backlog } = services;
  const deployment = createDeployment(options, { clock, chance, ecs });
  const lines: (LogLine & { at: number })[] = [];
  const log = (line: LogLine) => {
    lines.push({ ...line, at: clock.now() });
    options.onLine?.(line);
  };
  const world: World = { clock, log, ...portsOf(options, services, clock) };
  const { invoke, killAll, deaths } = createLambda(clock, world, options.watch);
  functions = createFunctions(options, { clock, queue, invoke, readConfig: deployment.readConfig });
  const seats = () => runners.all().filter((record): record is Seat => record.kind === 'runner');
  return {
    clock,
    chance,
    get config() {
      return deployment.config();
    },
    configure: deployment.configure,
    world,
    ...services,
    lines,
    seats,
    invoke,
    askRegistrar: functions.askRegistrar,
    doors: functions.doors,
    poll: functions.poll,
    allCompleted: () => [...github.books.jobs.values()].every(({ state }) => state === 'completed'),
    /** All environments of all functions die. */
    killFunctions: killAll,
    deaths,
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

/** The same services as the functions see them. */
function portsOf({ rest }: StageOptions, services: Services, clock: World['clock']): Omit<World, 'clock' | 'log'> {
  const { github, ecs, sts, queue, history, backlog, runners } = services;
  return {
    github: createSimGitHub({ ...github, rest: rest?.(github.rest) ?? github.rest }, clock),
    cluster: createSimCluster(ecs, { cluster: 'sim' }),
    identity: createSimIdentity(sts),
    queue,
    history,
    backlog,
    runners,
  };
}
