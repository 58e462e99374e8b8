/** The real command of a runner's container, on this machine: a folder as its image, a registrar that follows a script. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { bootstrapCommand } from '../../../infra/bootstrap.ts';

export const TICKET = 'a1'.repeat(32);
export const CREDENTIAL = 'b2'.repeat(32);
export const NAME = 'test-default-0-4711-1';
const RUNNER_FILE = Buffer.from('{"AgentName":"x"}').toString('base64');
export const JIT = Buffer.from(JSON.stringify({ '.runner': RUNNER_FILE })).toString('base64');
/** Less than a test may take, so that the test says what was missing, and takes its container away. */
const HEARD_MS_MAX = 45_000;

export type Call = { what: string; credential: string; body: Record<string, unknown> };
/** `cut`: the connection ends without an answer. */
export type Answer = { status: number; body?: unknown; headers?: Record<string, string>; delayMs?: number } | 'cut';
/** Answers by call, the last one again and again. */
export type Script = Partial<Record<'registration' | 'started' | 'idle', Answer[]>>;

export const REGISTERED: Answer = {
  status: 200,
  body: { jitConfig: JIT, reportCredential: CREDENTIAL, runnerName: `${NAME}-1` },
};

export type Registrar = {
  url: string;
  calls: Call[];
  /** Resolves when it has been asked for this so often; rejects when that has not happened in `HEARD_MS_MAX`. */
  heard: (what: string, times?: number) => Promise<void>;
  close: () => void;
};

export async function serveRegistrar(script: Script): Promise<Registrar> {
  const calls: Call[] = [];
  const left = structuredClone(script);
  const server = createServer(async (request, response) => {
    const [, name, what] = /^\/runners\/([^/]+)\/([^/]+)$/.exec(request.url ?? '') ?? [];
    if (name !== NAME || request.method !== 'POST') return void send(response, { status: 404 });
    calls.push({ what: what ?? '', credential: bearerOf(request), body: (await json(request)) as Call['body'] });
    const answers = left[what as keyof Script] ?? [{ status: 204 }];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return answer === 'cut' || answer === undefined ? request.socket.destroy() : void send(response, answer);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  const heard = async (what: string, times = 1) => {
    const giveUpAt = Date.now() + HEARD_MS_MAX;
    while (calls.filter((call) => call.what === what).length < times) {
      if (Date.now() > giveUpAt)
        throw new Error(`not asked ${times} times for ${what}, only: ${JSON.stringify(calls)}`);
      await sleep(5);
    }
  };
  return { url: `http://127.0.0.1:${port}`, calls, heard, close };
}

function bearerOf(request: IncomingMessage): string {
  return request.headers.authorization?.replace(/^Bearer /, '') ?? '';
}

async function send(
  response: ServerResponse,
  { status, body, headers, delayMs = 0 }: Exclude<Answer, 'cut'>,
): Promise<void> {
  await sleep(delayMs);
  response.writeHead(status, headers);
  response.end(body === undefined ? '' : JSON.stringify(body));
}

/** A folder laid out like an image's `/home/runner`. */
export function makeHome(files: Record<string, string>): string {
  const home = mkdtempSync(join(tmpdir(), 'runner-'));
  for (const folder of ['bin', 'externals/node20/bin', 'externals/node24/bin']) {
    mkdirSync(join(home, folder), { recursive: true });
  }
  symlinkSync(process.execPath, join(home, 'externals/node24/bin/node'));
  for (const [path, text] of Object.entries(files)) {
    writeFileSync(join(home, path), text);
    chmodSync(join(home, path), 0o755);
  }
  return home;
}

export type Container = {
  /** The lines so far, of all of its processes. */
  output: () => string[];
  /** Resolves when a line holds this text. */
  says: (text: string) => Promise<void>;
  /** SIGTERM, as StopTask sends it. */
  stop: () => void;
  ended: Promise<number | null>;
};

/** `speed`: how many times faster its timers and its clock go. */
export function startContainer(options: {
  home: string;
  url: string;
  speed?: number;
  environment?: Record<string, string>;
}): Container {
  const [command = '', ...rest] = bootstrapCommand();
  const child = spawn(command, rest, {
    env: {
      PATH: '/usr/bin:/bin',
      RUNNER_HOME: options.home,
      ECS_RUNNERS_NAME: NAME,
      ECS_RUNNERS_TICKET: TICKET,
      ECS_RUNNERS_URL: options.url,
      NODE_OPTIONS: `--require=${resolve('test/infra/runner/fast-time.cjs')}`,
      SPEED: String(options.speed ?? 20),
      ...options.environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = linesOf(child);
  const ended = new Promise<number | null>((done) => child.on('close', (code) => done(code)));
  const says = async (text: string) => {
    while (!output().some((line) => line.includes(text))) {
      if (child.exitCode !== null) throw new Error(`ended without "${text}":\n${output().join('\n')}`);
      await sleep(5);
    }
  };
  return { output, says, ended, stop: () => child.kill('SIGTERM') };
}

function linesOf(child: ChildProcess): () => string[] {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  }
  return () => text.split('\n').filter((line) => line !== '');
}

export function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

export function removeHome(home: string): void {
  rmSync(home, { recursive: true, force: true });
}
