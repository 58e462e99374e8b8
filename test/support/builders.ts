/** Builders of events and records: plausible ones, with overrides for what a test is about. */
import type { BacklogRecord, JobEvent, JobRecord } from '../../lib/core/job.ts';
import { seatFor, warmSeatFor } from '../../lib/core/launch.ts';
import type { Seat } from '../../lib/core/runner.ts';
import { aPool } from './pools.ts';

/** Milliseconds since 1970; what the builders call now. */
export const NOW = Date.UTC(2026, 10, 23, 8);

export function aJobEvent(overrides: Partial<JobEvent> = {}): JobEvent {
  return {
    job: 1,
    attempt: 1,
    state: 'queued',
    installation: 7,
    owner: 'octo-org',
    repository: 'app',
    ownerIsUser: false,
    labels: ['self-hosted', 'ecs'],
    name: 'build',
    createdAt: NOW,
    ...overrides,
  };
}

export function aJobRecord(overrides: Partial<JobRecord> = {}): JobRecord {
  return {
    ...aJobEvent(),
    version: 'v1',
    pool: 'default',
    launch: 0,
    failures: 0,
    reason: 'queued at GitHub',
    recordedAt: NOW,
    expiresAt: NOW / 1000 + 30 * 24 * 60 * 60,
    ...overrides,
  };
}

export function aBacklogRecord(overrides: Partial<BacklogRecord> = {}): BacklogRecord {
  return {
    version: 'v1',
    pool: 'default',
    job: 1,
    state: 'queued',
    installation: 7,
    owner: 'octo-org',
    repository: 'app',
    createdAt: NOW,
    recordedAt: NOW,
    reason: 'queued at GitHub',
    ...overrides,
  };
}

/** A runner that is launching for its job, on the place of the same number unless told; its name follows from that. */
export function aSeat(overrides: Partial<Seat> = {}): Seat {
  const job = overrides.job ?? 1;
  const seat = seatFor({
    prefix: 'sim',
    registrarUrl: 'http://registrar.test',
    pool: aPool(overrides.pool === undefined ? {} : { name: overrides.pool }),
    place: overrides.place ?? job,
    job: aJobRecord({ job }),
    ticketOf: (name) => `ticket of ${name}`,
    now: NOW,
  });
  return { ...seat, version: 'v1', ...overrides };
}

/** A runner that waits for any job of its pool; `state: 'launching'`: it boots to. */
export function aWarmSeat(overrides: Partial<Seat> = {}): Seat {
  const seat = warmSeatFor({
    prefix: 'sim',
    registrarUrl: 'http://registrar.test',
    pool: aPool(overrides.pool === undefined ? {} : { name: overrides.pool }),
    place: overrides.place ?? 0,
    launch: NOW / 1000,
    ticketOf: (name) => `ticket of ${name}`,
    now: NOW,
  });
  const waits = overrides.state === 'launching' ? {} : { state: 'warm' as const, warmSince: NOW, heardAt: NOW };
  return { ...seat, version: 'v1', ...waits, ...overrides };
}

/** The seat of which no job is known; its task is. */
export function aSpareSeat(overrides: Partial<Seat> = {}): Seat {
  const { serves: _, ...seat } = aSeat({
    state: 'registered',
    taskArn: 'the ARN of its task',
    registeredAt: NOW,
    ...overrides,
  });
  return seat;
}
