/** Runs a function's bundle the way Lambda does: processes started on demand, kept warm, one invocation at a time each. */
import { dirname } from 'node:path';
import { type ExecutionEnvironment, startEnvironment } from './execution-environment.ts';
import type { InvocationResult } from './runtime-api.ts';
import { lensArguments, lensEnvironment, type SharedTime } from './shared-time.ts';

export type FunctionOptions = {
  name: string;
  /** The bundle's file, `…/index.mjs`; its export `handler` is called. */
  bundle: string;
  /** The function's own variables. Of this process's environment it sees PATH and the extra certificates only. */
  environment: Readonly<Record<string, string>>;
  /** Real seconds, whatever the speed: computing does not get faster. */
  timeoutSeconds: number;
  /** The most environments at a time (reserved concurrency). */
  concurrency: number;
  time: SharedTime;
  /** A line of the function's output. */
  log: (line: string) => void;
};

/** `throttled`: all environments are busy, and nothing was done. */
export type InvokeResult =
  | InvocationResult
  | { ok: false; throttled: true; error: { errorType: string; errorMessage: string } };

export type LocalFunction = {
  /** At once or not at all, as Lambda does it. Never throws. */
  invoke(event: unknown): Promise<InvokeResult>;
  /** Waits for a free environment, so that a burst on one machine is slow and not refused; throttled past WAITING_MAX. */
  invokeWaiting(event: unknown): Promise<InvokeResult>;
  /** The environments that work on an invocation now. */
  working(): Pick<ExecutionEnvironment, 'kill'>[];
  /** Ends all environments at once; running invocations fail, and the next one starts a fresh environment. */
  kill(): Promise<void>;
  /** Like `kill`, and nothing starts afterwards. */
  close(): Promise<void>;
};

/** Invocations that wait for an environment; a storm of webhooks is in the thousands. */
const WAITING_MAX = 10_000;

type Slot = { environment?: ExecutionEnvironment; busy: boolean };

export function createFunction(options: FunctionOptions): LocalFunction {
  const slots: Slot[] = Array.from({ length: options.concurrency }, () => ({ busy: false }));
  const waiting: ((slot: Slot | undefined) => void)[] = [];
  let closed = false;

  function take(): Slot | undefined {
    const free = slots.filter(({ busy }) => !busy);
    const slot = free.find(({ environment }) => environment?.alive() === true) ?? free[0];
    if (slot !== undefined) slot.busy = true;
    return slot;
  }

  function giveBack(slot: Slot): void {
    const next = waiting.shift();
    if (next === undefined) slot.busy = false;
    else next(slot);
  }

  async function run(slot: Slot | undefined, event: unknown): Promise<InvokeResult> {
    if (slot === undefined || closed) return throttled(options.name);
    try {
      if (slot.environment?.alive() !== true) slot.environment = await startEnvironment(environmentOptions(options));
      if (closed) await slot.environment.kill();
      const result = await slot.environment.invoke(JSON.stringify(event));
      if (!result.ok && !closed && endedWithoutAWord(result.error.errorType)) options.log(result.error.errorMessage);
      return result;
    } finally {
      giveBack(slot);
    }
  }

  function takeWaiting(): Slot | undefined | Promise<Slot | undefined> {
    const slot = take();
    if (slot !== undefined || waiting.length >= WAITING_MAX || closed) return slot;
    return new Promise((resolve) => {
      waiting.push(resolve);
    });
  }

  async function kill(): Promise<void> {
    await Promise.all(slots.map(({ environment }) => environment?.kill()));
  }

  return {
    invoke: (event) => run(take(), event),
    invokeWaiting: async (event) => run(await takeWaiting(), event),
    working: () => slots.flatMap(({ busy, environment }) => (busy && environment?.alive() ? [environment] : [])),
    kill,
    close: async () => {
      closed = true;
      for (const refuse of waiting.splice(0)) refuse(undefined);
      await kill();
    },
  };
}

/** Of everything else the runtime has said itself what it was. */
function endedWithoutAWord(errorType: string): boolean {
  return errorType === 'Sandbox.Timedout' || errorType === 'Runtime.ExitError';
}

function throttled(name: string): InvokeResult {
  const errorMessage = `Rate Exceeded: every environment of ${name} is busy`;
  return { ok: false, throttled: true, error: { errorType: 'TooManyRequestsException', errorMessage } };
}

function environmentOptions(options: FunctionOptions): Parameters<typeof startEnvironment>[0] {
  const { name, time, timeoutSeconds, log } = options;
  const functionArn = `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
  return { functionArn, variables: variables(options), nodeArguments: lensArguments(time), timeoutSeconds, log };
}

/** Lambda docs: "Defined runtime environment variables". The reserved ones win over the function's own. */
function variables(options: FunctionOptions): Record<string, string> {
  const { PATH = '', NODE_EXTRA_CA_CERTS } = process.env;
  return {
    ...(NODE_EXTRA_CA_CERTS === undefined ? {} : { NODE_EXTRA_CA_CERTS }),
    ...options.environment,
    ...lensEnvironment(options.time),
    PATH,
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'ASIALOCALLOCALLOCAL0',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: options.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${options.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    LAMBDA_TASK_ROOT: dirname(options.bundle),
    _HANDLER: 'index.handler',
  };
}
