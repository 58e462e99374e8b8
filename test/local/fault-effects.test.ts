/**
 * What each knob does to calls that really go over the wire. The functions are stand-ins: they ask their services what their
 * caller wants to have asked, and print what they are called with.
 */
import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Stack, startStack } from '../../lib/local/stack.ts';
import { readAll } from '../../lib/local/tables.ts';
import { type Knob, noKnobs } from '../../lib/sim/faults/knobs.ts';
import { aBundle } from './functions.ts';
import { somePools } from './pools.ts';

const STAND_IN = `
export const handler = async (event) => {
  console.log(JSON.stringify({ called: event.rawPath ?? event.time ?? event.Records.map(({ body }) => body), pid: process.pid }));
  if (event.body === undefined) return { statusCode: 200 };
  const { service, path = '/', ...init } = JSON.parse(event.body);
  const answer = await fetch(process.env[service] + path, { method: 'POST', ...init }).catch(({ cause }) => ({ cause }));
  if (answer.cause) return { statusCode: 200, body: 'cut ' + answer.cause.code };
  const headers = JSON.stringify(Object.fromEntries(answer.headers));
  return { statusCode: 200, body: [answer.status, await answer.text(), headers].join(' ') };
};`;

type Question = { service: string; path?: string; method?: string; headers?: Record<string, string>; body?: string };

let stack: Stack;
let lines: string[] = [];

beforeAll(async () => {
  const bundle = await aBundle(STAND_IN);
  const bundles = { webhook: bundle, scaler: bundle, registrar: bundle, janitor: bundle };
  const log = (source: string, line: string) => lines.push(`${source} ${line}`);
  stack = await startStack({ pools: somePools(), bundles, port: 0, speed: 50, seed: 1, log });
});
afterAll(() => stack.close());
afterEach(() => {
  stack.faults.endAll();
  lines = [];
});

function begin(faults: Record<string, number>): void {
  expect(stack.faults.set(faults)).not.toHaveProperty('problems');
}

/** Through the API, the function and the relay before the service: status, text and headers of its answer. */
async function asked(question: Question | undefined, route = 'registration'): Promise<string> {
  const address = `${stack.addresses.api}/runners/x/${route}`;
  const headers = { 'content-type': 'application/json' };
  const body = question === undefined ? null : JSON.stringify(question);
  const answer = await fetch(address, { method: 'POST', headers, body });
  return `${answer.status} ${await answer.text()}`;
}

/** What the function was called with so far. */
function calls(name: string): string[] {
  const own = lines.filter((line) => line.startsWith(`${name} {"called"`));
  return own.map((line) => String((JSON.parse(line.slice(name.length + 1)) as { called: unknown }).called));
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 20));
}

function processes(): number[] {
  return lines.flatMap((line) => Number(/^registrar .*"pid":(\d+)/.exec(line)?.[1] ?? []));
}

/** Of the pools that the functions are to read now. */
function taskDefinitions(): string[] {
  return ['default', 'deploy'].map((pool) => {
    const family = `local-${pool}`;
    const { taskDefinition } = stack.ecs.call('DescribeTaskDefinition', { taskDefinition: family }) as {
      taskDefinition: { taskDefinitionArn: string };
    };
    return taskDefinition.taskDefinitionArn;
  });
}

/** The time of the stack, in seconds. */
const pass = (seconds: number) => new Promise<void>((resolve) => void stack.clock.after(seconds * 1000, resolve));

const runners: Question = { service: 'GITHUB_URL', path: '/api/v3/orgs/octo-org/actions/runners', method: 'GET' };
const withToken: Question = { ...runners, headers: { authorization: 'Bearer ghs_x' } };
const ecs = aws('AWS_ENDPOINT_URL_ECS', '1.1', 'AmazonEC2ContainerServiceV20141113.ListTasks', { cluster: 'local' });
const put = aws('AWS_ENDPOINT_URL_DYNAMODB', '1.0', 'DynamoDB_20120810.PutItem', {
  TableName: 'history',
  Item: { job: { N: '1' } },
});
const parameters = aws('AWS_ENDPOINT_URL_SSM', '1.1', 'AmazonSSM.GetParameters', {
  Names: ['/ecs-runners/local/pools/default'],
  WithDecryption: true,
});
const sqs = aws('AWS_ENDPOINT_URL_SQS', '1.0', 'AmazonSQS.ListQueues', {});
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const sts: Question = { service: 'AWS_ENDPOINT_URL_STS', headers: FORM, body: 'Action=GetCallerIdentity' };

function aws(service: string, version: string, target: string, input: object): Question {
  const headers = {
    'content-type': `application/x-amz-json-${version}`,
    'x-amz-target': target,
    // dynalite asks for a signature, and does not check it.
    authorization:
      'AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
    'x-amz-date': '20260101T000000Z',
  };
  return { service, headers, body: JSON.stringify(input) };
}

const untouched: [service: string, question: Question, told: RegExp][] = [
  ['GitHub', runners, /^200 401 .*"Requires authentication"|^200 401 /],
  ['ECS', ecs, /^200 200 {"taskArns":\[]/],
  ['STS', sts, /^200 403 /],
  ['SQS', sqs, /^200 200 .*QueueUrls/],
  ['DynamoDB', put, /^200 200 {}/],
  ['SSM', parameters, /^200 200 {"Parameters":\[{/],
];
test.each(untouched)('without a fault %s answers through its relay', async (_service, question, told) => {
  expect(await asked(question)).toMatch(told);
});

const ofCalls: [knob: Knob | 'none', faults: Record<string, number>, question: Question, told: RegExp][] = [
  ['githubDown', { 'github.down': 1 }, runners, /^200 502 <html>/],
  ['accessLost', { 'app.accessLost': 1 }, withToken, /^200 404 /],
  ['rest', { 'runners.502': 1 }, runners, /^200 502 <html>/],
  ['rest', { 'runners.lost': 1 }, runners, /^200 502 <html>/],
  ['rest', { 'runners.limited': 1 }, runners, /^200 403 .*secondary rate limit.*"retry-after":"60"/],
  ['rest', { 'runners.cut': 1 }, runners, /^200 cut UND_ERR_SOCKET$/],
  ['rest', { 'runners.hang': 1 }, runners, /^200 cut UND_ERR_SOCKET$/],
  ['rest', { 'runners.truncated': 1 }, runners, /^200 401 {"message":"[^}]* {.*application\/json/],
  ['storageFails', { 'storage.fails': 1 }, put, /^200 (cut |400 {.*ThrottlingException)/],
  ['storageFails', { 'storage.fails': 1 }, sqs, /^200 (cut |503 {.*ServiceUnavailable)/],
  ['storageAnswerLost', { 'storage.answerLost': 1 }, put, /^200 cut /],
  ['storageAnswerLost', { 'storage.answerLost': 1 }, sqs, /^200 cut /],
  ['configurationUnread', { 'parameters.unreadable': 1 }, parameters, /^200 400 {.*ThrottlingException/],
  ['kill', { 'lambda.killed': 1 }, ecs, /^500 {"message":"Internal Server Error"}/],
  ['none', { 'ecs.500': 1 }, ecs, /^200 500 {.*ServerException/],
  ['none', { 'ecs.readsThrottled': 1 }, ecs, /^200 400 {.*ThrottlingException/],
  ['none', { 'ecs.cut': 1 }, ecs, /^200 cut /],
  ['none', { 'sts.unavailable': 1 }, sts, /^200 503 /],
];
test.each(ofCalls)('%s: %j', async (_knob, faults, question, told) => {
  begin(faults);
  expect(await asked(question)).toMatch(told);
});

test('what is done and not answered is done', async () => {
  await stack.tables.client.send(new DeleteItemCommand({ TableName: 'history', Key: { job: { N: '1' } } }));
  begin({ 'storage.answerLost': 1 });
  await asked(put);
  expect(await readAll(stack.tables, 'history')).toEqual([{ job: 1 }]);
});

test('hang: a call takes ten seconds longer, each way', async () => {
  begin({ 'lambda.hangs': 1 });
  const before = stack.clock.now();
  expect(await asked(ecs)).toMatch(/^200 200 /);
  expect(stack.clock.now() - before).toBeGreaterThanOrEqual(20_000);
});

const words: [knob: Knob, faults: Record<string, number>, route: string, isAnswered: boolean, calls: number][] = [
  ['requestLost', { 'registrar.requestLost': 1 }, 'registration', false, 0],
  ['answerLost', { 'registrar.answerLost': 1 }, 'registration', false, 1],
  ['requestTwice', { 'registrar.twice': 1 }, 'registration', true, 2],
  ['startedLost', { 'registrar.startedLost': 1 }, 'started', false, 0],
  ['startedLost', { 'registrar.startedLost': 1 }, 'idle', true, 1],
];
test.each(words)('%s: %j, /%s', async (_knob, faults, route, isAnswered, count) => {
  begin(faults);
  const answer = await asked(undefined, route).catch(() => 'cut');
  expect(answer).toBe(isAnswered ? '200 ' : 'cut');
  await until(() => calls('registrar').length >= count);
  expect(calls('registrar')).toHaveLength(count);
});

test('janitorOverlaps: two run at the same time', async () => {
  begin({ 'janitor.overlaps': 1 });
  const isDoubled = (time: string, index: number, all: string[]) => all.indexOf(time) !== index;
  await until(() => calls('janitor').some(isDoubled));
});

test('janitorMisses: none runs', async () => {
  begin({ 'janitor.misses': 1 });
  // What has begun before is over by then.
  await pass(60);
  lines = [];
  await pass(150);
  expect(calls('janitor')).toEqual([]);
});

test('queueDuplicates: a message that is removed comes once more', async () => {
  begin({ 'queue.doubled': 1 });
  await stack.queue.send('"again"');
  await until(() => calls('scaler').filter((body) => body.includes('again')).length >= 2);
});

const nowAndThen: [fault: string, happens: () => boolean][] = [
  ['instances.die', () => stack.ecs.instances().some(({ agentConnected }) => agentConnected === false)],
  ['instances.warned', () => calls('scaler').some((body) => body.includes('Spot Instance Interruption Warning'))],
  ['deployments', () => taskDefinitions().some((arn) => arn.endsWith(':2'))],
];
test.each(nowAndThen)('%s happens', async (fault, happens) => {
  begin({ [fault]: 60 });
  await until(happens);
});

/** In a task of no record, whose container asks our stand-in for its registration and gets an answer that means nothing. */
function runTask(startedBy: string): void {
  const environment = [
    { name: 'ECS_RUNNERS_NAME', value: startedBy },
    { name: 'ECS_RUNNERS_URL', value: stack.addresses.api },
  ];
  stack.ecs.call('RunTask', {
    cluster: 'local',
    taskDefinition: 'local-default',
    capacityProviderStrategy: [{ capacityProvider: 'local', weight: 1 }],
    startedBy,
    overrides: { containerOverrides: [{ name: 'runner', environment }] },
  });
}

const stuck: [knob: Knob, calls: number][] = [
  ['stuckAtBeginning', 0],
  ['stuckAtEnd', 1],
];
test.each(stuck)('%s: a container lives on that has called the registrar %i times', async (knob, count) => {
  begin({ [`containers.${knob}`]: 1 });
  runTask(knob);
  const task = () => stack.ecs.livingTasks().find(({ startedBy }) => startedBy === knob);
  await until(() => task()?.['lastStatus'] === 'RUNNING' && calls('registrar').length >= count);
  await pass(60);
  expect(calls('registrar')).toHaveLength(count);
  expect(task()).toMatchObject({ lastStatus: 'RUNNING' });
});

test('lambda.allKilled: the processes of the functions are others', async () => {
  await asked(undefined);
  const [first] = processes();
  begin({ 'lambda.allKilled': 60 });
  await until(() => {
    void asked(undefined).catch(() => {});
    return processes().some((pid) => pid !== first);
  });
});

test('every knob is tried here', () => {
  const tried = [...ofCalls, ...words].map(([knob]) => knob);
  const alsoTried = [...stuck.map(([knob]) => knob), 'hang', 'janitorOverlaps', 'janitorMisses', 'queueDuplicates'];
  expect(new Set([...tried, ...alsoTried])).toEqual(new Set([...Object.keys(noKnobs()), 'none']));
});
