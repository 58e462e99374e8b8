/** One launch: what is written before the call, and what its answer means. */
import { backOffMs } from './back-off.ts';
import type { JobRecord } from './job.ts';
import { expiry } from './job.ts';
import { runnerName } from './name.ts';
import type { Pool } from './pool.ts';
import type { Seat } from './runner.ts';

/** A seat for the next launch of the job: the whole RunTask call, settled before it is made. */
export function seatFor(options: {
  prefix: string;
  registrarUrl: string;
  pool: Pool;
  place: number;
  job: JobRecord;
  ticketOf: (name: string) => string;
  now: number;
}): Omit<Seat, 'version'> {
  const { pool, place, job, now } = options;
  const launch = job.launch + 1;
  const name = runnerName(options.prefix, { pool: pool.name, place, job: job.job, launch });
  const onRepository = pool.register === 'repository' || job.ownerIsUser;
  return {
    kind: 'runner',
    pool: pool.name,
    place,
    name,
    job: job.job,
    launch,
    serves: job.job,
    state: 'launching',
    installation: job.installation,
    owner: job.owner,
    ...(onRepository && { repository: job.repository }),
    labels: [...pool.labels],
    group: pool.group,
    ...(pool.logGroup !== undefined && { logGroup: pool.logGroup }),
    request: {
      name,
      taskDefinition: pool.taskDefinition,
      ...(pool.capacityProvider !== undefined && { capacityProvider: pool.capacityProvider }),
      ...(pool.taskRole !== undefined && { taskRole: pool.taskRole }),
      environment: {
        ECS_RUNNERS_NAME: name,
        ECS_RUNNERS_TICKET: options.ticketOf(name),
        ECS_RUNNERS_URL: options.registrarUrl,
      },
      tags: {
        'ecs-runners:pool': pool.name,
        'ecs-runners:job': String(job.job),
        'ecs-runners:repository': `${job.owner}/${job.repository}`,
      },
    },
    ...(pool.role !== undefined && { role: pool.role }),
    launchedAt: now,
    askedAt: now,
    mint: 0,
    reason: `launch ${launch} for job ${job.job}`,
  };
}

/** The job, with this launch as its living one. */
export function claimedBy(
  job: JobRecord,
  seat: { name: string; launch: number; place: number },
  now: number,
): JobRecord {
  const { notBefore: _, observedAt: __, ...kept } = job;
  return {
    ...kept,
    launch: seat.launch,
    runner: seat.name,
    launchedAt: now,
    reason: `launch ${seat.launch} on place ${seat.place}`,
    expiresAt: expiry(now),
  };
}

/** The job after its launch ended without it: owed again, later. A launch that failed counts, one that was lost does not. */
export function releasedBy(job: JobRecord, why: { reason: string; failed: boolean }, now: number): JobRecord {
  const { runner: _, ...kept } = job;
  const failures = job.failures + (why.failed ? 1 : 0);
  return {
    ...kept,
    failures,
    reason: why.reason,
    ...(why.failed && { notBefore: now + backOffMs(failures, job.job) }),
    expiresAt: expiry(now),
  };
}
