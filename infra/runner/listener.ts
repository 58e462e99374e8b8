/** The runner's listener: started, watched, and ended when no job runs in it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT_DONE } from '../../lib/core/ending.ts';
import { EXIT_CONFLICT, EXIT_WITHOUT_JOB } from './exit-codes.ts';
import { LISTENER_PAUSE_MS, LISTENER_STARTS_MAX, LOOK_MS, UPDATE_MS_MAX } from './limits.ts';
import { type Registration, reportIdle, reportStarted, type Self } from './registrar.ts';
import { say } from './say.ts';
import { nextStep } from './step.ts';
import { wait } from './wait.ts';
import { isWorking, workerLogs } from './worker.ts';

export type Runner = {
  self: Self;
  registration: Registration;
  home: string;
  environment: NodeJS.ProcessEnv;
  /** SIGTERM came. */
  told: AbortSignal;
};

/** What is known of the runner, across restarts of its listener. */
type Watch = {
  ran: boolean;
  toldToGo: boolean;
  /** The registrar is being asked whether to go. */
  answer: Promise<void> | undefined;
  idleReportedAt: number;
  leavingSince: number | undefined;
};
type Listener = { process: ChildProcess; ended: AbortController; exitCode: number | undefined };

/** Until it has run its job or is to end; the code with which the container ends. */
export async function run(runner: Runner): Promise<number> {
  const logs = workerLogs(runner.home);
  const watch: Watch = {
    ran: false,
    toldToGo: false,
    answer: undefined,
    idleReportedAt: Date.now(),
    leavingSince: undefined,
  };
  for (let start = 1; ; start += 1) {
    const exitCode = await listen(runner, watch);
    watch.ran ||= workerLogs(runner.home) > logs;
    const isEnded = watch.ran || watch.leavingSince !== undefined || runner.told.aborted;
    // The registrar removes the runner at GitHub before it says "go": the listener may hear it first.
    if (!isEnded) await watch.answer;
    const isOver = isEnded || watch.toldToGo;
    if (isOver || !mayStartAgain(exitCode) || start >= LISTENER_STARTS_MAX) return endOf(watch, exitCode);
    await pause(runner, exitCode ?? 0);
  }
}

/** 2: an error that may pass. 3, 4: it updates itself (actions/runner, Constants.cs). */
function mayStartAgain(exitCode: number | undefined): boolean {
  return exitCode === 2 || exitCode === 3 || exitCode === 4;
}

function endOf(watch: Watch, exitCode: number | undefined): number {
  const how = exitCode === undefined ? 'was killed' : `ended with ${exitCode}`;
  if (watch.ran) {
    say(`the listener ${how} after its job`);
    return EXIT_DONE;
  }
  say(`the listener ${how} without a job`);
  if (watch.toldToGo) return EXIT_DONE;
  return exitCode === EXIT_CONFLICT ? EXIT_CONFLICT : EXIT_WITHOUT_JOB;
}

/** Its exit code; `undefined`: a signal ended it. */
async function listen(runner: Runner, watch: Watch): Promise<number | undefined> {
  const listener = startListener(runner);
  while (!listener.ended.signal.aborted) {
    act(runner, watch, listener);
    // Told to stop is acted upon at once; after that, nothing cuts the pauses but the listener's end.
    const wakes = [listener.ended.signal, ...(runner.told.aborted ? [] : [runner.told])];
    await wait(LOOK_MS, AbortSignal.any(wakes));
  }
  return listener.exitCode;
}

function act(runner: Runner, watch: Watch, listener: Listener): void {
  const { self, registration, told } = runner;
  const now = Date.now();
  const step = nextStep({
    ...watch,
    now,
    working: isWorking(listener.process.pid ?? 0),
    toldToStop: told.aborted,
    asking: watch.answer !== undefined,
  });
  if (step === 'job started') {
    watch.ran = true;
    say('a job has started');
    void reportStarted(self, registration.reportCredential, listener.ended.signal);
  } else if (step === 'end listener') {
    watch.leavingSince = now;
    say(watch.toldToGo ? 'no job runs; ends the listener' : 'told to stop, no job runs; ends the listener');
    // What the runner's own service host sends; it closes the session at GitHub.
    listener.process.kill('SIGINT');
  } else if (step === 'kill listener') {
    listener.process.kill('SIGKILL');
  } else if (step === 'report idle') {
    watch.answer = report(runner, watch);
  }
}

async function report({ self, registration }: Runner, watch: Watch): Promise<void> {
  watch.toldToGo = (await reportIdle(self, registration.reportCredential)) === 'go';
  watch.idleReportedAt = Date.now();
  watch.answer = undefined;
}

/** The JIT configuration is in the listener's environment only, which takes it out before a job starts. */
function startListener({ home, environment, registration }: Runner): Listener {
  const listener = join(home, 'bin/Runner.Listener');
  const [command, ...options] = existsSync(listener)
    ? [listener, 'run', '--startuptype', 'service']
    : [join(home, 'run.sh')];
  const child = spawn(command as string, options, {
    cwd: home,
    env: {
      ...environment,
      ACTIONS_RUNNER_INPUT_JITCONFIG: registration.jitConfig,
      // Only `run.sh` reads these two: to pass signals on, and to run as root where the image does.
      RUNNER_MANUALLY_TRAP_SIG: '1',
      RUNNER_ALLOW_RUNASROOT: '1',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const started: Listener = { process: child, ended: new AbortController(), exitCode: undefined };
  child.on('error', (error) => {
    say(`cannot start the listener: ${error.message}`);
    started.ended.abort();
  });
  child.on('exit', (code) => {
    started.exitCode = code ?? undefined;
    started.ended.abort();
  });
  return started;
}

/** As `run-helper.sh` does: an update is awaited, an error gets some time to pass. */
async function pause({ home, told }: Runner, exitCode: number): Promise<void> {
  say(`the listener ended with ${exitCode}; starting it again`);
  if (exitCode === 2) return wait(LISTENER_PAUSE_MS, told);
  const finished = join(home, 'update.finished');
  for (let waitedMs = 0; waitedMs < UPDATE_MS_MAX && !existsSync(finished) && !told.aborted; waitedMs += LOOK_MS) {
    await wait(LOOK_MS, told);
  }
  rmSync(finished, { force: true });
}
