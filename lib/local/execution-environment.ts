/** One execution environment: a process that holds one function and works on one invocation at a time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type InvocationResult, type RuntimeApi, type RuntimeError, serveRuntimeApi } from './runtime-api.ts';

export type EnvironmentOptions = {
  functionArn: string;
  /** The function's whole environment, but for the address of its Runtime API. */
  variables: Readonly<Record<string, string>>;
  nodeArguments: readonly string[];
  /** Real seconds from the hand-over of an event. */
  timeoutSeconds: number;
  log: (line: string) => void;
};

export type ExecutionEnvironment = {
  /** Never more than one at a time. Never throws. */
  invoke(event: string): Promise<InvocationResult>;
  /** Whether it can take another invocation. */
  alive(): boolean;
  /** SIGKILL; resolved when the process is gone. A running invocation fails. */
  kill(): Promise<void>;
};

/** Lambda gives the init phase 10 s (Lambda docs: "Lambda execution environment lifecycle"). */
const INIT_SECONDS_MAX = 10;

type Running = { requestId: string; finish: (result: InvocationResult) => void };

export async function startEnvironment(options: EnvironmentOptions): Promise<ExecutionEnvironment> {
  let running: Running | undefined;
  let initError: RuntimeError | undefined;
  let alive = true;
  const finish = (result: InvocationResult): void => {
    const { finish: resolve } = running ?? {};
    running = undefined;
    resolve?.(result);
  };
  const api = await serveRuntimeApi({
    answered: (requestId, result) => {
      // The runtime's own last words; it ends itself right after them.
      if (!result.ok && result.error.errorType.startsWith('Runtime.')) alive = false;
      if (running?.requestId === requestId) finish(result);
    },
    initFailed: (error) => {
      initError = error;
    },
  });
  const child = startProcess(options, api);
  const ended = new Promise<void>((resolve) => {
    child.once('close', (code, signal) => {
      alive = false;
      api.close();
      if (running !== undefined) finish(exitFailure(running.requestId, initError, code, signal));
      resolve();
    });
  });
  const kill = (): Promise<void> => {
    alive = false;
    child.kill('SIGKILL');
    return ended;
  };

  return {
    alive: () => alive,
    kill,
    invoke: async (event) => {
      const requestId = randomUUID();
      const result = new Promise<InvocationResult>((resolve) => {
        running = { requestId, finish: resolve };
      });
      const timeOut = (seconds: number): NodeJS.Timeout =>
        setTimeout(() => {
          finish(timedOut(requestId, seconds));
          void kill();
        }, seconds * 1000);
      let timer = timeOut(INIT_SECONDS_MAX);
      const { functionArn, timeoutSeconds } = options;
      api.hand({ requestId, event, functionArn, timeoutMs: timeoutSeconds * 1000 }, () => {
        clearTimeout(timer);
        timer = timeOut(timeoutSeconds);
      });
      if (!alive) finish(exitFailure(requestId, initError, null, 'SIGKILL'));
      return result.finally(() => clearTimeout(timer));
    },
  };
}

function startProcess(options: EnvironmentOptions, api: RuntimeApi): ChildProcess {
  const runtime = fileURLToPath(new URL('./runtime.mjs', import.meta.url));
  const child = spawn(process.execPath, [...options.nodeArguments, runtime], {
    env: { ...options.variables, AWS_LAMBDA_RUNTIME_API: api.address },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', options.log);
  return child;
}

function timedOut(requestId: string, seconds: number): InvocationResult {
  const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`;
  return { ok: false, error: { errorType: 'Sandbox.Timedout', errorMessage } };
}

function exitFailure(
  requestId: string,
  initError: RuntimeError | undefined,
  code: number | null,
  signal: NodeJS.Signals | null,
): InvocationResult {
  if (initError !== undefined) return { ok: false, error: initError };
  const how = signal === null ? `exit status ${code}` : `signal: ${signal === 'SIGKILL' ? 'killed' : signal}`;
  const errorMessage = `RequestId: ${requestId} Error: Runtime exited with error: ${how}`;
  return { ok: false, error: { errorType: 'Runtime.ExitError', errorMessage } };
}
