/** The real action as the process that GitHub's runner starts, and a credentials endpoint that follows a script. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

const FOLDER = 'actions/task-role';
const PATH = '/v2/credentials/0b7a3c1e-secret-path';

export const KEY = 'ASIAIOSFODNN7EXAMPLE';
export const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
export const TOKEN = 'IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJHMEUCIQ%3D==';
export const ROLE = 'arn:aws:iam::123456789012:role/deploy';

/** In minutes from now, as the agent writes it. */
export function expiration(minutes: number): string {
  return new Date(Date.now() + minutes * 60_000).toISOString().replace(/\.\d+Z$/, 'Z');
}

export function credentials(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    RoleArn: ROLE,
    AccessKeyId: KEY,
    SecretAccessKey: SECRET,
    Token: TOKEN,
    Expiration: expiration(355.5),
    ...overrides,
  };
}

/** `cut`: the connection ends without an answer. `silence`: none comes. `half`: it ends in the middle of one. */
export type Answer = { status: number; body?: unknown; headers?: Record<string, string> } | 'cut' | 'silence' | 'half';
export type Endpoint = { port: number; url: string; requests: IncomingMessage[]; close: () => void };

/** Answers in this order, the last one again and again. */
export async function serveCredentials(script: readonly Answer[]): Promise<Endpoint> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    const answer = script[Math.min(requests.length, script.length) - 1];
    if (answer !== undefined) send(response, answer);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { port, url: `http://127.0.0.1:${port}${PATH}`, requests, close };
}

function send(response: ServerResponse, answer: Answer): void {
  if (answer === 'silence') return;
  if (answer === 'cut') return void response.socket?.destroy();
  if (answer === 'half') {
    response.writeHead(200, { 'content-length': '1000' });
    return void response.write('{', () => response.socket?.destroy());
  }
  response.writeHead(answer.status, answer.headers);
  response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
}

export type Step = {
  code: number | null;
  stdout: string[];
  stderr: string;
  /** As the runner reads the files. */
  outputs: Record<string, string>;
  variables: Record<string, string>;
};

/**
 * `with` as in a workflow; the runner fills in the defaults of action.yml. `speed`: how many times faster its timers go, where it
 * has to wait; then it also has patience for so much less.
 */
export async function runStep(options: {
  with?: Record<string, string>;
  environment: Record<string, string | undefined>;
  speed?: number;
}): Promise<Step> {
  const { inputs, runs } = parse(readFileSync(join(FOLDER, 'action.yml'), 'utf8')) as Action;
  const folder = mkdtempSync(join(tmpdir(), 'step-'));
  const files = { GITHUB_OUTPUT: join(folder, 'output'), GITHUB_ENV: join(folder, 'env') };
  for (const file of Object.values(files)) writeFileSync(file, 'earlier=1\n');
  const defaults = Object.entries(inputs).map(([name, input]) => [inputName(name), input.default]);
  const wishes = Object.entries(options.with ?? {}).map(([name, value]) => [inputName(name), value]);
  const preloads = ['test/infra/runner/fast-time.cjs', 'test/actions/link-local.cjs'];
  const child = spawn(process.execPath, [join(FOLDER, runs.main)], {
    env: {
      ...Object.fromEntries([...defaults, ...wishes]),
      ...files,
      NODE_OPTIONS: preloads.map((file) => `--require=${resolve(file)}`).join(' '),
      SPEED: String(options.speed ?? 1),
      ...options.environment,
    },
  });
  const [stdout, stderr, code] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    new Promise<number | null>((done) => child.on('close', done)),
  ]);
  const step = { code, stdout: stdout.split('\n').slice(0, -1), stderr };
  const read = { outputs: entriesOf(files.GITHUB_OUTPUT), variables: entriesOf(files.GITHUB_ENV) };
  rmSync(folder, { recursive: true });
  return { ...step, ...read };
}

type Action = { inputs: Record<string, { default: string }>; runs: { main: string } };

function inputName(name: string): string {
  return `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`;
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}

/** The file format of the runner (its FileCommandManager): `name=value`, or `name<<end`, lines, `end`. */
function entriesOf(file: string): Record<string, string> {
  const lines = readFileSync(file, 'utf8').split('\n');
  const entries: Record<string, string> = {};
  while (lines.length > 0) {
    const line = lines.shift() ?? '';
    const [, name = '', delimiter] = /^([^=]*?)<<(.+)$/.exec(line) ?? [];
    if (delimiter === undefined) {
      const [key = '', value] = line.split('=');
      if (key !== '') entries[key] = value ?? '';
      continue;
    }
    const end = lines.indexOf(delimiter);
    if (end < 0) throw new Error(`no line "${delimiter}" after ${name}`);
    entries[name] = lines.splice(0, end).join('\n');
    lines.shift();
  }
  return entries;
}
