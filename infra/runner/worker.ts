/** Whether a job runs: the listener starts one process of this name per job. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const WORKER = 'Runner.Worker';

type Process = { id: number; parent: number; name: string; command: string };

/**
 * A process of that name lives below the listener. Not anywhere: the machine may be a runner itself, and its processes in
 * sight. One that has ended and that nobody has waited for does not live.
 */
export function isWorking(listener: number | undefined, folder = '/proc'): boolean {
  // It could not be started: nothing is below it.
  if (listener === undefined) return false;
  const processes = list(folder).flatMap((entry) => (/^\d+$/.test(entry) ? processOf(folder, entry) : []));
  const parents = new Map(processes.map(({ id, parent }) => [id, parent]));
  return processes.some((process) => isWorker(process) && isBelow(parents, process.id, listener));
}

/** `stat` is `pid (name) state parent …`; the name may hold spaces and parentheses, so the last one counts (proc(5)). */
function processOf(folder: string, entry: string): Process[] {
  const [, name = '', state = 'X', parent] = /^\d+ \((.*)\) (\S) (\d+)/s.exec(read(join(folder, entry, 'stat'))) ?? [];
  if (state === 'Z' || state === 'X') return [];
  const [command = ''] = read(join(folder, entry, 'cmdline')).split('\0');
  return [{ id: Number(entry), parent: Number(parent), name, command }];
}

function isWorker({ name, command }: Process): boolean {
  return name === WORKER || command === WORKER || command.endsWith(`/${WORKER}`);
}

/** The map was not read in one moment: a circle must not hold us. */
function isBelow(parents: ReadonlyMap<number, number>, id: number, ancestor: number): boolean {
  let current = parents.get(id);
  for (let steps = 0; current !== undefined && steps < parents.size; steps += 1) {
    if (current === ancestor) return true;
    current = parents.get(current);
  }
  return false;
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
