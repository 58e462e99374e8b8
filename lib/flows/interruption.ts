/**
 * EC2 takes an instance away. Who is idle on it is retired before GitHub gives it a job, who still boots is given up, and whoever
 * they were coming for is owed another at once. A job that runs may end in time, and is left alone.
 */
import { interruptionOf } from '../core/interruption.ts';
import { INSTANCE_LEAVES_AGAIN_SECONDS, INSTANCE_LEAVES_WITHIN_MS } from '../core/limits.ts';
import type { InstanceLeaving } from '../core/message.ts';
import type { Seat } from '../core/runner.ts';
import type { Task, World } from '../world.ts';
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
  const { tasks, open } = found.value;
  if (leaving.since === undefined) world.log({ decision, reason, instance, tasks: tasks.length, open });
  const done = await Promise.all(tasks.map((task) => interruptTask(world, config, task)));
  const pools = new Set(done.flatMap((one) => one?.pool ?? []));
  if (pools.size > 0) await world.queue.send([...pools].map((pool) => ({ body: { kind: 'look', pool } })));
  if (done.some((one) => one?.left === 'not yet')) {
    await again(world, leaving, 'not all of its runners without a job have let go of it');
  }
}

async function again(world: World, leaving: InstanceLeaving, reason: string): Promise<void> {
  const now = world.clock.now();
  const { instance, since = now } = leaving;
  const isOver = now - since >= INSTANCE_LEAVES_WITHIN_MS;
  world.log({ decision: isOver ? 'instance left alone' : 'instance comes again', reason, instance });
  if (isOver) return;
  await world.queue.send([{ body: { ...leaving, since }, delaySeconds: INSTANCE_LEAVES_AGAIN_SECONDS }]);
}

async function interruptTask(world: World, config: Config, task: Task) {
  const seat = await seatOf(world, config, task.startedBy);
  return seat && { pool: seat.pool, left: await interrupt(world, seat, task) };
}

/** That its instance goes is noted first: whatever happens to it next is explained by it. */
async function interrupt(world: World, seat: Seat, task: Task): Promise<'done' | 'not yet'> {
  const interruptedAt = world.clock.now();
  const noted = await changeSeat(world, seat, (current) =>
    current.state === 'gone' || current.interruptedAt !== undefined ? current : { ...current, interruptedAt },
  );
  if (noted === undefined) return 'done';
  const what = interruptionOf(noted);
  if (what === 'leave alone') return 'done';
  if (what === 'give up') return giveUp(world, noted, task);
  const left = await leaveWithInstance(world, noted);
  const decision = left.kind === 'go' ? 'runner retired' : 'runner not retired';
  world.log({ decision, reason: left.reason, runner: seat.name, pool: seat.pool });
  return left.kind === 'go' ? 'done' : 'not yet';
}

/**
 * From now on the registrar sends it away; until its task is told to stop it goes on serving its job, so that nobody is launched
 * beside it. A task that cannot be stopped ends with its instance, and with that the job is free.
 */
async function giveUp(world: World, seat: Seat, task: Task): Promise<'done' | 'not yet'> {
  const goneAt = world.clock.now();
  const reason = 'its instance is taken away';
  const given = await changeSeat(world, seat, (current) => {
    if (current.state === 'gone' || interruptionOf(current) !== 'give up') return current;
    const { mintingAt: _, ...kept } = current;
    return { ...kept, state: 'gone', goneAt, reason };
  });
  if (given?.state === 'registered') return 'not yet';
  if (given?.state !== 'gone') return 'done';
  const stopped = await world.cluster.stopTask(task.taskArn, reason);
  world.log({ decision: 'runner given up', reason, runner: seat.name, pool: seat.pool, answer: stopped.kind });
  if (stopped.kind !== 'ok' && stopped.kind !== 'gone') return 'not yet';
  const { serves } = given;
  await changeSeat(world, given, ({ serves: _, ...current }) => current);
  if (serves !== undefined) await release(world, serves, seat.name, { reason, failed: false });
  return 'done';
}
