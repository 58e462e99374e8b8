import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { type Bundle, build } from '../../lib/cli/build.ts';
import { createFunction } from '../../lib/local/lambda.ts';
import { type LocalQueue, startQueue } from '../../lib/local/queue.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const closing: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0)) await one.close();
});

/** Imports find the packages of this project, wherever the entry file lies. */
async function bundleOf(source: string): Promise<{ outdir: string; bundle: Bundle }> {
  const outdir = await mkdtemp(join(tmpdir(), 'ecs-runners-'));
  const entry = join(outdir, 'stand-in.ts');
  await writeFile(entry, source.replaceAll("from '@", `from '${root}node_modules/@`));
  const [bundle] = await build({ outdir, functions: { standin: entry } });
  if (bundle === undefined) throw new Error('no bundle');
  return { outdir, bundle };
}

const SENDS = `
  import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs/dist-es/index.js';
  const client = new SQSClient({});
  export async function handler(event: { body: string }) {
    const { MessageId } = await client.send(
      new SendMessageCommand({ QueueUrl: process.env['QUEUE_URL'], MessageBody: event.body }),
    );
    return typeof MessageId;
  }`;

async function aQueue(): Promise<LocalQueue> {
  const queue = await startQueue({ time: { originMs: 0, speed: 1 } });
  closing.push(queue);
  return queue;
}

test('a bundle of the AWS SDK runs as a function, against the address in its environment', async () => {
  const [{ bundle }, queue] = await Promise.all([bundleOf(SENDS), aQueue()]);
  const environment = { AWS_ENDPOINT_URL_SQS: queue.endpoint, QUEUE_URL: queue.queueUrl };
  const time = { originMs: 0, speed: 1 };
  const settings = { name: 'standin', timeoutSeconds: 30, concurrency: 1, time, log: () => {} };
  const lambda = createFunction({ ...settings, bundle: bundle.file, environment });
  closing.push(lambda);
  expect(await lambda.invoke({ body: 'look' })).toEqual({ ok: true, payload: 'string' });
  expect(await queue.counts()).toMatchObject({ visible: 1 });
});

test("the zip's folder holds the bundle alone, and the chain of credential providers is not in it", async () => {
  const { outdir, bundle } = await bundleOf(SENDS);
  expect(await readdir(join(outdir, 'standin'))).toEqual(['index.mjs']);
  const meta = await readFile(join(outdir, 'meta', 'standin.json'), 'utf8');
  expect(meta).toContain('lib/live/lambda-credentials.ts');
  expect(meta).not.toMatch(/credential-provider-(ini|sso|http|process)/);
  expect(bundle.bytes).toBe((await readFile(bundle.file)).length);
});

test('the functions are as small as they should be, and zod is in none of them', async () => {
  const outdir = await mkdtemp(join(tmpdir(), 'ecs-runners-'));
  for (const { name, bytes } of await build({ outdir })) {
    expect([name, bytes <= (name === 'webhook' ? 300_000 : 500_000)]).toEqual([name, true]);
    const meta = await readFile(join(outdir, 'meta', `${name}.json`), 'utf8');
    expect(meta).not.toMatch(/node_modules\/zod\/v4\/classic/);
  }
});

test('what cannot be built is said', async () => {
  await expect(bundleOf("import { x } from './missing.ts'; export const handler = x;")).rejects.toThrow('missing.ts');
});
