/**
 * What people do at GitHub in so many days, drawn from a seed: arrivals by a day's curve, single jobs and matrices and now and then
 * a burst, log-normal lengths, cancels, re-runs, approvals, jobs for other runners, labels in any case.
 */
import type { Chance } from './chance.ts';
import type { SimClock } from './clock.ts';
import type { Control } from './github-service/control.ts';

/** A repository from which jobs come, how often compared with the others, and what its jobs may ask for. */
export type Source = {
  owner: string;
  repo: string;
  weight: number;
  asks: readonly (readonly string[])[];
  user?: true;
  /** How many times longer its jobs take than those of others. */
  slowness?: number;
  /** The App is not installed there: nobody hears of its jobs, and they take our organisation's runners. */
  outside?: true;
};

/** One push: so many jobs alike, `atMs` after the beginning; each may be cancelled, run again, or wait for an approval. */
export type Arrival = {
  atMs: number;
  source: Source;
  labels: string[];
  count: number;
  durationSeconds: number;
  fails: boolean;
  heldMs?: number;
  cancelAfterMs?: number;
  rerunAfterMs?: number;
  /** So many jobs more follow, each when the one before has succeeded. */
  followers?: number;
  /** All jobs of the group run one after the other; a newer one replaces one that waits. */
  concurrency?: string;
};

const HOUR_MS = 60 * 60 * 1000;
const MINUTE_MS = 60 * 1000;
/** Pushes in an hour, by the hour of the day; the simulated day begins at 8. */
const PUSHES_BY_HOUR = [1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 20, 18, 12, 16, 20, 18, 14, 10, 6, 4, 3, 2, 2, 1];
const FIRST_HOUR = 8;
/** Of lengths: half are shorter than this, a sixth are longer than 2.7 times as much. */
const LENGTH = { medianSeconds: 150, sigma: 1, mostSeconds: 60 * 60 };
/** One in two hundred takes hours, like a test of the whole product. */
const LONG = { share: 0.005, leastSeconds: 2 * 60 * 60, mostSeconds: 5 * 60 * 60 };
/** A burst is of short jobs: a pool of few places would work on long ones for a day. */
const BURST = { least: 30, most: 80, mostSeconds: 90 };
/** GitHub docs, "Actions limits": the largest matrix. */
const MATRIX = { most: 256, mostSeconds: 20 };

/** A job of which nobody hears finds one of our runners in this time, or is given up. */
const OUTSIDE_MS_MAX = 20 * MINUTE_MS;

export function planWorkload(chance: Chance, sources: readonly Source[], days: number): Arrival[] {
  const arrivals: Arrival[] = [];
  for (let hour = 0; hour < days * 24; hour += 1) {
    const rate = PUSHES_BY_HOUR[(hour + FIRST_HOUR) % 24] ?? 0;
    for (let atMs = gapMs(chance, rate); atMs < HOUR_MS; atMs += gapMs(chance, rate)) {
      arrivals.push(arrivalOf(chance, sources, hour * HOUR_MS + atMs));
    }
  }
  return arrivals;
}

/** Poisson arrivals have exponential gaps. */
function gapMs(chance: Chance, perHour: number): number {
  return (-Math.log(1 - chance.next()) * HOUR_MS) / perHour;
}

function arrivalOf(chance: Chance, sources: readonly Source[], atMs: number): Arrival {
  const source = weighted(chance, sources);
  const count = countOf(chance);
  const durationSeconds = Math.min(lengthOf(chance, source), secondsMaxOf(count));
  // Whoever waits for others waits for no job of hours, or for a day in all.
  const isAwaited = count === 1 && durationSeconds <= LENGTH.mostSeconds;
  const labels = (chance.pick(source.asks) ?? []).map((label) => inAnyCase(chance, label));
  return {
    atMs,
    source,
    labels,
    count,
    durationSeconds,
    fails: chance.happens(0.15),
    ...(chance.happens(0.02) && { heldMs: chance.between(1, 40) * MINUTE_MS }),
    ...(chance.happens(0.06) && { cancelAfterMs: chance.between(0, 6 * MINUTE_MS) }),
    ...(chance.happens(0.05) && { rerunAfterMs: chance.between(1, 30) * MINUTE_MS }),
    ...(isAwaited && chance.happens(0.1) && { followers: chance.between(1, 3) }),
    ...(isAwaited && chance.happens(0.08) && { concurrency: 'deployment' }),
  };
}

function countOf(chance: Chance): number {
  const kind = chance.next();
  if (kind < 0.002) return MATRIX.most;
  if (kind < 0.01) return chance.between(BURST.least, BURST.most);
  return kind < 0.2 ? chance.between(2, 8) : 1;
}

function secondsMaxOf(count: number): number {
  if (count === 1) return LONG.mostSeconds;
  if (count < BURST.least) return LENGTH.mostSeconds;
  return count < MATRIX.most ? BURST.mostSeconds : MATRIX.mostSeconds;
}

function lengthOf(chance: Chance, { slowness = 1, outside }: Source): number {
  if (outside !== true && chance.happens(LONG.share)) return chance.between(LONG.leastSeconds, LONG.mostSeconds);
  const normal = Math.sqrt(-2 * Math.log(1 - chance.next())) * Math.cos(2 * Math.PI * chance.next());
  const seconds = LENGTH.medianSeconds * slowness * Math.exp(LENGTH.sigma * normal);
  return Math.round(Math.min(LENGTH.mostSeconds, Math.max(1, seconds)));
}

function weighted(chance: Chance, sources: readonly Source[]): Source {
  let left = chance.next() * sources.reduce((sum, { weight }) => sum + weight, 0);
  for (const source of sources) {
    left -= source.weight;
    if (left < 0) return source;
  }
  throw new Error('There is no source of jobs');
}

function inAnyCase(chance: Chance, label: string): string {
  return chance.happens(0.1) ? label.toUpperCase() : label;
}

/** Lets it happen. A job for runners that are not ours ends after its length, wherever it ran. Gives whether all of it has happened. */
export function playWorkload(
  arrivals: readonly Arrival[],
  {
    clock,
    control,
    isOurs,
  }: { clock: SimClock; control: Control; isOurs: (labels: readonly string[], repo: string) => boolean },
): () => boolean {
  let planned = 0;
  const later = (delayMs: number, act: () => void) => {
    planned += 1;
    clock.after(delayMs, () => {
      planned -= 1;
      act();
    });
  };
  for (const arrival of arrivals) later(arrival.atMs, () => arrive(arrival));
  return () => planned === 0;

  function arrive(arrival: Arrival): void {
    const { source, labels, count, durationSeconds, fails, heldMs, followers = 0, concurrency } = arrival;
    const { owner, repo, user, outside } = source;
    const added = control.addJobs({
      owner,
      repo,
      labels,
      count,
      durationSeconds,
      followers,
      // If such a job is run again, nobody ends it, and ours would wait for it.
      ...(concurrency !== undefined && isOurs(labels, repo) && { concurrency }),
      held: heldMs !== undefined,
      conclusion: fails ? 'failure' : 'success',
      ...(user && { user }),
      ...(outside && { outside }),
    });
    if (!('ids' in added)) throw new Error(JSON.stringify(added));
    for (const id of added.ids) goOn(arrival, id);
  }

  function goOn(arrival: Arrival, id: number): void {
    const { source, labels, durationSeconds, heldMs, cancelAfterMs, rerunAfterMs } = arrival;
    if (!isOurs(labels, source.repo)) later(durationSeconds * 1000, () => control.cancel(id));
    if (source.outside) later(durationSeconds * 1000 + OUTSIDE_MS_MAX, () => control.cancel(id));
    if (heldMs !== undefined) later(heldMs, () => control.release(id));
    if (cancelAfterMs !== undefined) later(cancelAfterMs, () => control.cancel(id));
    if (rerunAfterMs !== undefined) later(durationSeconds * 1000 + rerunAfterMs, () => control.rerun(id));
  }
}
