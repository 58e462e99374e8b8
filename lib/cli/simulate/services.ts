/** The simulated services of the stage: tables, queue, STS, GitHub and ECS with its containers. */
import type { BacklogRecord, JobRecord } from '../../core/job.ts';
import type { RunnerRecord } from '../../core/runner.ts';
import type { Chance } from '../../sim/chance.ts';
import { seededChance } from '../../sim/chance.ts';
import type { SimClock } from '../../sim/clock.ts';
import { runContainer } from '../../sim/container.ts';
import { identityHeaders } from '../../sim/container-identity.ts';
import type { Registrar } from '../../sim/container-state.ts';
import type { ContainerStart } from '../../sim/ecs-service/config.ts';
import { createEcsService } from '../../sim/ecs-service/service.ts';
import { createGitHubService } from '../../sim/github-service/service.ts';
import type { Deliver } from '../../sim/github-service/webhooks.ts';
import { createSimQueue } from '../../sim/queue.ts';
import { createStsService, type StsService } from '../../sim/sts-service.ts';
import { createSimListTable, createSimTable } from '../../sim/tables.ts';
import type { StageOptions } from './stage.ts';

export type Services = ReturnType<typeof createServices>;

/** `registrar` and `deliver`: the ways to our functions, which come after the services that call them. */
type Parts = { clock: SimClock; chance: Chance; registrar: Registrar; deliver: Deliver };

export const SECRET = 'webhook-secret-of-the-simulation';
const INSTANCES_MAX = 100;

export function createServices(options: StageOptions, parts: Parts) {
  const { clock } = parts;
  const storage = storageOf(options, parts);
  // With a chance of its own, so that what else is drawn does not depend on it.
  const sts = createStsService({ clock, chance: seededChance((options.seed ?? 1) + 1_000_000) });
  const github = createGitHubService({
    clock,
    chance: parts.chance,
    app: { id: 1 },
    webhook: { url: 'http://webhook.test', secret: SECRET },
    deliver: parts.deliver,
    ...(options.onJob !== undefined && { onJob: options.onJob }),
  });
  const ecs = createEcsService({
    clock,
    chance: parts.chance,
    clusters: [{ name: 'sim', capacityProviders: [capacityOf(options)] }],
    startContainer: (start) => {
      const sticks = options.sticks?.();
      return runContainer({
        environment: start.environment,
        clock,
        chance: parts.chance,
        ...identityOf(sts, clock, start),
        github: github.runnerSide,
        signal: start.signal,
        killed: start.killed,
        ...(options.registersAs !== undefined && { registersAs: options.registersAs }),
        ...(sticks !== undefined && { sticks }),
        registrar: parts.registrar,
      });
    },
    ...(options.onTask !== undefined && { onTask: options.onTask }),
    onTaskStateChange: (event) => {
      const { lastStatus } = event.detail as { lastStatus?: string };
      if (lastStatus === 'STOPPED') storage.queue.deliver(JSON.stringify(event));
    },
  });
  return { ...storage, sts, github, ecs };
}

function storageOf(options: StageOptions, { clock, chance }: Parts) {
  const latencyMs = options.tableLatencyMs ?? 10;
  const before = (operation: string) => options.storage?.('before', operation);
  const after = (operation: string) => options.storage?.('after', operation);
  const table = { clock, latencyMs, before, after };
  return {
    history: createSimTable<JobRecord, { job: number }>({ ...table, name: 'history', key: ['job'] }),
    backlog: createSimListTable<BacklogRecord, { pool: string; job: number }>({
      ...table,
      name: 'backlog',
      key: ['pool', 'job'],
    }),
    runners: createSimListTable<RunnerRecord, { pool: string; place: number }>({
      ...table,
      name: 'runners',
      key: ['pool', 'place'],
    }),
    queue: createSimQueue({
      ...table,
      chance,
      visibilitySeconds: 180,
      maxReceiveCount: 5,
      ...(options.duplicates !== undefined && { duplicates: options.duplicates }),
    }),
  };
}

function capacityOf({ instancesMax = INSTANCES_MAX }: StageOptions) {
  return { name: 'sim', instanceCpu: 64 * 1024, instanceMemory: 256 * 1024, maxInstances: instancesMax };
}

/** ECS assumes the task's role, with the task's id as the session's name. */
function identityOf(sts: StsService, clock: SimClock, { taskArn, taskRoleArn }: ContainerStart) {
  if (taskRoleArn === undefined) return {};
  const credentials = sts.assume({ role: taskRoleArn, name: taskArn.slice(taskArn.lastIndexOf('/') + 1) });
  return { identity: (runner: string) => identityHeaders(credentials, { runner, now: clock.now() }) };
}
