/** What a look does about warm runners: jobs claim them, others are launched in their place, and who is too much leaves. */
import type { JobRecord } from '../core/job.ts';
import { claimedBy, warmSeatFor } from '../core/launch.ts';
import type { Pool } from '../core/pool.ts';
import type { PoolRecord, RunnerRecord, Seat } from '../core/runner.ts';
import { poolRecord } from '../core/runner.ts';
import type { Leaving, Surplus } from '../core/warm.ts';
import { boundTo, isUnclaimed, isUnregistered, settled, unbound } from '../core/warm.ts';
import type { World } from '../world.ts';
import type { Config } from './config.ts';
import { ask } from './launch.ts';
import { asPool, asSeats, changePool, changeSeat } from './seats.ts';
import { ticketFor } from './ticket.ts';

/** The job gets the first of these runners that nobody else has claimed. The seat first, as with every launch. */
export async function claimWarm(
  world: World,
  order: { pool: Pool; job: JobRecord; seats: readonly Seat[] },
): Promise<'launched' | 'no place' | 'not owed'> {
  const { pool, job } = order;
  for (const seat of order.seats) {
    const reason = `comes for job ${job.job}`;
    const taken = await changeSeat(world, seat, (current) =>
      isUnclaimed(current) ? { ...boundTo(current, pool, job), serves: job.job, reason } : current,
    );
    if (taken?.serves === job.job) return (await claim(world, taken, job)) ? 'launched' : 'not owed';
  }
  return 'no place';
}

async function claim(world: World, seat: Seat, job: JobRecord): Promise<boolean> {
  const claim = claimedBy(job, { name: seat.name, launch: job.launch, place: seat.place }, world.clock.now());
  const reason = `the warm runner ${seat.name} comes for it`;
  if ((await world.history.put({ ...claim, reason }, job)) === undefined) {
    await giveBack(world, seat, job.job);
    return false;
  }
  world.log({ decision: 'warm runner claimed', reason, job: job.job, runner: seat.name, pool: seat.pool });
  return true;
}

/** Somebody else has claimed the job, or it is not queued any more; unless it was this very runner that was claimed for it. */
async function giveBack(world: World, seat: Seat, job: number): Promise<void> {
  if ((await world.history.get({ job }))?.runner === seat.name) return;
  await changeSeat(world, seat, (current) =>
    current.serves === job && isUnregistered(current) ? unbound(current) : current,
  );
}

/**
 * One place each: where it is taken, another scaler has looked at the same time. `last`: the number of the last launch when
 * the pool was read; whoever looks after somebody else has launched sees what that one has.
 */
export async function launchWarm(
  world: World,
  config: Config,
  order: { pool: Pool; places: readonly number[]; unproven: boolean; last: number | undefined },
): Promise<void> {
  const { pool, places, unproven, last } = order;
  const launch = places.length === 0 ? undefined : await nextLaunch(world, pool, last);
  if (launch === undefined) return;
  await Promise.all(
    places.map(async (place) => {
      const { prefix, registrarUrl, ticketSecrets } = config;
      const ticketOf = (name: string) => ticketFor(ticketSecrets, name);
      const now = world.clock.now();
      const wanted = warmSeatFor({ prefix, registrarUrl, pool, place, launch, ticketOf, now });
      const taken = await world.runners.put({ ...wanted, ...(unproven && { proves: true as const }) }, undefined);
      if (taken?.kind === 'runner') await ask(world, taken);
    }),
  );
}

/**
 * By the clock, so that it goes on rising after the pool's record was dropped. `undefined`: somebody else has launched since,
 * or many write at once; nobody waits for a warm runner, and the next look comes within a minute.
 */
async function nextLaunch(world: World, pool: Pool, last: number | undefined): Promise<number | undefined> {
  const warmLaunch = Math.max(Math.floor(world.clock.now() / 1000), (last ?? 0) + 1);
  for (let round = 0; round < NUMBER_TRIES; round++) {
    const stored = await world.runners.get({ pool: pool.name, place: -1 });
    const record: Omit<PoolRecord, 'version'> = asPool(stored) ?? poolRecord(pool.name);
    if (record.warmLaunch !== last) return undefined;
    const next: typeof record = { ...record, warmLaunch };
    if ((await world.runners.put(next, stored)) !== undefined) return warmLaunch;
  }
  return undefined;
}

const NUMBER_TRIES = 3;

/** Those that are too many; and since when there are some is written down. */
export async function letGo(world: World, pool: string, surplus: Surplus, since: number | undefined): Promise<void> {
  await Promise.all(surplus.leaving.map((one) => sendAway(world, one)));
  const { surplusSince } = surplus;
  if (surplusSince === since) return;
  await changePool(world, pool, ({ warmSurplusSince, ...record }) =>
    surplusSince === undefined ? record : { ...record, warmSurplusSince: warmSurplusSince ?? surplusSince },
  );
}

/** Of a pool that was removed. */
export async function letAllGo(world: World, pool: string, records: readonly RunnerRecord[]): Promise<void> {
  const since = records.map(asPool).find((record) => record !== undefined)?.warmSurplusSince;
  const reason = 'its pool is not configured any more';
  const tooMany = asSeats(records).flatMap((seat) => (isUnclaimed(seat) ? [{ seat, reason }] : []));
  await letGo(world, pool, settled(tooMany, since, world.clock.now()), since);
}

/** It hears so when it asks next; until its task has ended, it keeps its place. */
async function sendAway(world: World, { seat, reason }: Leaving): Promise<void> {
  const goneAt = world.clock.now();
  const told = await changeSeat(world, seat, (current) =>
    isUnclaimed(current) ? { ...current, state: 'gone', goneAt, reason } : current,
  );
  if (told?.goneAt !== goneAt) return;
  world.log({ decision: 'warm runner let go', reason, runner: seat.name, pool: seat.pool });
}
