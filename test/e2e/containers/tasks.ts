/** Tasks on the container instance: started as ECS would, and looked at from outside. */
import { fileURLToPath } from 'node:url';
import { type Generated, generate } from '../../../infra/generate.ts';
import { DEFAULT_SETTINGS } from '../../support/deployment-settings.ts';
import { type Ended, run } from '../command.ts';
import { until } from '../until.ts';
import { createContainer, type Launch, type Machine, taskDefinitionOf } from './agent.ts';
import { type CredentialsEndpoint, metadataPath, type TaskCredentials } from './credentials.ts';
import { asked } from './engine-api.ts';
import type { Instance } from './instance.ts';
import { CREDENTIALS, INTERNET } from './networks.ts';
import { type Outside, type Runner, startJob, step } from './outside.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** Until a container whose daemon has to come up first has registered; on a busy machine. */
export const BOOT_SECONDS_MAX = 90;

export type Task = {
  name: string;
  id: string;
  runner: Runner;
  credentials: TaskCredentials;
  /** Resolves with the container's exit code. */
  ended: (secondsMax: number) => Promise<number>;
  logs: () => Promise<string>;
  /** Waits for its listener, gives it a job, and waits for that. */
  startJob: () => Promise<void>;
  /** A step of its job, which may fail. */
  step: (script: string) => Promise<Ended>;
  /** What a step that must not fail has written. */
  output: (script: string) => Promise<string>;
  /** Its job is over, and the container has to end with 0. */
  finish: () => Promise<void>;
  /** As StopTask does: SIGTERM, and SIGKILL after the task's stop timeout. */
  stop: () => Promise<void>;
  kill: () => Promise<void>;
};

export type Tasks = {
  /** `before`: between creation and start, with the runner as the outside knows it. */
  start: (pool: string, options?: { before?: (runner: Runner) => void; binds?: string[] }) => Promise<Task>;
  /** Ends whatever still runs. */
  close: () => Promise<void>;
};

export async function openTasks(options: {
  instance: Instance;
  outside: Outside;
  endpoint: CredentialsEndpoint;
  images: string;
  machine: Machine;
}): Promise<Tasks> {
  const generated = await generate({
    settings: { ...DEFAULT_SETTINGS, pools: 'test/e2e/containers/pools.yml', cluster: 'e2e' },
    serviceDir: root,
    deployment: 'ecs-runners-e2e',
    parametersPath: '/ecs-runners/e2e',
  });
  const all: Task[] = [];
  let count = 0;
  const start: Tasks['start'] = async (pool, { before, binds = [] } = {}) => {
    count += 1;
    const name = `e2e-${pool}-${count}-${4711 + count}-1`;
    const workFolder = pool.startsWith('socket') ? `/var/lib/ecs-runners/${name}/work` : '_work';
    const runner = options.outside.add(name, workFolder);
    const credentials = options.endpoint.add(`role-of-${pool}`);
    const id = await createContainer(options.instance.api, name, {
      definition: definitionOf(generated, pool),
      environment: environmentOf(runner, credentials),
      secrets: SECRETS,
      binds: [`${options.images}:/e2e:ro`, ...binds],
      machine: options.machine,
    });
    options.endpoint.describe(credentials, id);
    before?.(runner);
    await asked(options.instance.api, 'POST', `/containers/${id}/start`);
    const task = taskOf(options.instance, { name, id, runner, credentials });
    all.push(task);
    return task;
  };
  return {
    start,
    close: async () => {
      await Promise.all(all.map((task) => task.kill()));
    },
  };
}

const SECRETS: Record<string, string> = {};

function definitionOf({ resources, mappings }: Generated, pool: string): Launch['definition'] {
  const id = `Pool${pool[0]?.toUpperCase()}${pool.slice(1).replaceAll('-', 'D')}Task`;
  return taskDefinitionOf(resources[id], mappings);
}

function environmentOf(runner: Runner, credentials: TaskCredentials): Record<string, string> {
  return {
    ECS_RUNNERS_NAME: runner.name,
    ECS_RUNNERS_TICKET: runner.ticket,
    ECS_RUNNERS_URL: `http://${INTERNET.registrar}`,
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: credentials.path,
    ECS_CONTAINER_METADATA_URI_V4: `http://${CREDENTIALS.address}${metadataPath(credentials.path)}`,
  };
}

function taskOf(instance: Instance, known: Pick<Task, 'name' | 'id' | 'runner' | 'credentials'>): Task {
  const { id, name, runner } = known;
  const { api, environment } = instance;
  const task: Task = {
    ...known,
    ended: (secondsMax) =>
      until(`${name} ends`, secondsMax, async () => {
        const { State } = await asked<{ State: { Running: boolean; ExitCode: number } }>(
          api,
          'GET',
          `/containers/${id}/json`,
        );
        return State.Running ? undefined : { exitCode: State.ExitCode };
      }).then(
        ({ exitCode }) => exitCode,
        async (error: Error) => {
          throw new Error(`${error.message}\n${await task.logs()}`);
        },
      ),
    logs: () => run('bash', ['-c', 'docker logs "$0" 2>&1', id], { environment }),
    startJob: async () => {
      await until(
        `${name} connects`,
        BOOT_SECONDS_MAX,
        async () => runner.connected || (await diedEarly(instance, task)),
      );
      await startJob(runner, 30);
    },
    step: (script) => step(runner, script),
    output: async (script) => {
      const { exitCode, stdout, stderr } = await step(runner, script);
      if (exitCode === 0) return stdout;
      throw new Error(`a step of ${name} ended with ${exitCode}: ${script}\n${stdout}${stderr}`);
    },
    finish: async () => {
      runner.jobOver = true;
      const exitCode = await task.ended(60);
      if (exitCode !== 0) throw new Error(`${name} ended with ${exitCode} after its job:\n${await task.logs()}`);
    },
    stop: async () => void (await api('POST', `/containers/${id}/stop`)),
    kill: async () => void (await api('DELETE', `/containers/${id}?force=true&v=true`)),
  };
  return task;
}

async function diedEarly({ api }: Instance, { id, name, logs }: Task): Promise<false> {
  const { State } = await asked<{ State: { Running: boolean; ExitCode: number } }>(
    api,
    'GET',
    `/containers/${id}/json`,
  );
  if (State.Running) return false;
  throw new Error(`${name} ended with ${State.ExitCode}:\n${await logs()}`);
}
