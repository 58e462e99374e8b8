/** A check in a process of its own, with all that it starts. */
import { spawn } from 'node:child_process';

/** The slowest checks take two minutes on a machine with other work; a bug may also make one run for ever. */
export const CHECK_MINUTES_MAX = 10;

/** `code`: absent if it was ended because of the time or the signal. */
export type Ended = { code?: number; output: string };

/** Runs Node.js in the folder until it ends, its time is over, or `signal` says so. */
export function runNode(folder: string, args: readonly string[], signal: AbortSignal): Promise<Ended> {
  const ends = AbortSignal.any([signal, AbortSignal.timeout(CHECK_MINUTES_MAX * 60_000)]);
  return new Promise((resolve, reject) => {
    // A group of its own, so that what it has started ends with it.
    const child = spawn(process.execPath, args, { cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
    const end = () => endGroup(child.pid);
    if (ends.aborted) end();
    ends.addEventListener('abort', end);
    child.on('error', reject);
    child.on('close', (code) => {
      ends.removeEventListener('abort', end);
      endGroup(child.pid);
      resolve({ output, ...(code !== null && !ends.aborted && { code }) });
    });
  });
}

function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody of the group is left.
  }
}
