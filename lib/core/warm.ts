/**
 * Warm runners: booted, not registered, and bound to no owner until a job claims one. How many of them a pool launches or
 * lets go, and which of them a job gets (docs/decisions/0016-warm-runners.md).
 */
import type { JobRecord } from './job.ts';
import { bindingOf } from './launch.ts';
import { WARM_SETTLE_MS, WARM_SILENT_MS } from './limits.ts';
import type { Pool } from './pool.ts';
import type { Seat } from './runner.ts';
import { isBound } from './runner.ts';

/** It is warm, or boots to be, and no job has claimed it yet. */
export function isUnclaimed(seat: Seat): boolean {
  return !isBound(seat) && (seat.state === 'launching' || seat.state === 'warm');
}

/** Another call of RunTask would be the same, but for its name. */
export function isCurrent(pool: Pool, { request }: Seat): boolean {
  return (
    request.taskDefinition === pool.taskDefinition &&
    request.taskRole === pool.taskRole &&
    request.capacityProvider === pool.capacityProvider
  );
}

/**
 * Those that the pool's jobs may claim. A job never gets the role that its pool had before; one that has fallen silent is
 * the janitor's.
 */
export function claimable(pool: Pool, seats: readonly Seat[], now: number): Seat[] {
  return seats.filter((seat) => isUnclaimed(seat) && hasRole(pool, seat) && !hasFallenSilent(seat, now));
}

function hasRole(pool: Pool, { request, role }: Seat): boolean {
  return request.taskRole === pool.taskRole && role === pool.role;
}

function hasFallenSilent({ state, heardAt }: Seat, now: number): boolean {
  return state === 'warm' && now - (heardAt ?? 0) >= WARM_SILENT_MS;
}

/**
 * Those that wait already first, of the pool's present task definition before others. Among equals one begins at a seat
 * that follows from the job, so that two scalers seldom try the same one.
 */
export function ranked(pool: Pool, seats: readonly Seat[], job: number): Seat[] {
  const [waiting, booting] = split(seats, ({ state }) => state === 'warm');
  const [current, outdated] = split(waiting, (seat) => isCurrent(pool, seat));
  return [current, outdated, booting].flatMap((equals) => {
    const start = equals.length === 0 ? 0 : job % equals.length;
    return [...equals.slice(start), ...equals.slice(0, start)];
  });
}

type Registered = Pick<JobRecord, 'installation' | 'owner' | 'repository' | 'ownerIsUser'>;

/** Claimed: to be registered for the job, as the pool says now. */
export function boundTo(seat: Seat, pool: Pool, job: Registered): Seat {
  const { warmSince: _, ...kept } = seat;
  return { ...kept, state: 'launching', ...bindingOf(pool, job), labels: [...pool.labels], group: pool.group };
}

/** Nobody needs it any more, and it was never registered: any job of its pool may claim it. */
export function unbound(seat: Seat): Seat {
  const { serves: _, installation: __, owner: ___, repository: ____, mintNotBefore: _____, ...kept } = seat;
  return { ...kept, reason: 'no job needs it any more' };
}

/** May be given back: it has never been registered, and is not about to be. */
export function isUnregistered({ state, mint, mintingAt }: Seat): boolean {
  return state === 'launching' && mint === 0 && mintingAt === undefined;
}

/** Its container has said that it waits. */
export function waiting(seat: Seat, now: number): Seat {
  return { ...seat, state: 'warm', warmSince: seat.warmSince ?? now, heardAt: now, reason: 'waits for a job' };
}

export type Leaving = { seat: Seat; reason: string };

/** Whom to let go now; and since when there have been too many. */
export type Surplus = { leaving: Leaving[]; surplusSince?: number };

/** On which places to launch, whom to let go, and when to look again (ms since 1970). */
export type WarmPlan = Surplus & { places: number[]; lookAt?: number };

export type WarmSeen = {
  pool: Pool;
  seats: readonly Seat[];
  /** Those that no job claims in this look. */
  unclaimed: readonly Seat[];
  /** Free ones that no job needs, in the order in which they are taken. */
  places: readonly number[];
  /** The most that may be launched; `cautious`: more only when others have come up. */
  may: { launches: number; cautious?: true };
  /** Nothing says that a new one would fail. */
  isSound: boolean;
  surplusSince?: number | undefined;
  now: number;
};

/** As many as the pool wants, where jobs leave places for them. */
export function planWarm(seen: WarmSeen): WarmPlan {
  const { pool, seats, unclaimed } = seen;
  const wanted = Math.max(0, Math.min(pool.warm, pool.max - (seats.length - unclaimed.length)));
  const [current, outdated] = split(unclaimed, (seat) => isCurrent(pool, seat));
  // One more than wanted while there are outdated ones: these stay until others have come up in their place.
  const spare = wanted + (outdated.length > 0 ? 1 : 0) - unclaimed.length;
  const missing = Math.max(0, Math.min(wanted - current.length, spare, seen.places.length));
  const places = seen.places.slice(0, Math.max(0, Math.min(missing, seen.may.launches)));
  const tooMany = outdated.length > 0 && wanted > 0 ? replaced(seen, wanted, outdated) : beyond(wanted, unclaimed);
  const isShort = places.length < missing && seen.may.launches > 0 && !seen.may.cautious;
  const surplus = settled(tooMany, seen.surplusSince, seen.now);
  const lookAt = isShort ? seen.now : dueOf(surplus, seen.now);
  return { places, ...surplus, ...(lookAt !== undefined && { lookAt }) };
}

/** They go when there have been too many for a while. */
export function settled(tooMany: Leaving[], since: number | undefined, now: number): Surplus {
  if (tooMany.length === 0) return { leaving: [] };
  const surplusSince = since ?? now;
  return { leaving: now - surplusSince < WARM_SETTLE_MS ? [] : tooMany, surplusSince };
}

/** When those that are too many are to go, if not now. */
export function dueOf({ leaving, surplusSince }: Surplus, now: number): number | undefined {
  if (surplusSince === undefined || leaving.length > 0) return undefined;
  return Math.max(now, surplusSince + WARM_SETTLE_MS);
}

/** Those that boot go first, then those that came last. */
function beyond(wanted: number, unclaimed: readonly Seat[]): Leaving[] {
  const byAge = unclaimed.toSorted((one, other) => one.launchedAt - other.launchedAt || one.place - other.place);
  const [waiting, booting] = split(byAge, ({ state }) => state === 'warm');
  const reason = `the pool wants ${wanted} warm runners`;
  return [...waiting, ...booting].slice(wanted).map((seat) => ({ seat, reason }));
}

/** As many as are more than enough without them. Where there is no place for a new one, one of them gives its own. */
function replaced(seen: WarmSeen, wanted: number, outdated: readonly Seat[]): Leaving[] {
  const reason = 'the pool has another task definition or role now';
  const { seats, unclaimed, isSound, places } = seen;
  const [waiting, booting] = split(unclaimed, ({ state }) => state === 'warm');
  const isOneLeaving = seats.some((seat) => !isBound(seat) && seat.state === 'gone');
  const isStuck = isSound && places.length === 0 && booting.length === 0 && !isOneLeaving;
  const count = Math.max(waiting.length - wanted, isStuck ? 1 : 0);
  return outdated.slice(0, count).map((seat) => ({ seat, reason }));
}

function split<Thing>(things: readonly Thing[], test: (thing: Thing) => boolean): [Thing[], Thing[]] {
  return [things.filter(test), things.filter((thing) => !test(thing))];
}
