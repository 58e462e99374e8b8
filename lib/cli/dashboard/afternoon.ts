/**
 * A made-up afternoon, for the picture of the dashboard: a steady stream of jobs, a release that asks for many at once,
 * and half an hour in which an image of one pool cannot be pulled. One small model of it all, so that the graphs agree.
 */
import type { Chance } from '../../sim/chance.ts';
import { seededChance } from '../../sim/chance.ts';

export const MINUTES = 180;
/** Pools, and each the group of instances that it runs in. */
export const POOLS = ['default', 'large', 'deploy'] as const;
export type PoolName = (typeof POOLS)[number];

export type PoolMinute = {
  waiting: number;
  oldestSeconds: number;
  started: number;
  finished: number;
  launches: number;
  launching: number;
  registered: number;
  busy: number;
  failures: number;
  instances: number;
  reservationPercent: number;
  /** Of the jobs that started in this minute. */
  waitsSeconds: readonly number[];
};

type PoolSetting = {
  jobsPerMinute: number;
  jobMinutes: number;
  release: number;
  brokenFrom: number;
  tasksPerInstance: number;
};

const RELEASE_MINUTE = 62;
const RELEASE_MINUTES = 3;
const BROKEN_MINUTES = 18;
const NEVER = Number.POSITIVE_INFINITY;
/** Minutes from the wish for an instance to its first task, and how long an empty one is kept. */
const BOOT_MINUTES = 2;
const KEPT_MINUTES = 15;
const TASK_START_SECONDS = 14;

const SETTINGS: Readonly<Record<PoolName, PoolSetting>> = {
  default: { jobsPerMinute: 6, jobMinutes: 6, release: 55, brokenFrom: NEVER, tasksPerInstance: 4 },
  large: { jobsPerMinute: 1.6, jobMinutes: 11, release: 14, brokenFrom: 118, tasksPerInstance: 2 },
  deploy: { jobsPerMinute: 0.5, jobMinutes: 4, release: 4, brokenFrom: NEVER, tasksPerInstance: 4 },
};

/** Always the same. */
export function afternoon(): Readonly<Record<PoolName, readonly PoolMinute[]>> {
  const chance = seededChance(7);
  return {
    default: poolAfternoon(SETTINGS.default, chance),
    large: poolAfternoon(SETTINGS.large, chance),
    deploy: poolAfternoon(SETTINGS.deploy, chance),
  };
}

function poolAfternoon(setting: PoolSetting, chance: Chance): PoolMinute[] {
  /** Minutes in which the waiting jobs came; oldest first. */
  const queue: number[] = [];
  const ends: number[] = [];
  const wanted: number[] = [];
  const minutes: PoolMinute[] = [];
  let instances = Math.ceil((setting.jobsPerMinute * setting.jobMinutes) / setting.tasksPerInstance);
  for (let job = 0; job < setting.jobsPerMinute * setting.jobMinutes; job++) {
    ends.push(chance.next() * setting.jobMinutes);
  }
  for (let minute = 0; minute < MINUTES; minute++) {
    const finished = removeBefore(ends, minute);
    for (let job = arrivals(setting, minute, chance); job > 0; job--) queue.push(minute + chance.next() - 1);
    queue.sort((one, other) => one - other);
    const isBroken = minute >= setting.brokenFrom && minute < setting.brokenFrom + BROKEN_MINUTES;
    const room = Math.max(0, instances * setting.tasksPerInstance - ends.length);
    const begun = isBroken ? [] : queue.splice(0, Math.min(queue.length, room));
    for (const _ of begun) ends.push(minute + setting.jobMinutes * (0.4 + 1.2 * chance.next()));
    const failures = isBroken ? Math.min(queue.length, minute < setting.brokenFrom + 2 ? 3 : 1) : 0;
    const needed = Math.ceil((ends.length + (isBroken ? 1 : queue.length)) / setting.tasksPerInstance);
    wanted.push(needed);
    minutes.push({
      waiting: queue.length,
      oldestSeconds: queue[0] === undefined ? 0 : (minute - queue[0]) * 60,
      started: begun.length,
      finished,
      launches: begun.length + failures,
      launching: Math.min(queue.length, isBroken ? 1 : queue.length) + Math.round(begun.length / 3),
      registered: Math.round(begun.length / 4),
      busy: ends.length,
      failures,
      instances,
      reservationPercent: instances === 0 ? 100 : Math.min(200, (100 * needed) / instances),
      waitsSeconds: begun.map((came) => (minute - came) * 20 + TASK_START_SECONDS + 9 * chance.next()),
    });
    const soon = wanted.at(-BOOT_MINUTES) ?? needed;
    instances = Math.max(soon, ...wanted.slice(-KEPT_MINUTES, -BOOT_MINUTES), 0);
  }
  return minutes;
}

function arrivals({ jobsPerMinute, release }: PoolSetting, minute: number, chance: Chance): number {
  const isRelease = minute >= RELEASE_MINUTE && minute < RELEASE_MINUTE + RELEASE_MINUTES;
  const tide = 1 + 0.35 * Math.sin(minute / 21);
  const usual = jobsPerMinute * tide * (0.5 + chance.next());
  return Math.floor(usual + chance.next()) + (isRelease ? Math.round(release / RELEASE_MINUTES) : 0);
}

/** Gives how many there were. */
function removeBefore(times: number[], minute: number): number {
  const left = times.filter((time) => time >= minute);
  const removed = times.length - left.length;
  times.splice(0, times.length, ...left);
  return removed;
}
