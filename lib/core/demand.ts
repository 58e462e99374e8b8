/** Which jobs are owed a launch, and how many of them may be launched now. */
import { type Allowance, allowance, pace } from './allowance.ts';
import type { BacklogRecord } from './job.ts';
import {
  LAUNCHES_PER_LOOK_MAX,
  LOOK_READ_MAX,
  OWN_JOBS_FIRST_MS,
  PACED_LOOK_MS,
  SUSPECT_AFTER_FAILURES,
} from './limits.ts';
import { type Adoption, adopt, isAlone, isOwed, served, servedBy, spares } from './pairing.ts';
import { deal, freePlaces, placesLeft } from './places.ts';
import type { Pool } from './pool.ts';
import type { PoolHealth } from './pool-health.ts';
import { heldBy } from './refusal.ts';
import type { Seat } from './runner.ts';
import { claimable, isUnclaimed, planWarm, ranked, type WarmPlan } from './warm.ts';

/**
 * What one look decides: who gets a runner that nobody else needs, who gets a warm one (the first of these that nobody else
 * has claimed), whom to launch where, why nobody else, how many are to be warm, and when to look again (ms since 1970).
 */
export type Plan = {
  adoptions: Adoption[];
  claims: { job: number; seats: Seat[] }[];
  launches: { job: number; places: number[] }[];
  warm: WarmPlan;
  why: string;
  lookAt?: number;
  /** No container of the pool's task definition has come up yet. */
  unproven: boolean;
};

export type Observation = {
  pool: Pool;
  seats: readonly Seat[];
  health: PoolHealth;
  /** As far as it was read. */
  backlog: readonly BacklogRecord[];
  /** Jobs whose events the one who looks has in hand. */
  own: ReadonlySet<number>;
  now: number;
};

export function plan(seen: Observation): Plan {
  const { pool, seats, now } = seen;
  const may = allowance(pool, seats, seen.health, now);
  const taken = served(seats);
  const own = seen.backlog.filter(servedBy(pool)).filter((item) => heldBy(seen.health.refusals, item) === undefined);
  const adoptions = adopt(
    spares(seats, seen.backlog, now),
    own.filter((item) => isAlone(item, taken)),
  );
  const adopted = new Set(adoptions.map(({ job }) => job));
  const owed = own.filter((item) => isOwed(item, taken, now) && !adopted.has(item.job));
  const warm = claimable(pool, seats, now);
  const room = roomOf(pool, seats, may, warm);
  const chosen = choose({ owed, own: seen.own, ...room, now });
  const claims = deal(ranked(pool, warm, chosen[0]?.job ?? 0), chosen.slice(0, warm.length));
  const rest = chosen.slice(warm.length);
  const allowed = pace(seats, rest, now);
  const isPaced = allowed.length < rest.length;
  const launches = deal(freePlaces(pool, seats, allowed[0]?.job ?? 0), allowed);
  const claimed = new Set(claims.map(({ of: [seat] }) => seat));
  const places = placesLeft(pool, seats, launches);
  const warmPlan = planWarm({
    pool,
    seats,
    unclaimed: seats.filter((seat) => isUnclaimed(seat) && !claimed.has(seat)),
    // Jobs come first, those that this look does not launch too.
    places: places.slice(0, Math.max(0, places.length - (owed.length - claims.length - launches.length))),
    may: { ...may, launches: may.launches - launches.length },
    isSound: seen.health.failures < SUSPECT_AFTER_FAILURES && may.lookAt === undefined,
    surplusSince: seen.health.warmSurplusSince,
    now,
  });
  const times = [
    may.lookAt,
    isPaced ? now + PACED_LOOK_MS : undefined,
    !isPaced && hasMore({ may, owed, chosen, room, warm })
      ? now + (chosen.length < room.launches ? OWN_JOBS_FIRST_MS : 0)
      : undefined,
    warmPlan.lookAt,
    ...(room.launches > 0 ? own.map((item) => laterThan(item, taken, now)) : []),
  ].filter((time) => time !== undefined);
  return {
    adoptions,
    claims: claims.map(({ job, of: seats }) => ({ job, seats })),
    launches: launches.map(({ job, of: places }) => ({ job, places })),
    warm: warmPlan,
    why: isPaced ? 'launches are paced to the registrations that GitHub allows in a minute' : may.reason,
    ...(times.length > 0 && { lookAt: Math.min(...times) }),
    unproven: seen.health.proven !== pool.taskDefinition,
  };
}

/** For so many jobs there is something: warm runners, and places. */
type Room = { free: number; launches: number };

function roomOf(pool: Pool, seats: readonly Seat[], may: Allowance, warm: readonly Seat[]): Room {
  return { free: pool.max - seats.length + warm.length, launches: may.launches + warm.length };
}

/** Somebody else will be launched soon, or at the latest by the next look; a cautious pool waits for its first containers. */
function hasMore(seen: {
  may: Allowance;
  owed: readonly unknown[];
  chosen: readonly unknown[];
  room: Room;
  warm: readonly unknown[];
}): boolean {
  const { may, owed, chosen, room, warm } = seen;
  const isOpen = may.cautious ? warm.length > chosen.length : room.launches > 0;
  return isOpen && owed.length > chosen.length && room.free > chosen.length;
}

function laterThan(item: BacklogRecord, taken: ReadonlySet<number>, now: number): number | undefined {
  return isAlone(item, taken) && item.notBefore !== undefined && item.notBefore > now ? item.notBefore : undefined;
}

/** Backlog items worth reading: those that have a place, and as many more as there are places. */
export function readLimit(pool: Pool): number {
  return Math.min(LOOK_READ_MAX, pool.max + LAUNCHES_PER_LOOK_MAX);
}

/**
 * The jobs to launch, at most `launches`. Oldest first when there is not room for all. When there is, each scaler
 * begins with the jobs whose events it has in hand, so that ten scalers do not all reach for the same ones.
 */
export function choose(options: {
  owed: readonly BacklogRecord[];
  own: ReadonlySet<number>;
  free: number;
  launches: number;
  now: number;
}): BacklogRecord[] {
  const { owed, own, free, launches, now } = options;
  if (owed.length > free) return owed.slice(0, launches);
  const mine = owed.filter((item) => own.has(item.job));
  const left = owed.filter((item) => !own.has(item.job) && now - item.recordedAt >= OWN_JOBS_FIRST_MS);
  return [...mine, ...left].slice(0, launches);
}
