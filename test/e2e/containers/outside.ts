/**
 * What a runner's container speaks to: a registrar that follows a script, and GitHub's side of the stand-in for the runner,
 * which also brings the steps of the job into it.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ended } from '../command.ts';
import { until } from '../until.ts';
import { INTERNET } from './networks.ts';

export type Call = { what: string; credential: string; body: Record<string, unknown> };
export type Answer = { status: number; body?: unknown; headers?: Record<string, string> };

/** One runner, as the outside knows it. */
export type Runner = {
  name: string;
  ticket: string;
  reportCredential: string;
  jitConfig: string;
  /** In the JIT configuration; in no environment of a job, in no log. */
  jitSecret: string;
  calls: Call[];
  /** Answers instead of the usual one. */
  answer: (call: Call) => Answer | undefined;
  /** Its listener has connected; a job is given to it; a worker asks for steps. */
  connected: boolean;
  hasJob: boolean;
  working: boolean;
  jobOver: boolean;
  finished: boolean;
  steps: { id: number; script: string; result: (ended: Ended) => void }[];
};

export type Outside = {
  registrar: RequestListener;
  github: RequestListener;
  add: (name: string, workFolder: string) => Runner;
};

export function outside(): Outside {
  const runners = new Map<string, Runner>();
  return {
    add: (name, workFolder) => {
      const runner = newRunner(name, workFolder);
      runners.set(name, runner);
      return runner;
    },
    registrar: async (request, response) => {
      const [, name = '', what = ''] = /^\/runners\/([^/]+)\/(\w+)$/.exec(request.url ?? '') ?? [];
      const runner = runners.get(name);
      const text = await textOf(request);
      if (runner === undefined) return send(response, { status: 404 });
      const credential = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
      const call = { what, credential, body: JSON.parse(text || '{}') as Record<string, unknown> };
      runner.calls.push(call);
      send(response, runner.answer(call) ?? usualAnswer(runner, call));
    },
    github: async (request, response) => {
      const [, agent = '', what = '', id] = /^\/runners\/([^/]+)-1\/(\w+)(?:\/(\d+))?$/.exec(request.url ?? '') ?? [];
      const runner = runners.get(agent);
      const text = await textOf(request);
      send(response, runner === undefined ? { status: 404 } : serveListener(runner, what, Number(id), text));
    },
  };
}

const NOTHING_YET: Answer = { status: 202 };

function newRunner(name: string, workFolder: string): Runner {
  const jitSecret = randomBytes(24).toString('hex');
  const files = {
    '.runner': { agentName: `${name}-1`, serverUrl: `http://${INTERNET.github}`, workFolder },
    '.credentials': { secret: jitSecret },
  };
  const encoded = Object.entries(files).map(([file, value]) => [file, base64(JSON.stringify(value))]);
  return {
    name,
    ticket: randomBytes(32).toString('hex'),
    reportCredential: randomBytes(32).toString('hex'),
    jitConfig: base64(JSON.stringify(Object.fromEntries(encoded))),
    jitSecret,
    calls: [],
    answer: () => undefined,
    connected: false,
    hasJob: false,
    working: false,
    jobOver: false,
    finished: false,
    steps: [],
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function usualAnswer(runner: Runner, { what, credential }: Call): Answer {
  const expected = what === 'registration' ? runner.ticket : runner.reportCredential;
  if (credential !== expected) return { status: 401, body: { reason: 'not the credential of this runner' } };
  if (what === 'started') return { status: 204 };
  if (what === 'idle') return { status: 200, body: { answer: 'stay', reason: 'a job is queued' } };
  const { name, jitConfig, reportCredential } = runner;
  return { status: 200, body: { jitConfig, reportCredential, runnerName: `${name}-1` } };
}

/** The listener first, then the worker; each asks again and again. */
function serveListener(runner: Runner, what: string, id: number, text: string): Answer {
  if (what === 'connect') {
    runner.connected = text.includes(runner.jitSecret);
    return { status: runner.connected ? 201 : 403 };
  }
  if (what === 'message') return runner.hasJob ? { status: 200 } : NOTHING_YET;
  if (what === 'finished') {
    runner.finished = true;
    return { status: 204 };
  }
  runner.working = true;
  if (Number.isInteger(id)) {
    const index = runner.steps.findIndex((step) => step.id === id);
    runner.steps.splice(index, 1)[0]?.result(JSON.parse(text) as Ended);
    return { status: 204 };
  }
  const next = runner.steps.find((step) => !given.has(step));
  if (next === undefined) return { status: runner.jobOver ? 410 : 202 };
  given.add(next);
  return { status: 200, body: { id: next.id, script: next.script } };
}

const given = new WeakSet<object>();
let steps = 0;

/** Longer than any step takes on a busy machine: one that hangs must not hold the whole run. */
const STEP_SECONDS_MAX = 180;

/** Runs a script as a step of the runner's job, as the runner's user; gives how it ended. */
export async function step(runner: Runner, script: string): Promise<Ended> {
  steps += 1;
  const id = steps;
  const late = new AbortController();
  const tooLong = sleep(STEP_SECONDS_MAX * 1000, undefined, { signal: late.signal, ref: false }).then(() => {
    throw new Error(`a step of ${runner.name} does not end: ${script}`);
  });
  const ended = new Promise<Ended>((result) => void runner.steps.push({ id, script, result }));
  try {
    return await Promise.race([ended, tooLong]);
  } finally {
    tooLong.catch(() => undefined);
    late.abort();
  }
}

/** Gives it a job, and waits until its first step could begin. */
export async function startJob(runner: Runner, secondsMax: number): Promise<void> {
  runner.hasJob = true;
  await until(`${runner.name} works`, secondsMax, () => runner.working);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
}
