/**
 * EC2 takes an instance away. Who is idle on it is retired before GitHub gives it a job, who still boots is given up, and whoever
 * they were coming for is owed another at once. A job that runs may end in time, and is left alone.
 */
import { interruptionOf } from '../core/interruption.ts';
import { INSTANCE_LEAVES_AGAIN_SECONDS, INSTANCE_LEAVES_WITHIN_MS } from '../core/limits.ts';
import type { InstanceLeaving } from '../core/message.ts';
import type { Seat } from '../core/runner.ts';
import type { World } from '../world.ts';
import type { Config } from './config.ts';
import { release } from './jobs.ts';
import { leaveWithInstance } from './leave.ts';
import { changeSeat, seatOf } from './seats.ts';

/** Idempotent. What ECS or GitHub does not answer is tried again until the instance is gone; then its tasks end, and that is told. */
export async function leaveInstance(world: World, config: Config, leaving: InstanceLeaving): Promise<void> {
  const { instance, isSpot, reason } = leaving;
  const found = await world.cluster.closeInstance(instance);
  if (found.kind === 'gone') {
    world.log({ decision: 'event ignored', reason: `${reason}; ${found.reason}`, instance });
    return;
  }
  if (found.kind !== 'ok') return again(world, leaving, found.reason);
  const decision = isSpot ? 'spot warning' : 'instance leaves';
  if (leaving.since === undefined) world.log({ decision, reason, instance, tasks: found.value.length });
  const seats = await Promise.all(found.value.map(({ startedBy }) => seatOf(world, config, startedBy)));
  const left = await Promise.all(seats.map((seat) => seat && interrupt(world, seat)));
  const pools = new Set(seats.flatMap((seat) => seat?.pool ?? []));
  if (pools.size > 0) await world.queue.send([...pools].map((pool) => ({ body: { kind: 'look', pool } })));
  if (left.includes('not yet')) await again(world, leaving, 'not all of its idle runners could be removed at GitHub');
}

async function again(world: World, leaving: InstanceLeaving, reason: string): Promise<void> {
  const now = world.clock.now();
  const { instance, since = now } = leaving;
  const isOver = now - since >= INSTANCE_LEAVES_WITHIN_MS;
  world.log({ decision: isOver ? 'instance left alone' : 'instance comes again', reason, instance });
  if (isOver) return;
  await world.queue.send([{ body: { ...leaving, since }, delaySeconds: INSTANCE_LEAVES_AGAIN_SECONDS }]);
}

/** That its instance goes is noted first: whatever happens to it next is explained by it. */
async function interrupt(world: World, seat: Seat): Promise<'done' | 'not yet'> {
  const interruptedAt = world.clock.now();
  const noted = await changeSeat(world, seat, (current) =>
    current.state === 'gone' || current.interruptedAt !== undefined ? current : { ...current, interruptedAt },
  );
  if (noted === undefined || noted.state === 'gone') return 'done';
  const what = interruptionOf(noted);
  if (what === 'leave alone') return 'done';
  if (what === 'give up') return giveUp(world, noted);
  const left = await leaveWithInstance(world, noted);
  const decision = left.kind === 'go' ? 'runner retired' : 'runner not retired';
  world.log({ decision, reason: left.reason, runner: seat.name, pool: seat.pool });
  return left.kind === 'go' ? 'done' : 'not yet';
}

/** The seat first: while it serves a job, nobody else is launched for that one. From now on the registrar sends it away. */
async function giveUp(world: World, seat: Seat): Promise<'done' | 'not yet'> {
  const goneAt = world.clock.now();
  const reason = 'its instance is taken away';
  let served: number | undefined;
  const given = await changeSeat(world, seat, (current) => {
    if (interruptionOf(current) !== 'give up') return current;
    const { serves, mintingAt: _, ...kept } = current;
    served = serves;
    return { ...kept, state: 'gone', goneAt, reason };
  });
  if (given?.state === 'registered') return 'not yet';
  if (given?.goneAt !== goneAt) return 'done';
  if (served !== undefined) await release(world, served, seat.name, { reason, failed: false });
  world.log({ decision: 'runner given up', reason, runner: seat.name, pool: seat.pool });
  return 'done';
}
