/** The runner's listener: started, watched, and ended when no job runs in it. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT_DONE } from '../../lib/core/ending.ts';
import type { Docker } from './docker.ts';
import { EXIT_CONFLICT, EXIT_NO_DOCKER, EXIT_WITHOUT_JOB } from './exit-codes.ts';
import type { Hooks } from './hooks.ts';
import { LISTENER_PAUSE_MS, LISTENER_STARTS_MAX, LOOK_MS, UPDATE_MS_MAX } from './limits.ts';
import { type Listener, startListener } from './listener-process.ts';
import { type Registration, reportIdle, reportStarted, type Self } from './registrar.ts';
import type { User } from './runner-user.ts';
import { say } from './say.ts';
import { nextStep } from './step.ts';
import { wait } from './wait.ts';
import { isWorking, workerLogs } from './worker.ts';

export type Runner = {
  self: Self;
  registration: Registration;
  home: string;
  user: User;
  environment: NodeJS.ProcessEnv;
  /** Where its jobs work, unless it is the runner's own choice. */
  work: string | undefined;
  docker: Docker;
  hooks: Hooks;
  /** SIGTERM came. */
  told: AbortSignal;
};

/** How it ended; `leaving`: without a job, and nobody has told it to, so its registration may be left. */
export type End = { exitCode: number; leaving?: string };

/** What is known of the runner, across restarts of its listener. */
type Watch = {
  ran: boolean;
  /** The job's own word of what it is has been passed on. */
  named: boolean;
  /** The job's own word that its steps are over has been said. */
  completed: boolean;
  toldToGo: boolean;
  /** The registrar is being asked whether to go. */
  answer: Promise<void> | undefined;
  idleReportedAt: number;
  leavingSince: number | undefined;
};

/** Until it has run its job or is to end. */
export async function run(runner: Runner): Promise<End> {
  const logs = workerLogs(runner.home);
  const watch: Watch = {
    ran: false,
    named: false,
    completed: false,
    toldToGo: false,
    answer: undefined,
    idleReportedAt: Date.now(),
    leavingSince: undefined,
  };
  for (let start = 1; ; start += 1) {
    const exitCode = await listen(runner, watch);
    watch.ran ||= workerLogs(runner.home) > logs;
    const isEnded = watch.ran || watch.leavingSince !== undefined || isToEnd(runner);
    // The registrar removes the runner at GitHub before it says "go": the listener may hear it first.
    if (!isEnded) await watch.answer;
    const isOver = isEnded || watch.toldToGo;
    if (isOver || !mayStartAgain(exitCode) || start >= LISTENER_STARTS_MAX) return endOf(runner, watch, exitCode);
    await pause(runner, exitCode ?? 0);
  }
}

/** 2: an error that may pass. 3, 4: it updates itself (actions/runner, Constants.cs). */
function mayStartAgain(exitCode: number | undefined): boolean {
  return exitCode === 2 || exitCode === 3 || exitCode === 4;
}

/** Told to stop, or Docker has died under a runner that has no job yet. */
function isToEnd({ told, docker }: Runner): boolean {
  return told.aborted || docker.broken.aborted;
}

function endOf({ docker }: Runner, watch: Watch, exitCode: number | undefined): End {
  const how = exitCode === undefined ? 'was killed' : `ended with ${exitCode}`;
  if (watch.ran) {
    say(`the listener ${how} after its job`);
    return { exitCode: EXIT_DONE };
  }
  say(`the listener ${how} without a job`);
  if (exitCode === EXIT_TOO_OLD) say('GitHub refuses this version of the runner: take an image with a newer one');
  if (watch.toldToGo) return { exitCode: EXIT_DONE };
  const leaving = docker.broken.aborted ? 'Docker died before a job came' : `its listener ${how} without a job`;
  if (docker.broken.aborted) return { exitCode: EXIT_NO_DOCKER, leaving };
  return { exitCode: exitCode === EXIT_CONFLICT ? EXIT_CONFLICT : EXIT_WITHOUT_JOB, leaving };
}

/** The listener's own code for a version that GitHub refuses (actions/runner, Constants.cs). */
const EXIT_TOO_OLD = 7;

/** Its exit code; `undefined`: a signal ended it. */
async function listen(runner: Runner, watch: Watch): Promise<number | undefined> {
  const listener = startListener({
    ...runner,
    environment: { ...runner.environment, ...runner.hooks.environment },
  });
  while (!listener.ended.signal.aborted) {
    act(runner, watch, listener);
    // News are acted upon at once; after that, nothing cuts the pauses but the listener's end.
    const news = [runner.told, runner.docker.broken, listener.jobSaid.signal];
    await wait(LOOK_MS, AbortSignal.any([listener.ended.signal, ...news.filter(({ aborted }) => !aborted)]));
  }
  return listener.exitCode;
}

function act(runner: Runner, watch: Watch, listener: Listener): void {
  const now = Date.now();
  const step = nextStep({
    ...watch,
    now,
    working: listener.jobSaid.signal.aborted || isWorking(listener.process.pid),
    toldToStop: isToEnd(runner),
    asking: watch.answer !== undefined,
  });
  if (step === 'job started') {
    watch.ran = true;
    runner.docker.keep();
    say('a job has started');
    tellStarted(runner, watch, listener);
  } else if (step === 'end listener') {
    watch.leavingSince = now;
    say(`${whyEnd(runner, watch)}; ends the listener`);
    // What the runner's own service host sends; it closes the session at GitHub.
    listener.process.kill('SIGINT');
  } else if (step === 'kill listener') {
    listener.process.kill('SIGKILL');
  } else if (step === 'report idle') {
    watch.answer = report(runner, watch);
  }
  if (watch.ran && !watch.named && runner.hooks.started() !== undefined) tellStarted(runner, watch, listener);
  if (watch.ran && !watch.completed && runner.hooks.isCompleted()) {
    watch.completed = true;
    say('the steps of the job are over');
  }
}

/** At once, and again when the job itself has said what it is. */
function tellStarted({ self, registration, hooks }: Runner, watch: Watch, listener: Listener): void {
  const job = hooks.started();
  watch.named = job !== undefined;
  void reportStarted(self, registration.reportCredential, job, listener.ended.signal);
}

function whyEnd({ docker }: Runner, { toldToGo }: Watch): string {
  if (docker.broken.aborted) return 'without Docker no job';
  return toldToGo ? 'no job runs' : 'told to stop, no job runs';
}

async function report({ self, registration }: Runner, watch: Watch): Promise<void> {
  watch.toldToGo = (await reportIdle(self, registration.reportCredential)) === 'go';
  watch.idleReportedAt = Date.now();
  watch.answer = undefined;
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
