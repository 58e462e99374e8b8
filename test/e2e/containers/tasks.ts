/** Starts tasks on the container instance, as ECS would. */
import { fileURLToPath } from 'node:url';
import { type Generated, generate } from '../../../infra/generate.ts';
import { idPart } from '../../../infra/template.ts';
import { DEFAULT_SETTINGS } from '../../support/deployment-settings.ts';
import { createContainer, type Launch, type Machine, taskDefinitionOf } from './agent.ts';
import { type CredentialsEndpoint, metadataPath, type TaskCredentials } from './credentials.ts';
import { SECRETS } from './docker-login.ts';
import { asked } from './engine-api.ts';
import type { Instance } from './instance.ts';
import { CREDENTIALS, INTERNET } from './networks.ts';
import type { Outside, Runner } from './outside.ts';
import { stateOf, type Task, taskOf } from './task.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export type StartOptions = {
  before?: (runner: Runner, credentials: TaskCredentials) => void;
  /** Further mounts. */
  binds?: string[];
};
export type Tasks = {
  /** `before`: between creation and start, with the runner and its credentials as the outside knows them. */
  start: (pool: string, options?: StartOptions) => Promise<Task>;
  /** Removes all of them, whatever they do. */
  close: () => Promise<void>;
};

export async function openTasks(options: {
  instance: Instance;
  outside: Outside;
  endpoint: CredentialsEndpoint;
  images: string;
  machine: Machine;
}): Promise<Tasks> {
  const { instance, outside, endpoint, images, machine } = options;
  const generated = await generate({
    settings: { ...DEFAULT_SETTINGS, pools: 'test/e2e/containers/pools.yml', cluster: 'e2e' },
    serviceDir: root,
    deployment: 'ecs-runners-e2e',
    parametersPath: '/ecs-runners/e2e',
  });
  const all: Task[] = [];
  let count = 0;
  return {
    start: async (pool, { before, binds = [] } = {}) => {
      count += 1;
      const name = `e2e-${pool}-${count}-${4711 + count}-1`;
      const definition = definitionOf(generated, pool);
      const runner = outside.add(name, workFolderOf(definition, name));
      const credentials = endpoint.add(`role-of-${pool}`);
      const id = await createContainer(instance.api, name, {
        definition,
        environment: environmentOf(runner, credentials),
        secrets: SECRETS,
        binds: [`${images}:/e2e:ro`, ...binds],
        machine,
      });
      endpoint.describe(credentials, id);
      before?.(runner, credentials);
      await asked(instance.api, 'POST', `/containers/${id}/start`);
      const { address } = await stateOf(instance, id);
      const task = taskOf(instance, { name, id, address, runner, credentials });
      all.push(task);
      return task;
    },
    close: async () => {
      await Promise.all(all.map((task) => task.remove()));
    },
  };
}

function definitionOf({ resources, mappings }: Generated, pool: string): Launch['definition'] {
  return taskDefinitionOf(resources[`Pool${idPart(pool)}Task`], mappings);
}

/** What the registrar has GitHub write into the JIT configuration. */
function workFolderOf({ ContainerDefinitions: [{ Environment = [] }] }: Launch['definition'], name: string): string {
  const docker = Environment.find(({ Name }) => Name === 'ECS_RUNNERS_DOCKER')?.Value;
  return docker === 'socket' ? `/var/lib/ecs-runners/${name}/work` : '_work';
}

/** Of RunTask's overrides, and of the agent. */
function environmentOf(runner: Runner, credentials: TaskCredentials): Record<string, string> {
  return {
    ECS_RUNNERS_NAME: runner.name,
    ECS_RUNNERS_TICKET: runner.ticket,
    ECS_RUNNERS_URL: `http://${INTERNET.registrar}`,
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: credentials.path,
    ECS_CONTAINER_METADATA_URI_V4: `http://${CREDENTIALS.address}${metadataPath(credentials.path)}`,
  };
}
