/** How many launches a pool may begin now, and why not more. */
import type { BacklogRecord } from './job.ts';
import { LAUNCHES_PER_LOOK_MAX, MINTS_PER_MINUTE, SUSPECT_AFTER_FAILURES, UNPROVEN_LAUNCHES_MAX } from './limits.ts';
import type { Pool } from './pool.ts';
import type { PoolHealth } from './pool-health.ts';
import type { Seat } from './runner.ts';

/** How many launches a pool may begin now; when it is fewer than its free places, why, and when to look again. */
export type Allowance = { launches: number; reason: string; lookAt?: number; cautious?: true };

export function allowance(pool: Pool, seats: readonly Seat[], record: PoolHealth, now: number): Allowance {
  const free = pool.max - seats.length;
  if (free <= 0) return { launches: 0, reason: `all ${pool.max} places of pool ${pool.name} are taken` };
  const { notBefore, reason } = record;
  if (notBefore !== undefined && notBefore > now) return { launches: 0, reason, lookAt: notBefore };
  const caution = cautionOf(pool, seats, record);
  return { ...caution, launches: Math.min(caution.launches, free, LAUNCHES_PER_LOOK_MAX) };
}

/** A suspect pool launches one at a time; one whose task definition has never come up, a few. */
function cautionOf(pool: Pool, seats: readonly Seat[], record: PoolHealth): Allowance {
  const launching = seats.filter((seat) => seat.state === 'launching').length;
  if (record.failures >= SUSPECT_AFTER_FAILURES) {
    const reason = `pool ${pool.name} is suspect after ${record.failures} failed launches: ${record.reason}`;
    return { launches: launching > 0 ? 0 : 1, reason, cautious: true };
  }
  if (record.proven === pool.taskDefinition) return { launches: pool.max, reason: 'launches wait for the next look' };
  const reason = `no container of ${pool.taskDefinition} has come up yet: ${UNPROVEN_LAUNCHES_MAX} launches at a time`;
  return { launches: Math.max(0, UNPROVEN_LAUNCHES_MAX - launching), reason, cautious: true };
}

/** Launches are paced to what each installation may register in a minute. */
export function pace(seats: readonly Seat[], jobs: readonly BacklogRecord[], now: number): BacklogRecord[] {
  const lately = new Map<number, number>();
  for (const seat of seats) {
    const { installation, launchedAt } = seat;
    if (installation === undefined || now - launchedAt >= 60_000) continue;
    lately.set(installation, (lately.get(installation) ?? 0) + 1);
  }
  return jobs.filter(({ installation }) => {
    const launched = lately.get(installation) ?? 0;
    lately.set(installation, launched + 1);
    return launched < MINTS_PER_MINUTE;
  });
}
