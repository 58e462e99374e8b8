/** What a pool's own record says of its launches, and how they change that. */
import { backOffMs } from './back-off.ts';
import { POOL_FULL_MS, SUSPECT_AFTER_FAILURES } from './limits.ts';
import type { Pool } from './pool.ts';
import type { PoolRecord, Seat } from './runner.ts';

export type PoolHealth = Omit<PoolRecord, 'version'>;

/** The pool's health after what its seats say: a container that came up proves its task definition, a job the pool. */
export function observedHealth(pool: Pool, seats: readonly Seat[], record: PoolHealth): PoolHealth {
  const proven = seats.some(
    ({ registeredAt, warmSince, request }) =>
      (registeredAt !== undefined || warmSince !== undefined) && request.taskDefinition === pool.taskDefinition,
  );
  const { notBefore: _, failingSince, ...rest } = record;
  const works = seats.some((seat) => seat.state === 'busy' && seat.launchedAt >= (failingSince ?? 0));
  const healed = record.failures > 0 && works;
  return {
    ...(healed ? { ...rest, failures: 0, reason: 'a runner works again' } : record),
    ...(proven && { proven: pool.taskDefinition }),
  };
}

/** The pool's health after a launch that ended without a job for a reason that lies in the pool. */
export function failedHealth(record: PoolHealth, reason: string, now: number): PoolHealth {
  const failures = record.failures + 1;
  return {
    ...record,
    failures,
    failingSince: record.failures === 0 ? now : (record.failingSince ?? now),
    reason,
    ...(failures >= SUSPECT_AFTER_FAILURES && { notBefore: now + backOffMs(failures, failures) }),
  };
}

/** The pool's health after ECS said that it is full or throttled: everybody waits a moment. */
export function fullHealth(record: PoolHealth, reason: string, now: number): PoolHealth {
  return { ...record, reason, notBefore: Math.max(record.notBefore ?? 0, now + POOL_FULL_MS) };
}
