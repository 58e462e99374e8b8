/** Everything that the run stands on: engine, image, emulator, simulated GitHub, and the door between them. */
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Closers } from '../../lib/local/closers.ts';
import { type Aws, awsAt } from './aws.ts';
import { type Containers, watchContainers } from './containers.ts';
import { apiIdOf, CLUSTER, PARAMETERS_PATH, type Serverless, serverlessAt } from './deployment.ts';
import { type Door, openDoor } from './door.ts';
import { type Engine, startEngine } from './engine.ts';
import { type GitHub, startGitHub } from './github.ts';
import { IMAGE_NAME, makeImage } from './image.ts';
import { type Emulator, installMiniStack, startMiniStack } from './ministack.ts';

/** Kept from run to run: the emulator's virtual environment and what was downloaded. */
const cache = fileURLToPath(new URL('../../node_modules/.cache/ecs-runners-e2e', import.meta.url));

export type Stage = {
  /** Logs of the emulator and of the engine. */
  folder: string;
  engine: Engine;
  containers: Containers;
  github: GitHub;
  door: Door;
  /** The emulator and the clients of it; another one after `startAgain`. */
  aws: Aws;
  serverless: Serverless;
  emulator: Emulator;
  /** A fresh emulator, with nothing deployed in it. */
  startAgain: () => Promise<void>;
  /** Lets the door, and with it GitHub's webhooks and the containers, reach the API that is deployed now. */
  openApi: () => Promise<void>;
  close: () => Promise<void>;
};

/** What has been started is in `started`, also when this throws. */
export async function startStage(say: (line: string) => void, started: Closers): Promise<Stage> {
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(tmpdir(), 'ecs-runners-e2e-'));
  say(`logs are in ${folder}`);
  const engine = started.add(await startEngine(join(folder, 'docker'), say));
  started.add({ close: () => removeContainers(engine) });
  await makeImage(cache, engine.environment);
  const containers = started.add(await watchContainers(engine));
  const python = await installMiniStack(join(cache, 'venv'), say);
  const github = started.add(await startGitHub());
  const door = started.add(await openDoor({ gateway: engine.gateway, githubUrl: github.url }));
  github.service.configure({ url: `${door.localUrl}/webhook`, secret: github.secrets.webhookSecret });
  const start = () => startAccount({ python, folder, engine, github, door });
  const account = await start();
  started.add({ close: () => stage.emulator.close() });
  const stage: Stage = {
    folder,
    engine,
    containers,
    github,
    door,
    ...account,
    startAgain: async () => {
      await stage.emulator.close();
      Object.assign(stage, await start());
    },
    openApi: async () => door.openTo({ port: stage.emulator.port, apiId: await apiIdOf(stage.aws) }),
    close: () => started.closeAll(),
  };
  return stage;
}

/** An account with what an operator has before the first deploy: a cluster, and the secrets. */
async function startAccount(options: {
  python: string;
  folder: string;
  engine: Engine;
  github: GitHub;
  door: Door;
}): Promise<Pick<Stage, 'emulator' | 'aws' | 'serverless'>> {
  const { python, folder, engine, github, door } = options;
  const environment = { ...engine.environment, CREDENTIALS_URL: door.url };
  const emulator = await startMiniStack({ python, folder, environment });
  const aws = awsAt(emulator.endpoint);
  await aws.json('ecs', 'AmazonEC2ContainerServiceV20141113.CreateCluster', { clusterName: CLUSTER });
  const { webhookSecret, ticketSecret, app } = github.secrets;
  const secrets = { 'github-app': app, 'webhook-secrets': [webhookSecret], 'ticket-secrets': [ticketSecret] };
  for (const [name, value] of Object.entries(secrets)) {
    const parameter = { Name: `${PARAMETERS_PATH}/${name}`, Type: 'SecureString', Value: JSON.stringify(value) };
    await aws.json('ssm', 'AmazonSSM.PutParameter', parameter);
  }
  const serverless = serverlessAt(emulator.endpoint, { registrarUrl: door.url, githubUrl: github.url });
  return { emulator, aws, serverless };
}

/** Whatever a failed run has left. */
async function removeContainers({ docker }: Engine): Promise<void> {
  const listed = await docker('ps', '--all', '--quiet', '--filter', `ancestor=${IMAGE_NAME}:1`);
  const ids = listed.split('\n').filter((id) => id !== '');
  if (ids.length > 0) await docker('rm', '--force', ...ids);
}
