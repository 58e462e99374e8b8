/** One task on the container instance, looked at from outside and, by the steps of its job, from inside. */
import { type Ended, run } from '../command.ts';
import { until } from '../until.ts';
import type { TaskCredentials } from './credentials.ts';
import { asked } from './engine-api.ts';
import type { Instance } from './instance.ts';
import { type Runner, startJob, step } from './outside.ts';

/** Until a container whose daemon has to come up first has registered; on a busy machine. */
export const BOOT_SECONDS_MAX = 90;

type Known = {
  name: string;
  id: string;
  /** On the instance's bridge. */
  address: string;
  runner: Runner;
  credentials: TaskCredentials;
};

export type Task = Known & {
  /** Resolves with the container's exit code. */
  ended: (secondsMax: number) => Promise<number>;
  logs: () => Promise<string>;
  /** Its listener listens for jobs. */
  connected: () => Promise<void>;
  /** Gives it a job, once it listens, and waits until that has begun. */
  startJob: () => Promise<void>;
  /** A step of its job, which may fail. */
  step: (script: string) => Promise<Ended>;
  /** What a step that must not fail has written. */
  output: (script: string) => Promise<string>;
  /** Its job is over, and the container has to end with 0. */
  finish: () => Promise<void>;
  /** As StopTask does: SIGTERM, and SIGKILL after the task's stop timeout. */
  stop: () => Promise<void>;
  remove: () => Promise<void>;
};

export function taskOf(instance: Instance, known: Known): Task {
  const { id, name, runner } = known;
  const { api, environment } = instance;
  const state = () => stateOf(instance, id);
  const logs = () => run('bash', ['-c', 'docker logs "$0" 2>&1', id], { environment });
  /** What cannot be explained by what was waited for is explained by what the container says. */
  const withLogs = async <Value>(awaited: Promise<Value>): Promise<Value> => {
    try {
      return await awaited;
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${name} says:\n${await logs()}`);
    }
  };
  const task: Task = {
    ...known,
    logs,
    ended: async (secondsMax) => {
      const end = until(`${name} ends`, secondsMax, async () => {
        const { isRunning, exitCode } = await state();
        return isRunning ? undefined : { exitCode };
      });
      return (await withLogs(end)).exitCode;
    },
    connected: async () => {
      const connects = until(`${name} connects`, BOOT_SECONDS_MAX, async () => {
        if (runner.connected) return true;
        const { isRunning, exitCode } = await state();
        if (!isRunning) throw new Error(`${name} ended with ${exitCode}`);
        return false;
      });
      await withLogs(connects);
    },
    startJob: async () => {
      await task.connected();
      await withLogs(startJob(runner, 30));
    },
    step: (script) => step(runner, script),
    output: async (script) => {
      const { exitCode, stdout, stderr } = await step(runner, script);
      if (exitCode === 0) return stdout;
      throw new Error(`a step of ${name} ended with ${exitCode}: ${script}\n${stdout}${stderr}`);
    },
    finish: async () => {
      runner.jobOver = true;
      const exitCode = await task.ended(60);
      if (exitCode !== 0) throw new Error(`${name} ended with ${exitCode} after its job:\n${await logs()}`);
    },
    stop: async () => void (await api('POST', `/containers/${id}/stop`)),
    remove: async () => void (await api('DELETE', `/containers/${id}?force=true&v=true`)),
  };
  return task;
}

type State = { isRunning: boolean; exitCode: number; address: string };

export async function stateOf({ api }: Instance, id: string): Promise<State> {
  const { State: state, NetworkSettings: network } = await asked<{
    State: { Running: boolean; ExitCode: number };
    NetworkSettings: { IPAddress: string };
  }>(api, 'GET', `/containers/${id}/json`);
  return { isRunning: state.Running, exitCode: state.ExitCode, address: network.IPAddress };
}
