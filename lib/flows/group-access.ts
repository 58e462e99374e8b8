/**
 * A runner idles beside a job that GitHub has queued for it: does the runner group admit the job's repository? GitHub says
 * nothing of it by itself, and the job would wait for a day.
 */
import { isSuspiciouslyIdle } from '../core/cleanup.ts';
import type { JobRecord } from '../core/job.ts';
import { BACK_OFF_MAX_MS } from '../core/limits.ts';
import { notAdmitted } from '../core/refusal.ts';
import { isBound, type Seat } from '../core/runner.ts';
import type { AdmittingGroup, Outcome, Repository, World } from '../world.ts';
import type { Config } from './config.ts';
import { changeJob } from './jobs.ts';
import { leave } from './leave.ts';
import { hold, isSameName } from './refusals.ts';
import { changeSeat } from './seats.ts';

export type GroupsOf = (repository: Repository) => Promise<Outcome<AdmittingGroup[]>>;

/** One question for each repository, however many of its jobs wait. */
export function askingOnce({ github }: Pick<World, 'github'>): GroupsOf {
  const answers = new Map<string, ReturnType<GroupsOf>>();
  return (repository) => {
    const key = JSON.stringify([repository.installation, repository.owner, repository.repository]);
    const answer = answers.get(key) ?? github.admittingGroups(repository);
    answers.set(key, answer);
    return answer;
  };
}

/** `record`: GitHub has just said that it is queued. */
export async function suspectGroup(
  world: World,
  config: Config,
  record: JobRecord,
  seat: Seat,
  groupsOf: GroupsOf,
): Promise<void> {
  const now = world.clock.now();
  if (!isSuspiciouslyIdle(seat, now) || !isBound(seat) || seat.repository !== undefined) return;
  const { installation, owner, repository } = record;
  const groups = await groupsOf({ installation, owner, repository });
  if (groups.kind !== 'ok') return;
  const group = groups.value.find(({ name }) => isSameName(name, seat.group));
  // The pool may have another group by now: a new runner is another matter.
  const isOfPool = config.pools.pools.some(({ name, group }) => name === seat.pool && group === seat.group);
  if (group === undefined) return isOfPool ? notForIt(world, record, seat) : notForItNow(world, record, seat);
  if (group.onlyWorkflows) await notForItsWorkflow(world, record, seat);
}

/** The refusal first: nobody is to bring the job another runner. This one is there for others, or leaves. */
async function notForIt(world: World, record: JobRecord, seat: Seat): Promise<void> {
  const refusal = notAdmitted(seat.group, record, world.clock.now());
  await hold(world, seat, refusal);
  await changeSeat(world, seat, ({ serves, ...rest }) =>
    serves === record.job ? { ...rest, reason: refusal.reason } : { ...rest, ...(serves !== undefined && { serves }) },
  );
  await part(world, record, refusal.reason, undefined);
}

async function notForItNow(world: World, record: JobRecord, seat: Seat): Promise<void> {
  const { reason } = notAdmitted(seat.group, record, world.clock.now());
  const left = await leave(world, seat);
  if (left.kind === 'go') await part(world, record, `${reason}, and its pool has another one now`, undefined);
}

/** Only GitHub knows of which workflow a job is, and which it admits: so that one job is tried now and then. */
async function notForItsWorkflow(world: World, record: JobRecord, seat: Seat): Promise<void> {
  const reason = `the runner group "${seat.group}" admits certain workflows only, and perhaps not this job's`;
  const left = await leave(world, seat);
  if (left.kind !== 'go') return;
  world.log({ decision: 'job put off', reason, job: record.job, pool: seat.pool, runner: seat.name });
  await part(world, record, reason, world.clock.now() + BACK_OFF_MAX_MS);
}

async function part(world: World, record: JobRecord, reason: string, notBefore: number | undefined): Promise<void> {
  await changeJob(world, record.job, (current) => {
    if (current.runner !== record.runner || current.state !== 'queued') return current;
    const { runner: _, ...kept } = current;
    return { ...kept, reason, ...(notBefore !== undefined && { notBefore }) };
  });
}
