/** Which jobs are owed a launch, and how many of them may be launched now. */
import { backOffMs } from './back-off.ts';
import type { BacklogRecord } from './job.ts';
import {
  LAUNCHES_PER_LOOK_MAX,
  LOOK_READ_MAX,
  MINTS_PER_MINUTE,
  OWN_JOBS_FIRST_MS,
  PACED_LOOK_MS,
  POOL_FULL_MS,
  SUSPECT_AFTER_FAILURES,
  UNPROVEN_LAUNCHES_MAX,
} from './limits.ts';
import { admits, covers, type Pool } from './pool.ts';
import type { PoolRecord, Seat } from './runner.ts';
import { claimable, isUnclaimed, planWarm, ranked, type WarmPlan } from './warm.ts';

/**
 * What one look decides: who gets a runner that nobody else needs, who gets a warm one (the first of these that nobody else
 * has claimed), whom to launch where, why nobody else, how many are to be warm, and when to look again (ms since 1970).
 */
export type Plan = {
  adoptions: { job: number; seat: Seat }[];
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
  const own = seen.backlog.filter(servedBy(pool));
  const adoptions = adopt(
    spares(seats, seen.backlog),
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

/**
 * Runners of which no job is known, and that no job needs: theirs runs elsewhere or was cancelled. Runners and jobs
 * change partners while several events are recorded side by side; this brings together who was left over. One that
 * works is among them: the job in it is one that we still believe to be queued, or a stranger; the janitor finds out.
 */
function spares(seats: readonly Seat[], backlog: readonly BacklogRecord[]): Seat[] {
  const running = new Set(backlog.filter(({ state }) => state === 'in_progress').map(({ job }) => job));
  return seats.filter(
    ({ state, busyWith, serves }) =>
      state !== 'gone' && busyWith === undefined && (serves === undefined || running.has(serves)),
  );
}

/** Each spare runner for the oldest job that it may take. */
function adopt(seats: readonly Seat[], jobs: readonly BacklogRecord[]): Plan['adoptions'] {
  const left = [...jobs];
  return seats.flatMap((seat) => {
    const at = left.findIndex((item) => mayTake(seat, item));
    const [item] = at < 0 ? [] : left.splice(at, 1);
    return item === undefined ? [] : [{ job: item.job, seat }];
  });
}

/** What GitHub goes by when it gives a job to a runner. */
type Taken = Pick<BacklogRecord, 'installation' | 'owner' | 'repository' | 'labels'>;

/**
 * Would GitHub give the job to this runner? In its organisation, or on its repository; and by the labels that it has been
 * or will be registered with, which may not be those that its pool has now.
 */
export function mayRun(seat: Seat, job: Taken): boolean {
  const isSameOwner = job.installation === seat.installation && job.owner === seat.owner;
  const isInReach = isSameOwner && (seat.repository ?? job.repository) === job.repository;
  return isInReach && covers(seat.labels, job.labels ?? []);
}

export function mayTake(seat: Seat, job: Taken & { state: string }): boolean {
  return job.state === 'queued' && mayRun(seat, job);
}

/** A job that the pool has ceased to serve gets no runner of it: GitHub would not give it to one. The janitor moves it. */
export function servedBy(pool: Pool): (item: BacklogRecord) => boolean {
  return ({ labels = [], owner, repository }) => covers(pool.labels, labels) && admits(pool, { owner, repository });
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

type Dealt<Thing> = { job: number; of: Thing[] };

/** Every job gets places, or warm runners, of its own to try, so that those side by side do not fight for one. */
function deal<Thing>(things: readonly Thing[], jobs: readonly BacklogRecord[]): Dealt<Thing>[] {
  return jobs.map(({ job }, index) => ({
    job,
    of: Array.from({ length: TRIES }, (_, round) => things[index + round * jobs.length]).filter(
      (thing) => thing !== undefined,
    ),
  }));
}

/** Places tried for one launch; each miss means that another scaler was faster. */
const TRIES = 4;

/** The highest first: launches for jobs begin anywhere, and those of scalers that look side by side meet on the same places. */
function placesLeft(pool: Pool, seats: readonly Seat[], launches: readonly Dealt<number>[]): number[] {
  const dealt = new Set(launches.map(({ of: [place] }) => place));
  return freePlaces(pool, seats, 0)
    .filter((place) => !dealt.has(place))
    .reverse();
}

/** How many launches a pool may begin now; when it is fewer than its free places, why, and when to look again. */
export type Allowance = { launches: number; reason: string; lookAt?: number; cautious?: true };

export function allowance(pool: Pool, seats: readonly Seat[], record: PoolHealth, now: number): Allowance {
  const free = pool.max - seats.length;
  if (free <= 0) return { launches: 0, reason: `all ${pool.max} places of pool ${pool.name} are taken` };
  const { notBefore, reason } = record;
  if (notBefore !== undefined && notBefore > now) return { launches: 0, reason, lookAt: notBefore };
  const caution = cautionOf(pool, seats, record);
  return { ...caution, launches: Math.min(caution.launches, free, LAUNCHES_PER_LOOK_MAX) };
}

/** A suspect pool launches one at a time; one whose task definition has never come up, a few. */
function cautionOf(pool: Pool, seats: readonly Seat[], record: PoolHealth): Allowance {
  const launching = seats.filter((seat) => seat.state === 'launching').length;
  if (record.failures >= SUSPECT_AFTER_FAILURES) {
    const reason = `pool ${pool.name} is suspect after ${record.failures} failed launches: ${record.reason}`;
    return { launches: launching > 0 ? 0 : 1, reason, cautious: true };
  }
  if (record.proven === pool.taskDefinition) return { launches: pool.max, reason: 'launches wait for the next look' };
  const reason = `no container of ${pool.taskDefinition} has come up yet: ${UNPROVEN_LAUNCHES_MAX} launches at a time`;
  return { launches: Math.max(0, UNPROVEN_LAUNCHES_MAX - launching), reason, cautious: true };
}

/** How many jobs of a pool are queued, and since when the oldest of them (ms since 1970). */
export type Waiting = { jobs: number; oldestAt: number };

/** By pool; a pool where nobody waits is left out. */
export function countWaiting(backlog: readonly BacklogRecord[]): Map<string, Waiting> {
  const waiting = new Map<string, Waiting>();
  for (const { pool, state, createdAt } of backlog) {
    if (state !== 'queued') continue;
    const { jobs, oldestAt } = waiting.get(pool) ?? { jobs: 0, oldestAt: createdAt };
    waiting.set(pool, { jobs: jobs + 1, oldestAt: Math.min(oldestAt, createdAt) });
  }
  return waiting;
}

export type PoolHealth = Omit<PoolRecord, 'version'>;

/** The pool's health after what its seats say: a container that came up proves its task definition, a job the pool. */
export function observedHealth(pool: Pool, seats: readonly Seat[], record: PoolHealth): PoolHealth {
  const proven = seats.some(
    ({ registeredAt, warmSince, request }) =>
      (registeredAt !== undefined || warmSince !== undefined) && request.taskDefinition === pool.taskDefinition,
  );
  const { notBefore: _, failingSince, ...rest } = record;
  const works = seats.some((seat) => seat.state === 'busy' && seat.launchedAt >= (failingSince ?? 0));
  const healed = record.failures > 0 && works;
  return {
    ...(healed ? { ...rest, failures: 0, reason: 'a runner works again' } : record),
    ...(proven && { proven: pool.taskDefinition }),
  };
}

/** The pool's health after a launch that ended without a job for a reason that lies in the pool. */
export function failedHealth(record: PoolHealth, reason: string, now: number): PoolHealth {
  const failures = record.failures + 1;
  return {
    ...record,
    failures,
    failingSince: record.failures === 0 ? now : (record.failingSince ?? now),
    reason,
    ...(failures >= SUSPECT_AFTER_FAILURES && { notBefore: now + backOffMs(failures, failures) }),
  };
}

/** The pool's health after ECS said that it is full or throttled: everybody waits a moment. */
export function fullHealth(record: PoolHealth, reason: string, now: number): PoolHealth {
  return { ...record, reason, notBefore: Math.max(record.notBefore ?? 0, now + POOL_FULL_MS) };
}

/** Backlog items worth reading: those that have a place, and as many more as there are places. */
export function readLimit(pool: Pool): number {
  return Math.min(LOOK_READ_MAX, pool.max + LAUNCHES_PER_LOOK_MAX);
}

/** The jobs that a living launch is coming for, or that run. */
export function served(seats: readonly Seat[]): Set<number> {
  return new Set(seats.flatMap((seat) => (seat.serves === undefined ? [] : [seat.serves])));
}

/** Nobody is coming for it, and as far as we know it waits. */
export function isAlone(item: BacklogRecord, taken: ReadonlySet<number>): boolean {
  return item.state === 'queued' && item.awaitsWord === undefined && !taken.has(item.job);
}

/** It is to be launched now, unless a runner that nobody needs is there for it. */
export function isOwed(item: BacklogRecord, taken: ReadonlySet<number>, now: number): boolean {
  return isAlone(item, taken) && (item.notBefore ?? 0) <= now;
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

/** Launches are paced to what each installation may register in a minute. */
export function pace(seats: readonly Seat[], jobs: readonly BacklogRecord[], now: number): BacklogRecord[] {
  const lately = new Map<number, number>();
  for (const seat of seats) {
    const { installation, launchedAt } = seat;
    if (installation === undefined || now - launchedAt >= 60_000) continue;
    lately.set(installation, (lately.get(installation) ?? 0) + 1);
  }
  return jobs.filter(({ installation }) => {
    const launched = lately.get(installation) ?? 0;
    lately.set(installation, launched + 1);
    return launched < MINTS_PER_MINUTE;
  });
}

/** Free places, beginning at one that follows from the job, so that two scalers seldom try the same one. */
export function freePlaces(pool: Pool, seats: readonly Seat[], job: number): number[] {
  const taken = new Set(seats.map((seat) => seat.place));
  const free = Array.from({ length: pool.max }, (_, place) => place).filter((place) => !taken.has(place));
  const start = free.length === 0 ? 0 : job % free.length;
  return [...free.slice(start), ...free.slice(0, start)];
}
