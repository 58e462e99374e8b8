/** The removal guard as it is deployed: its bundle in a process of its own, over the wire, as CloudFormation asks it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Bundle, build } from '../lib/cli/build.ts';
import { serveEcs } from '../lib/local/ecs.ts';
import { createFunction } from '../lib/local/lambda.ts';
import type { StackAnswer } from '../lib/world.ts';
import { serveAutoScaling } from './support/auto-scaling-server.ts';
import { aCapacityWorld, type CapacityWorld } from './support/guarded-capacity.ts';
import { aRequest } from './support/guarded-stack.ts';

/** It is asked a few times a year: its size is no one's time, but it should not grow by accident. */
const KILOBYTES_MAX = 300;

let outdir: string;
let bundle: Bundle;
beforeAll(async () => {
  outdir = await mkdtemp(join(tmpdir(), 'ecs-runners-'));
  const functions = { guard: join(import.meta.dirname, '../functions/guard.ts') };
  [bundle] = (await build({ outdir, functions })) as [Bundle];
});
afterAll(() => rm(outdir, { recursive: true }));

test('the guard is small', () => {
  expect(bundle.bytes / 1000).toBeLessThanOrEqual(KILOBYTES_MAX);
});

test('it refuses to let a stack go while a runner lives, and then lets it go', async () => {
  const world = aCapacityWorld();
  const taskArn = world.launch('default', 'small');
  expect(await answered(world)).toMatchObject({ Status: 'FAILED', Reason: expect.stringMatching(/^1 runner lives/) });
  expect(world.autoScaling.deleteGroup('group-small')).toBe('stuck');
  world.ecs.call('StopTask', { cluster: 'runners', task: taskArn });
  await world.pass(60_000);
  expect(await answered(world)).toMatchObject({ Status: 'SUCCESS' });
  expect(world.autoScaling.deleteGroup('group-small')).toBe('deleted');
});

async function answered(world: CapacityWorld): Promise<StackAnswer> {
  const ecs = await serveEcs({ service: world.ecs, port: 0 });
  const autoScaling = await serveAutoScaling(world.autoScaling);
  const answers: StackAnswer[] = [];
  const bucket = createServer(async (request, response) => {
    answers.push(JSON.parse(await text(request)));
    response.end();
  });
  try {
    const variables = { AWS_ENDPOINT_URL_ECS: ecs.url, AWS_ENDPOINT_URL_AUTO_SCALING: autoScaling.url };
    const request = aRequest({ RequestType: 'Delete', PhysicalResourceId: 'x', ResponseURL: await listen(bucket) });
    expect(await asked(variables, request)).toMatchObject({ ok: true });
  } finally {
    await ecs.close();
    await autoScaling.close();
    bucket.close();
  }
  const [answer] = answers;
  if (answer === undefined || answers.length > 1) throw new Error(`${answers.length} answers`);
  return answer;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer`;
}

/** With nothing but what Lambda itself sets, and where the services are. */
async function asked(environment: Record<string, string>, event: unknown) {
  const lambda = createFunction({
    name: 'guard',
    bundle: bundle.file,
    environment,
    timeoutSeconds: 120,
    concurrency: 1,
    time: { originMs: 0, speed: 1 },
    log: () => {},
  });
  try {
    return await lambda.invoke(event);
  } finally {
    await lambda.close();
  }
}
