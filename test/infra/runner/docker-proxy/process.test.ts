/** The proxy as it runs: minified, a process of its own, on every socket that it is told. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildSync } from 'esbuild';

type Call = { method: string; url: string; body: string };

const LABELS = { 'ecs-runners.task': 'r' };
let folder: string;
let daemon: Server;
let proxy: ChildProcess;
let said = '';
const calls: Call[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'proxy-'));
  daemon = createServer(async (asked, answer) => {
    calls.push({ method: asked.method ?? '', url: asked.url ?? '', body: await textOf(asked) });
    answer.statusCode = 201;
    answer.end('{"Id":"1"}');
  });
  await new Promise<void>((resolve) => daemon.listen(path('daemon'), resolve));
  // What somebody who was killed has left.
  writeFileSync(path('two'), '');
  const options = {
    listen: [path('one'), path('two')],
    upstream: path('daemon'),
    environment: { AWS_REGION: 'eu-central-1' },
    labels: LABELS,
    owner: { uid: process.getuid?.(), gid: process.getgid?.() },
    mode: 0o660,
  };
  proxy = spawn(process.execPath, ['-e', bundle(), JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve) =>
    proxy.stdout?.on('data', (piece) => {
      said += piece;
      if (said.includes('\n')) resolve();
    }),
  );
});
afterAll(() => {
  proxy.kill('SIGKILL');
  daemon.closeAllConnections();
  daemon.close();
  rmSync(folder, { recursive: true });
});

const path = (name: string) => join(folder, `${name}.sock`);

/** As infra/bootstrap.ts makes it, for the oldest Node.js that a runner may have. */
function bundle(): string {
  const entry = join(process.cwd(), 'infra/runner/docker-proxy.ts');
  const { outputFiles } = buildSync({
    stdin: {
      contents: `import { proxyMain } from ${JSON.stringify(entry)}; proxyMain(process.argv[1]);`,
      resolveDir: '.',
    },
    bundle: true,
    write: false,
    minify: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    supported: { 'template-literal': false },
  });
  return outputFiles[0]?.text ?? '';
}

async function textOf(message: IncomingMessage): Promise<string> {
  return Buffer.concat(await message.toArray()).toString();
}

function create(socketPath: string, target: string, content: object): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path: target, method: 'POST', agent: false })
      .on('response', async (answer) => resolve({ status: answer.statusCode ?? 0, text: await textOf(answer) }))
      .on('error', reject)
      .end(JSON.stringify(content));
  });
}

test('it says when it listens, and nothing else', () => {
  expect(said).toBe('ready\n');
});

test.each(['one', 'two'])('the socket %s belongs to whom it shall', (name) => {
  const { mode, uid } = statSync(path(name));
  expect(mode & 0o777).toBe(0o660);
  expect(uid).toBe(process.getuid?.());
});

test.each(['one', 'two'])(
  'through %s: a volume that a container names is there before, with our labels',
  async (name) => {
    calls.length = 0;
    const container = { Image: 'a', HostConfig: { Binds: ['v:/v', '/p:/p'], VolumeDriver: 'd' } };
    const answer = await create(path(name), '/v1.41/containers/create?name=x', container);
    expect(answer).toEqual({ status: 201, text: '{"Id":"1"}' });
    expect(calls.map(({ method, url, body }) => [method, url, JSON.parse(body)])).toEqual([
      ['POST', '/v1.41/volumes/create', { Name: 'v', Driver: 'd', Labels: LABELS }],
      ['POST', '/v1.41/containers/create?name=x', { ...container, Env: ['AWS_REGION=eu-central-1'], Labels: LABELS }],
    ]);
  },
);

test.each(['networks', 'volumes'])('%s get labels, and no variables', async (kind) => {
  calls.length = 0;
  await create(path('one'), `/${kind}/create`, { Name: 'n' });
  expect(calls.map(({ body }) => JSON.parse(body))).toEqual([{ Name: 'n', Labels: LABELS }]);
});

test('it holds no template of CloudFormation’s, and is small', () => {
  expect(bundle()).not.toContain('${');
  expect(bundle().length).toBeLessThan(10_500);
});
