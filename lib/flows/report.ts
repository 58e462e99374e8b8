/** What only the container knows: that a job has started in it, or that none runs. */
import type { Seat } from '../core/runner.ts';
import type { World } from '../world.ts';
import type { Config } from './config.ts';
import { scopeOf } from './end.ts';
import { changeSeat, seatOf } from './seats.ts';
import { isReportCredential } from './ticket.ts';

export type Report = { name: string; credential: string };
export type StartedAnswer = { kind: 'noted' } | { kind: 'forbidden' };
export type IdleAnswer = { kind: 'stay'; reason: string } | { kind: 'go'; reason: string } | { kind: 'forbidden' };

/** From now on the runner works, whatever GitHub says or does not say. */
export async function started(world: World, config: Config, report: Report): Promise<StartedAnswer> {
  if (!isReportCredential(config.ticketSecrets, report.name, report.credential)) return { kind: 'forbidden' };
  const now = world.clock.now();
  const seat = await seatOf(world, config, report.name);
  if (seat !== undefined) {
    await changeSeat(world, seat, ({ surplusSince: _, ...current }) => ({
      ...current,
      state: 'busy',
      startedAt: current.startedAt ?? now,
      heardAt: now,
      reason: current.busyWith === undefined ? 'a job has started in it' : current.reason,
    }));
  }
  world.log({ decision: 'runner busy', reason: 'its container says that a job has started', runner: report.name });
  return { kind: 'noted' };
}

/** A runner that nobody needs leaves after its idle time: removed at GitHub first, and told to go only after a 204. */
export async function idle(world: World, config: Config, report: Report): Promise<IdleAnswer> {
  if (!isReportCredential(config.ticketSecrets, report.name, report.credential)) return { kind: 'forbidden' };
  const seat = await seatOf(world, config, report.name);
  const answer = await answerIdle(world, config, seat);
  world.log({ decision: `idle runner: ${answer.kind}`, reason: answer.reason, runner: report.name });
  return answer;
}

async function answerIdle(
  world: World,
  config: Config,
  seat: Seat | undefined,
): Promise<Exclude<IdleAnswer, { kind: 'forbidden' }>> {
  if (seat === undefined) return { kind: 'stay', reason: 'there is no record of it; the janitor decides' };
  if (seat.state === 'gone') return { kind: 'go', reason: seat.reason };
  if (seat.state !== 'registered' || seat.runnerId === undefined)
    return { kind: 'stay', reason: `it is ${seat.state}` };
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
  return leave(world, noted, seat.runnerId);
}

/** A pool that is not configured any more keeps nobody. */
function idleSecondsMax(config: Config, pool: string): number {
  return config.pools.pools.find(({ name }) => name === pool)?.idleSecondsMax ?? 0;
}

async function leave(world: World, seat: Seat, runnerId: number): Promise<Exclude<IdleAnswer, { kind: 'forbidden' }>> {
  const removal = await world.github.removeRunner(scopeOf(seat), runnerId);
  if (removal.kind === 'busy') {
    const now = world.clock.now();
    await changeSeat(world, seat, (current) => ({ ...current, state: 'busy', startedAt: now, reason: removal.reason }));
    return { kind: 'stay', reason: 'GitHub says that it is busy' };
  }
  const isRemoved = removal.kind === 'ok' || (removal.kind === 'gone' && (await isUnlisted(world, seat, runnerId)));
  if (!isRemoved) return { kind: 'stay', reason: 'reason' in removal ? removal.reason : 'unknown' };
  const reason = 'nobody needed it; removed at GitHub';
  const goneAt = world.clock.now();
  const after = await changeSeat(world, seat, (current) => {
    if (current.state === 'busy') return current;
    const { serves: _, ...kept } = current;
    return { ...kept, state: 'gone', goneAt, reason };
  });
  return after?.state === 'busy'
    ? { kind: 'stay', reason: 'a job has started in it meanwhile' }
    : { kind: 'go', reason };
}

/**
 * GitHub answers 404 for what is gone and for what we may not see. So it counts only when the owner's runners can be
 * listed, this one is not among them, and no job was ever seen in it (the answer to an earlier removal was lost).
 */
async function isUnlisted(world: World, seat: Seat, runnerId: number): Promise<boolean> {
  if (seat.startedAt !== undefined || seat.busyWith !== undefined) return false;
  const listed = await world.github.listRunners(scopeOf(seat));
  return listed.kind === 'ok' && listed.value.every(({ id }) => id !== runnerId);
}
