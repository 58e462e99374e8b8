/** What is seen from outside: GitHub's books, Docker's events, the emulator's APIs. */
import { listOf } from './aws.ts';
import type { Container } from './containers.ts';
import { CLUSTER, DEPLOYMENT, PARAMETERS_PATH } from './deployment.ts';
import { linesOf } from './logs.ts';
import type { Stage } from './stage.ts';
import { same } from './steps.ts';
import { until } from './until.ts';

/** The janitor comes once a minute, and some things need two of its visits. */
export const JANITOR_SECONDS_MAX = 200;

/** Waits until each of the jobs has ended as it should, on a runner of ours. */
export async function jobsSucceed({ github }: Stage, ids: readonly number[], secondsMax: number): Promise<void> {
  const open = () => ids.filter((id) => github.job(id).state !== 'completed');
  await until(`${ids.length} jobs complete`, secondsMax, () => open().length === 0).catch((error: Error) => {
    const states = open().map((id) => `${id} ${github.job(id).state} on ${github.job(id).runnerName ?? 'nothing'}`);
    throw new Error(`${error.message}; open: ${states.join(', ')}`);
  });
  const conclusions = ids.map((id) => github.job(id).conclusion);
  same(
    'conclusions of the jobs',
    conclusions,
    ids.map(() => 'success'),
  );
  const runners = new Set(ids.map((id) => github.job(id).runnerName));
  same('different runners of the jobs', runners.size, ids.length);
}

/** Those that have started since there were `before` of them. */
export function containersSince({ containers }: Stage, before: number): Container[] {
  return containers.all().slice(before);
}

/** Exactly one container for each job, each of which swapped its ticket with the deployed registrar, and ended by itself. */
export async function oneContainerEach(stage: Stage, ids: readonly number[], before: number): Promise<void> {
  await until('the containers end', 60, () => stage.containers.living().length === 0);
  const started = containersSince(stage, before);
  same('containers for the jobs', started.length, ids.length);
  same(
    'exit codes',
    started.map(({ exitCode }) => exitCode),
    ids.map(() => 0),
  );
  same(
    'signals from outside',
    started.flatMap(({ signals }) => signals),
    [],
  );
  const swapped = started.map(({ runner }) => registrations(stage, runner).filter((status) => status === 200).length);
  same(
    'tickets swapped by each container',
    swapped,
    ids.map(() => 1),
  );
  const ran = ids.map((id) => stage.github.job(id).runnerName?.replace(/-\d+$/, '') ?? '');
  same('runners at GitHub and in the containers', ran.sort(), started.map(({ runner }) => runner).sort());
}

/** Each container's lines stand in the pool's log group, in a stream of the task's own, with no credential among them. */
export async function logsAreKept({ aws }: Stage, runners: readonly string[]): Promise<void> {
  const lines = await linesOf(aws, `${PARAMETERS_PATH}/pools/default`);
  const registered = lines.filter(({ message }) => message.startsWith('[bootstrap] registered as '));
  const named = registered.map(({ message }) => message.replace(/^.* as (.*)-\d+$/, '$1'));
  same('runners in the logs', named.sort(), [...runners].sort());
  const streams = new Set(registered.map(({ logStreamName }) => logStreamName));
  same('streams with one registration each', streams.size, runners.length);
  same(
    'other streams than of tasks',
    [...streams].filter((name) => !/^runner\/runner\/[0-9a-f-]+$/.test(name)),
    [],
  );
  same(
    'credentials in the logs',
    lines.filter(({ message }) => /[0-9a-f]{64}/.test(message)),
    [],
  );
}

/** The answers that a container got when it asked for its registration. */
export function registrations({ door }: Stage, runner: string): number[] {
  return door.passed.filter(({ path }) => path === `/runners/${runner}/registration`).map(({ status }) => status);
}

/** Nothing anywhere: neither container nor task, neither registration nor record. */
export async function nothingIsLeft(stage: Stage): Promise<void> {
  await until('all is brought home', JANITOR_SECONDS_MAX, async () => (await left(stage)).length === 0).catch(
    async (error: Error) => {
      throw new Error(`${error.message}; left: ${(await left(stage)).join(', ')}`);
    },
  );
}

async function left({ engine, github, aws }: Stage): Promise<string[]> {
  const processes = await engine.docker('ps', '--format', '{{.Names}}', '--filter', 'label=com.amazonaws.ecs.task-arn');
  const tasks = await aws.json('ecs', 'AmazonEC2ContainerServiceV20141113.ListTasks', { cluster: CLUSTER });
  return [
    ...processes
      .split('\n')
      .filter((name) => name !== '')
      .map((name) => `container ${name}`),
    ...listOf<string>(tasks, 'taskArns').map((arn) => `task ${arn}`),
    ...github.service.control.runners().map(({ name }) => `registration ${name}`),
    ...(await records(aws, 'runners'))
      .filter((record) => record.includes('"runner"'))
      .map((record) => `record ${record}`),
    ...(await records(aws, 'backlog')).map((record) => `backlog ${record}`),
  ];
}

async function records(aws: Stage['aws'], table: string): Promise<string[]> {
  const answer = await aws.json('dynamodb', 'DynamoDB_20120810.Scan', { TableName: `${DEPLOYMENT}-${table}` });
  return listOf<unknown>(answer, 'Items').map((item) => JSON.stringify(item));
}

/** Messages that nobody could make anything of. */
export async function deadLetters(aws: Stage['aws']): Promise<number> {
  const url = `http://sqs.us-east-1.localhost/000000000000/${DEPLOYMENT}-dead-letters`;
  const answer = await aws.json('sqs', 'AmazonSQS.GetQueueAttributes', {
    QueueUrl: url,
    AttributeNames: ['ApproximateNumberOfMessages'],
  });
  const { ApproximateNumberOfMessages } = answer['Attributes'] as Record<string, string>;
  return Number(ApproximateNumberOfMessages);
}
