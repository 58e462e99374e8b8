/** Whether a job runs: the listener starts one process of this name per job. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const WORKER = 'Runner.Worker';

/** A process of that name lives. One that has ended and that nobody has waited for does not. */
export function isWorking(processes = '/proc'): boolean {
  return list(processes).some((entry) => /^\d+$/.test(entry) && isWorker(join(processes, entry)));
}

/** `stat` is `pid (name) state …`; the name may hold spaces and parentheses, so the last one counts (proc(5)). */
function isWorker(folder: string): boolean {
  const [, name, state] = /^\d+ \((.*)\) (\S)/s.exec(read(join(folder, 'stat'))) ?? [];
  if (state === undefined || state === 'Z' || state === 'X') return false;
  const [command = ''] = read(join(folder, 'cmdline')).split('\0');
  return name === WORKER || command === WORKER || command.endsWith(`/${WORKER}`);
}

/** The runner keeps a log of each worker: what a look in between has missed. */
export function workerLogs(home: string): number {
  return list(join(home, '_diag')).filter((name) => name.startsWith('Worker_')).length;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** A process that has ended meanwhile has nothing to read. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
