/**
 * One launch: take a place, claim the job, start the task, note its ARN. The claim is the one conditional write that
 * decides; a place without a claim is given up (docs/decisions/0001-a-place-before-the-claim.md).
 */

import type { Ending, LaunchFailure } from '../core/ending.ts';
import { endingOf } from '../core/ending.ts';
import type { JobRecord } from '../core/job.ts';
import { claimedBy, seatFor } from '../core/launch.ts';
import type { Pool } from '../core/pool.ts';
import { fullHealth } from '../core/pool-health.ts';
import type { Seat } from '../core/runner.ts';
import { NO_JOB } from '../core/runner.ts';
import type { Failure, Outcome, Task, World } from '../world.ts';
import type { Config } from './config.ts';
import { endRunner } from './end.ts';
import { mirror } from './jobs.ts';
import { changePool, changeSeat, reread } from './seats.ts';
import { ticketFor } from './ticket.ts';

/** Launches the job on the first of these places that is still free. */
export async function launch(
  world: World,
  config: Config,
  order: { pool: Pool; job: JobRecord; places: readonly number[]; unproven: boolean },
): Promise<'launched' | 'no place' | 'not owed'> {
  const seat = await takePlace(world, config, order);
  if (seat === undefined) return 'no place';
  const claimed = await world.history.put(claimedBy(order.job, seat, world.clock.now()), order.job);
  if (claimed === undefined) {
    await giveUpPlace(world, seat);
    return 'not owed';
  }
  await ask(world, seat);
  return 'launched';
}

async function takePlace(
  world: World,
  config: Config,
  order: { pool: Pool; job: JobRecord; places: readonly number[]; unproven: boolean },
): Promise<Seat | undefined> {
  for (const place of order.places) {
    const wanted = seatFor({
      prefix: config.prefix,
      registrarUrl: config.registrarUrl,
      pool: order.pool,
      place,
      job: order.job,
      ticketOf: (name) => ticketFor(config.ticketSecrets, name),
      now: world.clock.now(),
    });
    const taken = await world.runners.put({ ...wanted, ...(order.unproven && { proves: true as const }) }, undefined);
    if (taken?.kind === 'runner') return taken;
  }
  return undefined;
}

/** Somebody else has claimed the job, or it is not queued any more: then the backlog may not know it yet. */
async function giveUpPlace(world: World, seat: Seat): Promise<void> {
  await world.runners.remove(seat);
  const current = await world.history.get({ job: seat.job });
  if (current !== undefined) await mirror(world, current);
  world.log({ decision: 'not launched', reason: 'the job was claimed or changed meanwhile', job: seat.job });
}

/** Makes the seat's RunTask call for the first time: if ECS refuses it, there is no task. */
export async function ask(world: World, seat: Seat): Promise<void> {
  const answer = await call(world, seat);
  if (answer.kind === 'ok') return noteTask(world, seat, answer.value);
  if (answer.kind === 'unknown') return;
  const { kind, reason } = answer;
  // A job may have claimed a warm runner meanwhile.
  await endRunner(world, (await reread(world, seat)) ?? seat, {
    ran: 'no',
    blame: blameOf(answer),
    failure: callFailure(kind),
    reason: `RunTask: ${reason}`,
  });
  if (answer.kind === 'full' || answer.kind === 'retry') {
    const now = world.clock.now();
    await changePool(world, seat.pool, (record) => fullHealth(record, answer.reason, now));
  }
}

/** Makes it, for the first time or again: the same request finds the task that it started before. */
export async function call(world: World, seat: Seat): Promise<Outcome<Task>> {
  const answer = await world.cluster.runTask(seat.request);
  world.log({
    decision: answer.kind === 'ok' ? 'task started' : 'task not started',
    reason: answer.kind === 'ok' ? seat.reason : answer.reason,
    ...(seat.job !== NO_JOB && { job: seat.job }),
    pool: seat.pool,
    runner: seat.name,
    ...(answer.kind === 'ok' && { task: answer.value.taskArn }),
  });
  return answer;
}

function callFailure(kind: Failure['kind']): LaunchFailure {
  if (kind === 'full') return 'no capacity';
  return kind === 'retry' ? 'put off by ECS' : 'refused by ECS';
}

function blameOf(failure: Failure): Ending['blame'] {
  return failure.kind === 'full' || failure.kind === 'retry' ? 'nobody' : 'pool';
}

/** ECS replays its answer: the task may have ended long ago, which is a failed launch. */
export async function noteTask(world: World, seat: Seat, task: Task): Promise<void> {
  const noted = await changeSeat(world, seat, (current) =>
    current.taskArn === task.taskArn ? current : { ...current, taskArn: task.taskArn },
  );
  if (noted === undefined || task.lastStatus !== 'STOPPED') return;
  await endRunner(world, noted, endingOf(noted, { stoppedReason: 'its task has stopped', ...task }));
}
