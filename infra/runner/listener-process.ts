/** One process of the runner's listener, and what its output says. */
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { writeJitFiles } from './jit-files.ts';
import type { Registration } from './registrar.ts';
import { spawnAs, type User } from './runner-user.ts';
import { say } from './say.ts';
import { OWN_ENTRY_POINT, registeredByItself } from './token-runner.ts';

export type Listener = {
  process: ChildProcess;
  ended: AbortController;
  exitCode: number | undefined;
  /** Aborted when it says that a job runs: a moment before there is a process for it. */
  jobSaid: AbortController;
};

export type Start = {
  registration: Registration;
  home: string;
  user: User;
  environment: NodeJS.ProcessEnv;
  /** Where its jobs work, unless it is the runner's own choice. */
  work: string | undefined;
};

/** As the runner's user. Only a listener that takes the JIT configuration no other way has it in its environment. */
export function startListener(start: Start): Listener {
  const { registration, home, user } = start;
  const environment = {
    ...start.environment,
    // 7 instead of 1 for a runner that is too old (actions/runner, Constants.cs).
    ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE: '1',
    // Only `run.sh` reads these two: to pass signals on, and to run as root where the image does.
    RUNNER_MANUALLY_TRAP_SIG: '1',
    RUNNER_ALLOW_RUNASROOT: '1',
  };
  const spawn = (command: readonly string[], env: NodeJS.ProcessEnv, as = user) =>
    watched(spawnAs(as, command, { cwd: home, env, stdio: ['ignore', 'pipe', 'inherit'] }));
  if ('jitConfig' in registration) {
    const { jitConfig } = registration;
    const given = writeJitFiles(home, user, jitConfig) ? {} : { ACTIONS_RUNNER_INPUT_JITCONFIG: jitConfig };
    return spawn(listen(home), { ...environment, ...given });
  }
  if (existsSync(OWN_ENTRY_POINT)) {
    // It becomes the runner's user by itself.
    const root = { name: 'root', uid: 0, gid: 0, home: '/root' };
    const command = [OWN_ENTRY_POINT, './bin/Runner.Listener', ...LISTEN];
    return spawn(command, { ...environment, ...registeredByItself(registration, start.work) }, root);
  }
  return spawn(listen(home), environment);
}

const LISTEN = ['run', '--startuptype', 'service'];

function listen(home: string): string[] {
  const listener = join(home, 'bin/Runner.Listener');
  return existsSync(listener) ? [listener, ...LISTEN] : [join(home, 'run.sh')];
}

function watched(child: ChildProcess): Listener {
  const [ended, jobSaid] = [new AbortController(), new AbortController()];
  const listener: Listener = { process: child, ended, exitCode: undefined, jobSaid };
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      process.stdout.write(`${line}\n`);
      // "2026-01-01 00:00:00Z: Running job: build" (actions/runner, JobDispatcher.cs).
      if (/^\S+( \S+)?: Running job: /.test(line)) jobSaid.abort();
    });
  }
  child.on('error', (error) => {
    say(`cannot start the listener: ${error.message}`);
    ended.abort();
  });
  child.on('exit', (code) => {
    listener.exitCode = code ?? undefined;
    ended.abort();
  });
  return listener;
}
