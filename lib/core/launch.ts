/** One launch: what is written before the call, and what its answer means. */
import { backOffMs } from './back-off.ts';
import type { JobRecord } from './job.ts';
import { expiry } from './job.ts';
import { runnerName } from './name.ts';
import type { Pool } from './pool.ts';
import type { BoundSeat, Seat } from './runner.ts';
import { NO_JOB } from './runner.ts';

/**
 * Where the instance's daemon finds a job's files under the same path as the job does (`infra/task-definition.ts` mounts it);
 * each task has a folder of its own below it.
 */
const SHARED_FOLDER = '/var/lib/ecs-runners';

/** Where and how a runner is launched, whatever for. */
export type LaunchOptions = {
  prefix: string;
  registrarUrl: string;
  pool: Pool;
  place: number;
  ticketOf: (name: string) => string;
  now: number;
};

/** A seat for the next launch of the job: the whole RunTask call, settled before it is made. */
export function seatFor(options: LaunchOptions & { job: JobRecord }): Omit<Seat, 'version'> {
  const { pool, job } = options;
  const launch = job.launch + 1;
  const tags = { 'ecs-runners:job': String(job.job), 'ecs-runners:repository': `${job.owner}/${job.repository}` };
  const reason = `launch ${launch} for job ${job.job}`;
  return { ...newSeat(options, { job: job.job, launch, tags, reason }), serves: job.job, ...bindingOf(pool, job) };
}

/** A seat for a runner that is launched for no job: it is bound to an owner when a job claims it. */
export function warmSeatFor(options: LaunchOptions & { launch: number }): Omit<Seat, 'version'> {
  const reason = `launch ${options.launch} of a warm runner`;
  return newSeat(options, { job: NO_JOB, launch: options.launch, tags: {}, reason });
}

/** Where a runner for the job is registered. */
export function bindingOf(
  pool: Pool,
  job: Pick<JobRecord, 'installation' | 'owner' | 'repository' | 'ownerIsUser'>,
): Pick<BoundSeat, 'installation' | 'owner' | 'repository'> {
  const onRepository = pool.register === 'repository' || job.ownerIsUser;
  const { installation, owner, repository } = job;
  return { installation, owner, ...(onRepository && { repository }) };
}

function newSeat(
  { pool, place, now, ...options }: LaunchOptions,
  { job, launch, tags, reason }: { job: number; launch: number; tags: Record<string, string>; reason: string },
): Omit<Seat, 'version'> {
  const name = runnerName(options.prefix, { pool: pool.name, place, job, launch });
  return {
    kind: 'runner',
    pool: pool.name,
    place,
    name,
    job,
    launch,
    state: 'launching',
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
      tags: { 'ecs-runners:pool': pool.name, ...tags },
    },
    ...(pool.role !== undefined && { role: pool.role }),
    ...(pool.registration !== undefined && { registration: pool.registration }),
    ...(pool.docker === 'socket' && { workFolder: `${SHARED_FOLDER}/${name}/work` }),
    launchedAt: now,
    askedAt: now,
    mint: 0,
    reason,
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

/**
 * The job after its launch ended without it: owed again, later. A launch that failed counts, one that was lost does not.
 */
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
