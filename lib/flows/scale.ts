/** A batch of messages: record what happened, look once at each pool touched, answer message by message. */

import { endingOf } from '../core/ending.ts';
import type { JobEvent } from '../core/job.ts';
import type { Message, TaskStopped } from '../core/message.ts';
import { parseRunnerName } from '../core/name.ts';
import type { World } from '../world.ts';
import type { Config } from './config.ts';
import { endRunner } from './end.ts';
import { leaveInstance } from './interruption.ts';
import type { Own } from './look.ts';
import { look } from './look.ts';
import { lookOnly } from './look-only.ts';
import { noteLost } from './lost.ts';
import { recordJob } from './record.ts';
import { repairSeats } from './repair.ts';
import { asSeats, seatOf } from './seats.ts';
import { letAllGo } from './warm.ts';

/**
 * `ignored`: why nothing is to be done. `problem`: the message could not be understood, and never can be: it ends in the
 * dead-letter queue.
 */
export type Received =
  | { id: string; message: Message | TaskStopped }
  | { id: string; ignored: string }
  | { id: string; problem: string };

/** Gives the ids of the messages that have to come again; everything else is done. */
export async function scale(world: World, config: Config, batch: readonly Received[]): Promise<string[]> {
  const done = await Promise.all([...inOrder(batch)].map((group) => recordGroup(world, config, group)));
  const touched = done.flat();
  const pools = [...new Set(touched.flatMap(({ pool }) => pool ?? []))];
  const failedPools = await Promise.all(
    pools.map(async (pool) => {
      const ids = touched.filter((one) => one.pool === pool).map(({ id }) => id);
      return (await attempt(world, ids, () => lookAt(world, config, pool, ownOf(touched, pool)))) ? [] : ids;
    }),
  );
  return [...new Set([...touched.filter(({ failed }) => failed).map(({ id }) => id), ...failedPools.flat()])];
}

/** Where nothing is launched, because the pool was removed or the stage observes, what had begun is brought to its end. */
async function lookAt(world: World, config: Config, name: string, own: Own): Promise<void> {
  const pool = config.pools.pools.find((one) => one.name === name);
  if (pool !== undefined && config.mode === 'launch') return look(world, config, pool, own);
  if (pool !== undefined) await lookOnly(world, config, pool, own);
  const records = await world.runners.list(name);
  await repairSeats(world, config, asSeats(records));
  if (pool === undefined) await letAllGo(world, name, records);
}

type Touched = {
  id: string;
  pool?: string;
  failed?: true;
  own?: [number, Own extends ReadonlyMap<number, infer V> ? V : never];
};

/** Events of one job are recorded one after the other, in the order of their states; all else side by side. */
function inOrder(batch: readonly Received[]): Iterable<Received[]> {
  const groups = new Map<string, Received[]>();
  for (const received of batch) {
    const key =
      'message' in received && received.message.kind === 'job' ? `job ${received.message.event.job}` : received.id;
    groups.set(key, [...(groups.get(key) ?? []), received]);
  }
  return [...groups.values()].map((group) => group.sort((one, other) => rank(one) - rank(other)));
}

function rank(received: Received): number {
  if (!('message' in received) || received.message.kind !== 'job') return 0;
  return ['queued', 'in_progress', 'completed'].indexOf(received.message.event.state);
}

async function recordGroup(world: World, config: Config, group: readonly Received[]): Promise<Touched[]> {
  const touched: Touched[] = [];
  for (const received of group) {
    let result: Omit<Touched, 'id'> = {};
    const succeeded = await attempt(world, [received.id], async () => {
      result = await recordOne(world, config, received);
    });
    touched.push({ id: received.id, ...(succeeded ? result : { failed: true }) });
  }
  return touched;
}

async function recordOne(world: World, config: Config, received: Received): Promise<Omit<Touched, 'id'>> {
  if ('problem' in received) throw new Error(received.problem);
  if ('ignored' in received) return ignore(world, received.ignored);
  const { message } = received;
  if (message.kind === 'job') return recordEventOf(world, config, message.event);
  if (message.kind === 'look') return { pool: message.pool };
  if (message.kind === 'instance-leaving') {
    await leaveInstance(world, config, message);
    return {};
  }
  return recordEnd(world, config, message);
}

function ignore(world: World, reason: string): Omit<Touched, 'id'> {
  world.log({ decision: 'event ignored', reason });
  return {};
}

async function recordEventOf(world: World, config: Config, event: JobEvent): Promise<Omit<Touched, 'id'>> {
  const recorded = await recordJob(world, config, event);
  if (recorded === undefined) return {};
  const { pool, job, item } = recorded;
  return { pool, ...(job.state === 'queued' && { own: [job.job, { job, item }] }) };
}

async function recordEnd(world: World, config: Config, stopped: TaskStopped): Promise<Omit<Touched, 'id'>> {
  const parsed = parseRunnerName(config.prefix, stopped.startedBy);
  if (parsed === undefined) return {};
  const seat = await seatOf(world, config, stopped.startedBy);
  if (seat !== undefined) {
    await noteLost(world, config, seat, stopped);
    await endRunner(world, seat, endingOf(seat, stopped));
  }
  return { pool: parsed.pool };
}

function ownOf(touched: readonly Touched[], pool: string): Own {
  return new Map(touched.flatMap((one) => (one.pool === pool && one.own !== undefined ? [one.own] : [])));
}

/** One message's trouble is its own: it is logged, and that message comes again. */
async function attempt(world: World, ids: readonly string[], action: () => Promise<void>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    world.log({
      decision: 'message comes again',
      reason: error instanceof Error ? error.message : String(error),
      messages: ids,
    });
    return false;
  }
}
