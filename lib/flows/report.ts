/** What only the container knows: that a job has started in it, or that none runs. */
import type { LaunchFailure } from '../core/ending.ts';
import type { Seat } from '../core/runner.ts';
import type { World } from '../world.ts';
import type { Config } from './config.ts';
import type { Leaving } from './leave.ts';
import { leave, leaveEarly, leaveWithInstance } from './leave.ts';
import { changeSeat, seatOf } from './seats.ts';
import { isReportCredential } from './ticket.ts';

export type Report = { name: string; credential: string };
/** What the container knows of the job that has started, as far as it does. */
export type StartedJob = { repository?: string; runId?: number; runAttempt?: number; job?: string };
export type StartedAnswer = { kind: 'noted' } | { kind: 'forbidden' };
export type IdleAnswer = Leaving | { kind: 'forbidden' };

/** From now on the runner works, whatever GitHub says or does not say. */
export async function started(
  world: World,
  config: Config,
  report: Report & { job?: StartedJob },
): Promise<StartedAnswer> {
  if (!isReportCredential(config.ticketSecrets, report.name, report.credential)) return { kind: 'forbidden' };
  const now = world.clock.now();
  const seat = await seatOf(world, config, report.name);
  if (seat !== undefined) {
    await changeSeat(world, seat, ({ surplusSince: _, heardAt: __, ...current }) => ({
      ...current,
      state: 'busy',
      startedAt: current.startedAt ?? now,
      reason: current.busyWith === undefined ? 'a job has started in it' : current.reason,
    }));
  }
  const { job: jobKey, ...run } = report.job ?? {};
  const reason = `its container says that ${startedText(report.job)} has started`;
  world.log({ decision: 'runner busy', reason, runner: report.name, ...run, ...(jobKey !== undefined && { jobKey }) });
  return { kind: 'noted' };
}

/** Which of the jobs that its labels cover it has really got. */
function startedText({ repository, runId, runAttempt, job }: StartedJob = {}): string {
  const run = runId === undefined ? '' : ` in run ${runId}${runAttempt === undefined ? '' : `, attempt ${runAttempt}`}`;
  return `${job === undefined ? 'a job' : `job ${job}`}${repository === undefined ? '' : ` of ${repository}`}${run}`;
}

/** A runner that nobody needs leaves after its idle time: removed at GitHub first, and told to go only after a 204. */
export async function idle(world: World, config: Config, report: Report): Promise<IdleAnswer> {
  if (!isReportCredential(config.ticketSecrets, report.name, report.credential)) return { kind: 'forbidden' };
  const seat = await seatOf(world, config, report.name);
  const answer = await answerIdle(world, config, seat);
  world.log({ decision: `idle runner: ${answer.kind}`, reason: answer.reason, runner: report.name });
  return answer;
}

/** Its container ends without a job, whatever is answered: what is registered for it goes now, and not when it is found. */
export async function leaving(world: World, config: Config, report: Report & { why: string }): Promise<IdleAnswer> {
  if (!isReportCredential(config.ticketSecrets, report.name, report.credential)) return { kind: 'forbidden' };
  const seat = await seatOf(world, config, report.name);
  // Whatever becomes of it, its container has had its registration: nobody gets another.
  const known = seat?.state === 'registered' ? await noteWord(world, seat) : seat;
  const answer: Leaving =
    known?.state === 'registered'
      ? await leaveEarly(world, known, report.why)
      : { kind: 'stay', reason: known === undefined ? 'there is no record of it' : `it is ${known.state}` };
  world.log({
    decision: 'runner leaves',
    reason: answer.kind === 'go' ? answer.reason : `${report.why}; its registration stays: ${answer.reason}`,
    runner: report.name,
    ...(answer.kind === 'go' && { failure: 'container failed' satisfies LaunchFailure }),
  });
  return answer;
}

async function answerIdle(world: World, config: Config, seat: Seat | undefined): Promise<Leaving> {
  if (seat === undefined) return { kind: 'stay', reason: 'there is no record of it; the janitor decides' };
  if (seat.state === 'gone') return { kind: 'go', reason: seat.reason };
  // GitHub said that a job ran in it: perhaps one that never got there. If GitHub says so no more, the janitor believes the container.
  if (seat.state === 'busy' && seat.busyWith === undefined) await noteWord(world, seat);
  if (seat.state !== 'registered') return { kind: 'stay', reason: `it is ${seat.state}` };
  if (seat.interruptedAt !== undefined) return leaveWithInstance(world, seat);
  const job = seat.serves === undefined ? undefined : await world.history.get({ job: seat.serves });
  const now = world.clock.now();
  const isNeeded = job?.state === 'queued' && job.runner === seat.name;
  const noted = await changeSeat(world, seat, ({ surplusSince, ...current }) => ({
    ...current,
    heardAt: now,
    ...(!isNeeded && { surplusSince: surplusSince ?? now }),
  }));
  if (isNeeded) return { kind: 'stay', reason: `job ${job.job} is queued` };
  if (noted?.state !== 'registered') return { kind: 'stay', reason: 'its record changed meanwhile' };
  const idleMs = now - (noted.surplusSince ?? now);
  const idleMsMax = 1000 * idleSecondsMax(config, seat.pool);
  if (idleMs < idleMsMax) return { kind: 'stay', reason: `nobody needs it, since ${Math.round(idleMs / 1000)} s` };
  return leave(world, noted);
}

async function noteWord(world: World, seat: Seat): Promise<Seat | undefined> {
  const heardAt = world.clock.now();
  return changeSeat(world, seat, (current) => ({ ...current, heardAt }));
}

/** A pool that is not configured any more keeps nobody. */
function idleSecondsMax(config: Config, pool: string): number {
  return config.pools.pools.find(({ name }) => name === pool)?.idleSecondsMax ?? 0;
}
