import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { build } from '../../lib/cli/build.ts';
import { leftovers, queueJobs } from '../../lib/local/demonstration.ts';
import type { FunctionName } from '../../lib/local/functions.ts';
import { type Stack, startStack } from '../../lib/local/stack.ts';
import { parsePoolsFile } from '../../lib/pools-file.ts';

/** For a machine on which much else runs. */
jest.setTimeout(10 * 60_000);

const POOLS = `
pools:
  default: {labels: [self-hosted, ecs], cpu: 1024, memory: 2048, docker: dind, max: 5}
  deploy: {labels: [self-hosted, ecs-deploy], cpu: 1024, memory: 2048, docker: none, max: 5, repositories: ['octo-*/deploy-*'], register: repository}
`;

let stack: Stack;
const lines: string[] = [];

function pools() {
  const parsed = parsePoolsFile(POOLS, 'pools.yml');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.file;
}

beforeAll(async () => {
  const bundles = await build({ outdir: await mkdtemp(join(tmpdir(), 'ecs-runners-')) });
  const files = Object.fromEntries(bundles.map(({ name, file }) => [name, file])) as Record<FunctionName, string>;
  stack = await startStack({ pools: pools(), bundles: files, port: 0, speed: 50, log: (_, line) => lines.push(line) });
});
afterAll(() => stack.close());

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 50));
}

const completed = () => stack.github.control.jobs().filter(({ state }) => state === 'completed').length;

test('functions that are killed twice in the middle of it leave no job undone and nothing behind', async () => {
  const ids = queueJobs(stack.github, pools(), 12);
  await until(async () => (await stack.state()).tasks.length > 0);
  await stack.killFunctions();
  await until(() => completed() >= 3);
  await stack.killFunctions();
  await until(async () => completed() === ids.length && (await leftovers(stack)).length === 0);
  const results = stack.github.control.jobs().map(({ conclusion, repo }) => [conclusion, repo]);
  expect(new Set(results.map(String))).toEqual(new Set(['success,hello-world', 'success,deploy-demo']));
});

test('the state shows what runs, by pool, and nothing secret', async () => {
  const [job] = queueJobs(stack.github, pools(), 1);
  let shown = await stack.state();
  await until(async () => {
    shown = await stack.state();
    return (
      shown.runners.some(({ state }) => state === 'busy') &&
      shown.tasks.some(({ lastStatus }) => lastStatus === 'RUNNING')
    );
  });
  expect(shown.jobs).toEqual([expect.objectContaining({ id: job, pool: 'default', state: expect.any(String) })]);
  expect(shown.runners).toEqual([expect.objectContaining({ pool: 'default', state: 'busy', jobId: job })]);
  expect(shown.tasks).toEqual([expect.objectContaining({ pool: 'default', startedBy: shown.runners[0]?.name })]);
  const served = await (await fetch(`${stack.addresses.api}/api/state`)).text();
  expect(served + JSON.stringify(shown)).not.toMatch(/ticket|TICKET/);
  await until(async () => (await leftovers(stack)).length === 0);
});

test('nothing that was logged holds a secret', () => {
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.join('\n')).not.toContain(stack.webhookSecret);
});
