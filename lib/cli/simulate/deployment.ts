/** What is deployed on the stage: task definitions, and the configuration that the functions read. */
import type { Pool } from '../../core/pool.ts';
import type { Config, Mode } from '../../flows/config.ts';
import type { Chance } from '../../sim/chance.ts';
import type { SimClock } from '../../sim/clock.ts';
import type { EcsService } from '../../sim/ecs-service/service.ts';
import type { StageOptions } from './stage.ts';

export type Deployment = ReturnType<typeof createDeployment>;

export const TICKET_SECRET = 'ticket-secret-of-the-simulation';

/** lib/live/parameters.ts */
const KEPT_MS = 60_000;

export function createDeployment(options: StageOptions, parts: { clock: SimClock; chance: Chance; ecs: EcsService }) {
  const { clock, chance, ecs } = parts;
  let config = configOf(options);
  let previous = config;
  let configuredAt = clock.now() - KEPT_MS;
  for (const pool of options.pools) registerTaskDefinition(pool);

  /** CloudFormation asks until ECS has done it: what goes wrong with single calls makes no difference. */
  function done(
    operation: 'RegisterTaskDefinition' | 'DeregisterTaskDefinition',
    input: Record<string, unknown>,
  ): void {
    const faults = ecs.faults();
    ecs.setFaults({ accessDenied: 0, failBefore: 0, failAfter: 0, cutBefore: 0, cutAfter: 0 });
    ecs.call(operation, input);
    ecs.setFaults(faults);
  }

  /** The next revision of its family. */
  function registerTaskDefinition(pool: Pool): void {
    done('RegisterTaskDefinition', {
      family: pool.taskDefinition.split(':')[0],
      ...(pool.role !== undefined && { taskRoleArn: pool.role }),
      containerDefinitions: [
        { name: 'runner', image: options.images?.[pool.name] ?? 'runner:latest', cpu: 1024, memory: 2048 },
      ],
    });
  }

  return {
    config: () => config,
    /** As parameters are read: for a minute after a change, some environments go on with what they read before. */
    readConfig: async (): Promise<Config> => {
      if (options.isConfigurationUnread?.()) throw new Error('SSM: the connection was cut');
      const isFresh = clock.now() - configuredAt >= KEPT_MS || chance.happens((clock.now() - configuredAt) / KEPT_MS);
      return isFresh ? config : previous;
    },
    /** Another one. As CloudFormation does: new task definitions, then the parameters, then the old ones are deregistered. */
    configure: (next: readonly Pool[], mode: Mode = config.mode): void => {
      const [old, wanted] = [config.pools.pools, next].map((list) => list.map(({ taskDefinition }) => taskDefinition));
      for (const pool of next) if (!old?.includes(pool.taskDefinition)) registerTaskDefinition(pool);
      previous = config;
      config = { ...config, mode, pools: { pools: next } };
      configuredAt = clock.now();
      for (const taskDefinition of old ?? []) {
        if (!wanted?.includes(taskDefinition)) done('DeregisterTaskDefinition', { taskDefinition });
      }
    },
  };
}

function configOf({ pools, mode = 'launch', ticketSecret }: StageOptions): Config {
  return {
    mode,
    prefix: 'sim',
    registrarUrl: 'http://registrar.test',
    pools: { pools },
    ticketSecrets: [ticketSecret ?? TICKET_SECRET],
  };
}
