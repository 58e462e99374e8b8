/** Which places, or warm runners, a launch tries. */
import type { BacklogRecord } from './job.ts';
import type { Pool } from './pool.ts';
import type { Seat } from './runner.ts';

type Dealt<Thing> = { job: number; of: Thing[] };

/** Every job gets places, or warm runners, of its own to try, so that those side by side do not fight for one. */
export function deal<Thing>(things: readonly Thing[], jobs: readonly BacklogRecord[]): Dealt<Thing>[] {
  return jobs.map(({ job }, index) => ({
    job,
    of: Array.from({ length: TRIES }, (_, round) => things[index + round * jobs.length]).filter(
      (thing) => thing !== undefined,
    ),
  }));
}

/** Places tried for one launch; each miss means that another scaler was faster. */
const TRIES = 4;

/** Free places, beginning at one that follows from the job, so that two scalers seldom try the same one. */
export function freePlaces(pool: Pool, seats: readonly Seat[], job: number): number[] {
  const taken = new Set(seats.map((seat) => seat.place));
  const free = Array.from({ length: pool.max }, (_, place) => place).filter((place) => !taken.has(place));
  const start = free.length === 0 ? 0 : job % free.length;
  return [...free.slice(start), ...free.slice(0, start)];
}

/** The highest first: launches for jobs begin anywhere, and those of scalers that look side by side meet on the same places. */
export function placesLeft(pool: Pool, seats: readonly Seat[], launches: readonly Dealt<number>[]): number[] {
  const dealt = new Set(launches.map(({ of: [place] }) => place));
  return freePlaces(pool, seats, 0)
    .filter((place) => !dealt.has(place))
    .reverse();
}
