/**
 * The real serverless.yml, deployed to an independent AWS emulator that starts real containers, with the simulated GitHub in
 * this process. What is asserted is seen from outside.
 */
import { createHmac } from 'node:crypto';
import type { Closers } from '../../lib/local/closers.ts';
import { DEPLOYMENT, definitionsOf, functionsOf, leftovers, resourcesOf, statusOf } from './deployment.ts';
import { IMAGE, PREVIOUS_IMAGE } from './image.ts';
import { saveLogs } from './logs.ts';
import {
  containersSince,
  deadLetters,
  jobsSucceed,
  logsAreKept,
  nothingIsLeft,
  oneContainerEach,
  registrations,
} from './observe.ts';
import { type Stage, startStage } from './stage.ts';
import { holds, type PartResult, runSteps, type Step, same } from './steps.ts';
import { sameAsNothing, startThief } from './stolen-ticket.ts';
import { until } from './until.ts';

/** Parameters of what is called a version here: its pools and its image. */
const THIS = { pools: 'test/e2e/pools.yml', image: IMAGE };
const PREVIOUS = { pools: 'test/e2e/pools-previous.yml', image: PREVIOUS_IMAGE };
const LARGER = { ...THIS, pools: 'test/e2e/pools-larger.yml' };
const WITHOUT_LARGE = { ...PREVIOUS, pools: 'test/e2e/pools-without-large.yml' };

const DEFAULT = ['self-hosted', 'e2e'];
const LARGE = ['self-hosted', 'e2e-large'];

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function stepsOf(stage: Stage): Step[] {
  const { github, containers } = stage;
  return [
    { name: 'npx serverless deploy', run: () => firstDeploy(stage) },
    { name: 'the deployed API takes what is signed, and nothing else', run: () => signatures(stage) },
    {
      name: '12 jobs: a container each, a ticket swapped by each, all complete, nothing is left',
      run: async () => {
        const before = containers.all().length;
        const ids = github.queue({ labels: DEFAULT, count: 12, durationSeconds: 5 });
        await jobsSucceed(stage, ids, 120);
        await oneContainerEach(stage, ids, before);
        await logsAreKept(
          stage,
          containersSince(stage, before).map(({ runner }) => runner),
        );
        await nothingIsLeft(stage);
      },
    },
    {
      name: 'tickets that somebody reads in the ECS API register nobody, and hinder no job',
      run: async () => {
        const before = containers.all().length;
        const thief = await startThief(stage);
        const ids = github.queue({ labels: DEFAULT, count: 5, durationSeconds: 5 });
        await jobsSucceed(stage, ids, 120).finally(async () => sameAsNothing(await thief.stop()));
        await oneContainerEach(stage, ids, before);
        await nothingIsLeft(stage);
      },
    },
    {
      name: 'jobs that are cancelled, before and after their container has started, leave nothing',
      run: () => cancelled(stage),
    },
    {
      name: 'a container that is killed before it registers is replaced, without any event of it',
      run: () => killed(stage),
    },
    { name: 'a runner whose job was cancelled under its hands is retired after its idle time', run: () => idle(stage) },
    { name: 'the same deploy again changes nothing', run: () => deployedAgain(stage) },
    { name: 'a change of one pool touches what belongs to that pool', run: () => onePoolChanged(stage) },
    {
      name: '54 jobs live through an upgrade, a roll-back and the end of one pool',
      run: () => changedUnderWay(stage),
    },
    {
      name: 'npx serverless remove is refused while a runner works, which it does to its end',
      run: () => refused(stage),
    },
    {
      name: 'npx serverless remove leaves no container and no resource',
      run: async () => {
        same('messages that nobody understood', await deadLetters(stage.aws), 0);
        await remove(stage);
        same('containers', containers.living(), []);
        same('resources', await leftovers(stage.aws), []);
      },
    },
  ];
}

/** One deploy of five was seen to hang in an older emulator: tried once more, on a fresh one. */
async function firstDeploy(stage: Stage): Promise<void> {
  const first = await stage.serverless('deploy', THIS);
  if (first.exitCode === null) {
    say('ATTENTION: the deploy hung and was ended; once more, on a fresh emulator');
    await stage.startAgain();
    await deploy(stage, THIS);
  } else if (first.exitCode !== 0) {
    throw new Error(`serverless deploy ended with ${first.exitCode}:\n${first.stdout}${first.stderr}`);
  }
  await stage.openApi();
}

async function deploy({ serverless }: Stage, version: Record<string, string>): Promise<void> {
  const { exitCode, stdout, stderr } = await serverless('deploy', version);
  if (exitCode === 0) return;
  const how = exitCode === null ? 'hung' : `ended with ${exitCode}`;
  throw new Error(`serverless deploy ${how}:\n${stdout}${stderr}`);
}

async function signatures({ door, github }: Stage): Promise<void> {
  const body = JSON.stringify({ zen: 'Half measures are as bad as nothing at all.', hook_id: 1 });
  const post = async (path: string, headers: Record<string, string>) => {
    const answer = await fetch(`${door.localUrl}${path}`, { method: 'POST', headers, body });
    return answer.status;
  };
  const signed = (secret: string) => ({
    'x-github-event': 'ping',
    'x-github-delivery': '1',
    'content-type': 'application/json',
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  });
  const { 'x-hub-signature-256': _, ...unsigned } = signed('');
  same('an unsigned event', await post('/webhook', unsigned), 401);
  same('a wrongly signed event', await post('/webhook', signed('wrong')), 401);
  const status = await post('/webhook', signed(github.secrets.webhookSecret));
  holds(`a signed event is taken (${status})`, status >= 200 && status < 300);
  const forged = { authorization: `Bearer ${'0'.repeat(64)}` };
  same('a forged ticket', await post('/runners/e2e-default-0-1-1/registration', forged), 401);
}

async function cancelled(stage: Stage): Promise<void> {
  const { github, containers } = stage;
  const { cancel } = github.service.control;
  const isCancelled = (id: number) => github.job(id).conclusion === 'cancelled';
  const early = github.queue({ labels: DEFAULT, count: 2, durationSeconds: 600 });
  for (const id of early) cancel(id);
  const [late = 0] = github.queue({ labels: DEFAULT, durationSeconds: 600 });
  // Whosever container it is that starts first.
  containers.onStart = async () => void cancel(late);
  await until('the jobs are cancelled, one of them when a container has started', 60, () =>
    [...early, late].every(isCancelled),
  );
  containers.onStart = undefined;
  const [running = 0] = github.queue({ labels: DEFAULT, durationSeconds: 600 });
  await until('a job runs', 60, () => github.job(running).state === 'in_progress');
  cancel(running);
  await until('the running job is cancelled', 60, () => isCancelled(running));
  await nothingIsLeft(stage);
}

/** The emulator reports no ended tasks, so that only the janitor can find out. */
async function killed(stage: Stage): Promise<void> {
  const { github, containers, engine } = stage;
  const before = containers.all().length;
  const [id = 0] = github.queue({ labels: DEFAULT, durationSeconds: 5 });
  let isFirst = true;
  containers.onStart = async (container) => {
    if (!isFirst) return;
    isFirst = false;
    await engine.docker('kill', container.id);
  };
  await jobsSucceed(stage, [id], 200);
  containers.onStart = undefined;
  const [first, second, ...others] = containersSince(stage, before);
  same('what became of the first container', first?.exitCode, 137);
  holds('a second one was started', second !== undefined);
  same('further ones', others, []);
  await nothingIsLeft(stage);
}

/** Its job is cancelled when GitHub has registered it already, and before it hears so. */
async function idle(stage: Stage): Promise<void> {
  const { github, door, containers } = stage;
  const before = containers.all().length;
  const [id = 0] = github.queue({ labels: LARGE, durationSeconds: 5 });
  door.beforeAnswer = async ({ path, status }) => {
    if (status === 200 && path.includes(`-${id}-`) && path.endsWith('/registration')) github.service.control.cancel(id);
  };
  await until('the runner connects without a job', 60, () =>
    github.service.control.runners().some(({ online, busy }) => online && !busy),
  );
  door.beforeAnswer = undefined;
  await until('it leaves by itself', 150, () => containers.living().length === 0);
  const [container, ...others] = containersSince(stage, before);
  same('other containers', others, []);
  same('its exit code', container?.exitCode, 0);
  same('signals from outside', container?.signals, []);
  const reports = door.passed.filter(({ path }) => path === `/runners/${container?.runner}/idle`);
  holds('it reported that it is idle', reports.length > 0);
  same(
    'its registrations',
    registrations(stage, container?.runner ?? '').filter((status) => status === 200),
    [200],
  );
  await nothingIsLeft(stage);
}

async function deployedAgain(stage: Stage): Promise<void> {
  const look = async () => ({
    definitions: await definitionsOf(stage.aws),
    resources: await resourcesOf(stage.aws),
    functions: await functionsOf(stage.aws),
  });
  const before = await look();
  await deploy(stage, THIS);
  same('the stack after the same deploy', await look(), before);
}

async function onePoolChanged(stage: Stage): Promise<void> {
  const before = await definitionsOf(stage.aws);
  const functions = await functionsOf(stage.aws);
  await deploy(stage, LARGER);
  const after = await definitionsOf(stage.aws);
  const changed = Object.keys({ ...before, ...after }).filter(
    (id) => JSON.stringify(before[id]) !== JSON.stringify(after[id]),
  );
  holds(
    `only what is named after the pool has changed: ${changed.join(', ')}`,
    changed.every((id) => id.startsWith('PoolLarge')),
  );
  same('the functions', await functionsOf(stage.aws), functions);
  const [id = 0] = stage.github.queue({ labels: LARGE, durationSeconds: 2 });
  await jobsSucceed(stage, [id], 60);
  await deploy(stage, THIS);
}

async function changedUnderWay(stage: Stage): Promise<void> {
  const { github, containers } = stage;
  await deploy(stage, PREVIOUS);
  const before = containers.all().length;
  const ids = github.queue({ labels: DEFAULT, count: 50, durationSeconds: 25 });
  await until('half of the containers run', 120, () => containers.all().length >= before + 15);
  await deploy(stage, THIS);
  // They outlast two deploys, also on a busy machine.
  const large = github.queue({ labels: LARGE, count: 4, durationSeconds: 120 });
  await until('the other pool works', 60, () => large.every((id) => github.job(id).state === 'in_progress'));
  await deploy(stage, PREVIOUS);
  await deploy(stage, WITHOUT_LARGE);
  holds(
    'jobs of the removed pool still run',
    large.some((id) => github.job(id).state === 'in_progress'),
  );
  await jobsSucceed(stage, [...ids, ...large], 400);
  await oneContainerEach(stage, [...ids, ...large], before);
  await nothingIsLeft(stage);
}

async function refused(stage: Stage): Promise<void> {
  const { aws, github, serverless, containers } = stage;
  const before = containers.all().length;
  holds('there is something to leave', (await leftovers(aws)).length > 30);
  const [id = 0] = github.queue({ labels: DEFAULT, durationSeconds: 40 });
  await until('the job runs', 60, () => github.job(id).state === 'in_progress');
  const resources = await resourcesOf(aws);
  const status = await statusOf(aws);
  const { exitCode, stdout, stderr } = await serverless('remove', WITHOUT_LARGE);
  holds(`it is refused:\n${stdout}${stderr}`, exitCode !== 0 && exitCode !== null);
  holds(`the reason is said:\n${stdout}${stderr}`, /1 runner lives \(1 of pool default\)/.test(stdout + stderr));
  same('the status of the stack: nothing has begun', await statusOf(aws), status);
  // Whoever goes to CloudFormation itself, past the command, meets the guard.
  await aws.query('cloudformation', 'DeleteStack', { StackName: DEPLOYMENT });
  await until('CloudFormation is refused', 60, async () => (await statusOf(aws)) === 'DELETE_FAILED');
  same('the resources after it was refused', await resourcesOf(aws), resources);
  await jobsSucceed(stage, [id], 90);
  await oneContainerEach(stage, [id], before);
}

async function remove({ serverless }: Stage): Promise<void> {
  const { exitCode, stdout, stderr } = await serverless('remove', WITHOUT_LARGE);
  if (exitCode !== 0) throw new Error(`serverless remove of ${DEPLOYMENT} ended with ${exitCode}:\n${stdout}${stderr}`);
}

/** What has been started is in `started`, also when this throws. */
export async function runDeployment(started: Closers): Promise<PartResult> {
  const stage = await startStage(say, started);
  const result = await runSteps(stepsOf(stage), say);
  if (result.failed > 0) {
    await saveLogs(stage.aws, stage.folder).catch((error: unknown) => say(`logs cannot be read: ${String(error)}`));
    say(`logs of the emulator, the engine, the functions and the runners: ${stage.folder}`);
  }
  return { ...result, folder: stage.folder };
}
