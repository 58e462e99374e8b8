/** What is deployed: the bundles themselves, run as Lambda runs them. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { BUNDLE_LIMITS } from '../lib/cli/bench/targets.ts';
import { type Bundle, build, DEPLOYED_FUNCTIONS, FUNCTIONS } from '../lib/cli/build.ts';
import { ALL_SETTINGS, WEBHOOK_SETTINGS } from '../lib/handlers/settings.ts';
import { functionVariables } from '../lib/local/functions.ts';
import { createFunction, type InvokeResult } from '../lib/local/lambda.ts';

let outdir: string;
let bundles: Map<string, Bundle>;
beforeAll(async () => {
  outdir = await mkdtemp(join(tmpdir(), 'ecs-runners-'));
  bundles = new Map((await build({ outdir })).map((bundle) => [bundle.name, bundle]));
});
afterAll(() => rm(outdir, { recursive: true }));

test.each(FUNCTIONS)('%s is within its budget', (name) => {
  const kilobytesMax = BUNDLE_LIMITS[name]?.kilobytes ?? 0;
  expect((bundles.get(name)?.bytes ?? Number.NaN) / 1000).toBeLessThanOrEqual(kilobytesMax);
});

/** Files that cost a cold start and that no function needs, or that must not be there at all. */
const UNWANTED: { name: string; path: RegExp }[] = [
  { name: 'full zod, where zod/mini is enough', path: /node_modules\/zod\/(index|v3\/|v4\/(index|classic|locales))/ },
  { name: 'the whole chain of AWS credentials', path: /@aws-sdk\/credential-provider-/ },
  { name: 'a client for what one signed call does', path: /@aws-sdk\/client-ssm/ },
  { name: 'event streams, which no operation uses', path: /@smithy\/core\/.*\/event-streams\// },
  { name: 'YAML: pools are read before they are deployed', path: /node_modules\/yaml\// },
  { name: 'anything simulated, local or of the tests', path: /^(lib\/(sim|local|cli)|test)\// },
];

test.each(DEPLOYED_FUNCTIONS.flatMap((name) => UNWANTED.map((unwanted) => ({ function: name, ...unwanted }))))(
  '$function does not contain $name',
  async ({ function: name, path }) => {
    const files = await contents(name);
    expect(files).toContain(`functions/${name}.ts`);
    expect(files.filter((file) => path.test(file))).toEqual([]);
  },
);

/** What of each file is left in the bundle, by esbuild's own account. */
async function contents(name: string): Promise<string[]> {
  type Meta = { outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }> }> };
  const meta: Meta = JSON.parse(await readFile(join(outdir, 'meta', `${name}.json`), 'utf8'));
  const inputs = Object.values(meta.outputs).flatMap((output) => Object.entries(output.inputs));
  return inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
}

const nowhere = 'http://127.0.0.1:9';
const complete = functionVariables({
  deployment: 'ecs-runners-test',
  registrarUrl: nowhere,
  githubUrl: nowhere,
  ecsEndpoint: nowhere,
  stsEndpoint: nowhere,
  cluster: 'runners',
  prefix: 'test',
  parametersPath: '/ecs-runners/test',
  parametersEndpoint: nowhere,
  queue: { endpoint: nowhere, queueUrl: `${nowhere}/000000000000/demand` },
  tables: { endpoint: nowhere, names: { history: 'history', backlog: 'backlog', runners: 'runners' } },
});

/** In a fresh process, with nothing of this one's environment. */
async function invoked(name: string, environment: Record<string, string>, event: unknown): Promise<InvokeResult> {
  const lambda = createFunction({
    name,
    bundle: bundles.get(name)?.file ?? '',
    environment,
    timeoutSeconds: 30,
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

const EVENTS: Record<(typeof FUNCTIONS)[number], unknown> = {
  webhook: { rawPath: '/webhook', headers: {}, body: '{}', isBase64Encoded: false },
  scaler: { Records: [] },
  registrar: {
    rawPath: '/runners/test-default-0-1-1/idle',
    headers: { authorization: `Bearer ${'0'.repeat(64)}` },
    isBase64Encoded: false,
    pathParameters: { name: 'test-default-0-1-1' },
  },
  janitor: {},
};

test.each(FUNCTIONS)('%s loads in a fresh process and gets as far as asking for its parameters', async (name) => {
  expect(await invoked(name, complete, EVENTS[name])).toEqual({
    ok: false,
    error: expect.objectContaining({
      errorType: 'Error',
      errorMessage: expect.stringMatching(/^reading parameters from SSM: .*ECONNREFUSED/),
    }),
  });
});

test.each(FUNCTIONS)('%s without its variables says in one error which ones are missing', async (name) => {
  const result = await invoked(name, {}, EVENTS[name]);
  const { errorMessage } = (result as { error: { errorMessage: string } }).error;
  const [, named = ''] = /^The function's environment is not complete: (.*)\.$/.exec(errorMessage) ?? [];
  // Lambda itself sets the region.
  const own = (name === 'webhook' ? WEBHOOK_SETTINGS : ALL_SETTINGS).filter((setting) => setting !== 'AWS_REGION');
  expect(named.split('; ').map((problem) => problem.replace(/ is not set .*/, ''))).toEqual(own);
});
