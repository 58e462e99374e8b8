/** How many jobs wait, and for how long. */
import type { BacklogRecord } from './job.ts';

/** How many jobs of a pool are queued, and since when the oldest of them (ms since 1970). */
export type Waiting = { jobs: number; oldestAt: number };

/** By pool; a pool where nobody waits is left out. */
export function countWaiting(backlog: readonly BacklogRecord[]): Map<string, Waiting> {
  const waiting = new Map<string, Waiting>();
  for (const { pool, state, createdAt } of backlog) {
    if (state !== 'queued') continue;
    const { jobs, oldestAt } = waiting.get(pool) ?? { jobs: 0, oldestAt: createdAt };
    waiting.set(pool, { jobs: jobs + 1, oldestAt: Math.min(oldestAt, createdAt) });
  }
  return waiting;
}
