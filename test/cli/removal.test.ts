/** What `serverless remove` asks before it begins, over the wire: a stack's outputs, and the cluster's tasks. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import Fastify from 'fastify';
import { mayRemove } from '../../lib/cli/removal.ts';
import { serveEcs } from '../../lib/local/ecs.ts';
import { CLUSTER, MINUTE } from '../support/ecs-simulated.ts';
import { aCapacityWorld, type CapacityWorld } from '../support/guarded-capacity.ts';

let world: CapacityWorld;
let stack: { status: number; body: string };
const closers: (() => Promise<unknown>)[] = [];
const ENDPOINTS = ['AWS_ENDPOINT_URL_ECS', 'AWS_ENDPOINT_URL_CLOUDFORMATION'] as const;

beforeEach(async () => {
  world = aCapacityWorld();
  stack = {
    status: 200,
    body: described('<member><OutputKey>RunnerPrefix</OutputKey><OutputValue>gha</OutputValue></member>'),
  };
  const ecs = await serveEcs({ service: world.ecs, port: 0 });
  const cloudFormation = Fastify();
  cloudFormation.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  cloudFormation.removeContentTypeParser('application/json');
  cloudFormation.post('/', (_request, reply) => reply.code(stack.status).type('text/xml').send(stack.body));
  const url = await cloudFormation.listen({ host: '127.0.0.1', port: 0 });
  closers.push(ecs.close, () => cloudFormation.close());
  process.env[ENDPOINTS[0]] = ecs.url;
  process.env[ENDPOINTS[1]] = url;
});
afterEach(async () => {
  for (const name of ENDPOINTS) delete process.env[name];
  for (const close of closers.splice(0)) await close();
});

const ask = (cluster = CLUSTER) =>
  mayRemove({
    deployment: 'ecs-runners-test',
    cluster,
    launches: true,
    client: {
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    },
  });

test('no runner lives: the removal may begin', async () => {
  expect(await ask()).toEqual({ kind: 'clear' });
});

test('runners live: it may not, and the reason says which and what to do', async () => {
  world.launch('default', 'small');
  world.launch('default', 'large');
  await world.pass(MINUTE);
  expect(await ask()).toEqual({
    kind: 'busy',
    reason: expect.stringMatching(
      /^2 runners live \(2 of pool default\)\. Nothing was stopped\. Deploy in mode observe/,
    ),
  });
});

test('tasks of others do not hold it', async () => {
  world.launch('default', 'small', { startedBy: 'other-default-0-1-1' });
  await world.pass(MINUTE);
  expect(await ask()).toEqual({ kind: 'clear' });
});

test('neither does a cluster or a stack that is not there', async () => {
  expect(await ask('other')).toEqual({ kind: 'clear' });
  stack = { status: 400, body: refused('ValidationError', 'Stack with id ecs-runners-test does not exist') };
  expect(await ask()).toEqual({ kind: 'clear' });
});

test('what cannot be seen is not taken for nothing', async () => {
  world.ecs.setFaults({ accessDenied: 1 });
  expect(await ask()).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('AccessDenied') });
  stack = { status: 403, body: refused('AccessDenied', 'not authorized to perform cloudformation:DescribeStacks') };
  expect(await ask()).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('DescribeStacks') });
  stack = { status: 200, body: described('') };
  expect(await ask()).toEqual({ kind: 'unknown', reason: 'the stack ecs-runners-test has no output RunnerPrefix' });
});

function described(outputs: string): string {
  return `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member><StackName>ecs-runners-test</StackName><StackStatus>UPDATE_COMPLETE</StackStatus><CreationTime>2026-11-02T08:00:00Z</CreationTime><Outputs>${outputs}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
}

function refused(code: string, message: string): string {
  return `<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`;
}
