/** The processes of a task, as the instance sees them. */
import { until } from '../until.ts';
import { asked } from './engine-api.ts';
import type { Instance } from './instance.ts';

/** By a part of its command line that no other process of the container has: the bootstrap's own text is in some of them. */
const PROGRAMS = {
  daemon: 'dockerd --host=',
  proxy: ' docker-proxy {"listen"',
  listener: '/bin/Runner.Listener run',
} as const;
export type RunnerProgram = keyof typeof PROGRAMS;

export type Process = { id: number; user: string; state: string; command: string };

export async function processesOf({ api }: Instance, containerId: string): Promise<Process[]> {
  const options = encodeURIComponent('-eo pid,uid,stat,args');
  const { Processes } = await asked<{ Processes: string[][] }>(
    api,
    'GET',
    `/containers/${containerId}/top?ps_args=${options}`,
  );
  return Processes.map(([id, user = '', state = '', ...command]) => ({
    id: Number(id),
    user,
    state,
    command: command.join(' '),
  }));
}

/** As soon as there is one. */
export async function signalTo(
  instance: Instance,
  containerId: string,
  program: RunnerProgram,
  signal: NodeJS.Signals,
): Promise<void> {
  const found = await until(`a process of ${program}`, 20, async () =>
    (await processesOf(instance, containerId)).find(({ command }) => command.includes(PROGRAMS[program])),
  );
  process.kill(found.id, signal);
}
