import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { CannotStart } from '../../lib/cli/start/errors.ts';
import { parseOptions } from '../../lib/cli/start/options.ts';

jest.setTimeout(60_000);

const root = fileURLToPath(new URL('../..', import.meta.url));
const running: ChildProcess[] = [];
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ecs-runners-'));
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

function start(...options: string[]): {
  child: ChildProcess;
  ended: Promise<{ code: number | null; out: string; err: string }>;
} {
  const child = spawn(process.execPath, ['lib/cli/start.ts', ...options], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return { child, ended: once(child, 'close').then(([code]) => ({ code: code as number | null, out, err })) };
}

async function readyFile(name: string, ended: Promise<unknown>): Promise<Record<string, string>> {
  const file = join(directory, name);
  let over = false;
  void ended.then(() => {
    over = true;
  });
  while (!over) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return JSON.parse(text) as Record<string, string>;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it ended before it was ready');
}

const refused: [options: string[], line: RegExp][] = [
  [['--jobs', 'many'], /'--jobs <N>' argument 'many' is invalid.*whole number/],
  [['--port', '70000'], /whole number from 0 to 65535/],
  [['--speed', '0'], /must be a number above 0/],
  [['--fast'], /unknown option '--fast'/],
  [['extra'], /too many arguments/],
  [['--jobs', '-1'], /whole number from 0/],
  [['--pools'], /argument missing/],
];

test.each(refused)('%j is refused in one line', (options, line) => {
  const parsing = () => parseOptions(['node', 'start', ...options]);
  expect(parsing).toThrow(line);
  expect(parsing).toThrow(/^.*$/);
  expect(parsing).toThrow(CannotStart);
});

test('what is refused is one line, and exit 2', async () => {
  const { code, out, err } = await start('--pools', 'nowhere.yml').ended;
  expect([code, out, err]).toEqual([2, '', expect.stringMatching(/^cannot read nowhere\.yml.*\n$/)]);
});

test('the defaults', () => {
  const defaults = { jobs: 20, once: false, pools: 'pools.yml', port: 8080, speed: 10, verbose: false };
  expect(parseOptions(['node', 'start'])).toEqual(defaults);
});

test('a pools file with problems: all of them, exit 2', async () => {
  const file = join(directory, 'pools.yml');
  await writeFile(file, 'pools:\n  a: {labels: [x], cpu: 1, memory: 1, docker: none, max: 0}\n');
  const { code, err } = await start('--pools', file).ended;
  expect(code).toBe(2);
  expect(err).toContain('pools.a.cpu');
  expect(err).toContain('pools.a.max');
});

test('a busy port: one line that says what to do, exit 2, nothing left running', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const { code, err } = await start('--port', String(port)).ended;
  server.close();
  expect([code, err]).toEqual([2, `port ${port} is busy: choose another with --port, or any free one with --port 0\n`]);
});

test('--help says what there is and starts nothing', async () => {
  const { code, out } = await start('--help').ended;
  expect(code).toBe(0);
  for (const option of ['--jobs', '--once', '--pools', '--port', '--speed', '--ready']) expect(out).toContain(option);
});

test('--once runs the demonstration, leaves nothing behind and ends with 0', async () => {
  const { code, out, err } = await start('--once', '--jobs', '4', '--port', '0', '--speed', '100').ended;
  expect(err).toBe('');
  expect(code).toBe(0);
  expect(out.match(/│ success │/g)).toHaveLength(4);
  expect(out).toContain('Nothing is left behind.');
});

test('--once without jobs ends at once', async () => {
  expect(await start('--once', '--jobs', '0', '--port', '0').ended).toMatchObject({ code: 0, err: '' });
});

test('--ready names what listens; a signal ends everything', async () => {
  const file = join(directory, 'ready.json');
  await writeFile(file, 'of an earlier run');
  const { child, ended } = start('--jobs', '0', '--port', '0', '--ready', file);
  while ((await readFile(file, 'utf8').catch(() => '')) === 'of an earlier run') {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const ready = await readyFile('ready.json', ended);
  expect(Object.keys(ready)).toEqual(['api', 'github', 'ecs', 'sqs', 'dynamodb', 'webhookSecret']);
  const state = (await (await fetch(`${ready['api']}/api/state`)).json()) as unknown;
  expect(state).toEqual({
    jobs: [],
    runners: [],
    tasks: [],
    queue: { visible: 0, inFlight: 0, delayed: 0, deadLetters: 0 },
    faults: {},
  });
  const unsigned = await fetch(`${ready['api']}/webhook`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  });
  expect(unsigned.status).toBe(401);
  child.kill('SIGTERM');
  expect((await ended).code).toBe(0);
  await expect(fetch(`${ready['api']}/`)).rejects.toThrow();
  await expect(access(`${file}.${child.pid}.unfinished`)).rejects.toThrow('ENOENT');
});
