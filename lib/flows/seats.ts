/** The runners table, by runner name. */
import type { RunnerName } from '../core/name.ts';
import { parseRunnerName } from '../core/name.ts';
import type { PoolRecord, RunnerRecord, Seat } from '../core/runner.ts';
import { poolRecord } from '../core/runner.ts';
import type { World } from '../world.ts';
import { change } from './change.ts';
import type { Config } from './config.ts';

/** The seat of exactly this runner; `undefined` if its place is free or another runner's. */
export async function seatOf(world: World, config: Config, name: string): Promise<Seat | undefined> {
  const parsed = parseRunnerName(config.prefix, name);
  if (parsed === undefined) return undefined;
  return seatNamed(await world.runners.get(placeOf(parsed)), name);
}

/**
 * The runner that is coming for the job. History names one only after its seat says that it serves the job, so a name
 * without such a seat is what an ended launch, or a swap, has left.
 */
export async function comingFor(
  world: World,
  config: Config,
  job: { job: number; runner?: string },
): Promise<Seat | undefined> {
  const seat = job.runner === undefined ? undefined : await seatOf(world, config, job.runner);
  return seat?.serves === job.job ? seat : undefined;
}

/** The seat as it is now, if it still is this runner's. */
export async function reread(world: World, seat: Pick<Seat, 'name' | 'pool' | 'place'>): Promise<Seat | undefined> {
  return seatNamed(await world.runners.get(placeOf(seat)), seat.name);
}

/** Changes the seat if it still is this runner's; gives the seat as it is then. */
export async function changeSeat(
  world: World,
  seat: Pick<Seat, 'name' | 'pool' | 'place'>,
  next: (seat: Seat) => Omit<Seat, 'version'>,
): Promise<Seat | undefined> {
  const { after } = await change(world.runners, placeOf(seat), (record) => {
    const current = seatNamed(record, seat.name);
    return current === undefined ? record : next(current);
  });
  return seatNamed(after, seat.name);
}

/** Changes the pool's own record; it is made when it is first needed. */
export async function changePool(
  world: World,
  pool: string,
  next: (record: Omit<PoolRecord, 'version'>) => Omit<PoolRecord, 'version'>,
): Promise<void> {
  await change(world.runners, { pool, place: -1 }, (record) => next(asPool(record) ?? poolRecord(pool)));
}

export function asSeats(records: readonly RunnerRecord[]): Seat[] {
  return records.filter((record) => record.kind === 'runner');
}

export function asPool(record: RunnerRecord | undefined): PoolRecord | undefined {
  return record?.kind === 'pool' ? record : undefined;
}

function seatNamed(record: RunnerRecord | undefined, name: string): Seat | undefined {
  return record?.kind === 'runner' && record.name === name ? record : undefined;
}

function placeOf({ pool, place }: Pick<RunnerName, 'pool' | 'place'>): { pool: string; place: number } {
  return { pool, place };
}
