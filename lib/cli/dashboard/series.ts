/** What the lines of a graph would show on that afternoon: one series for each value of a searched dimension. */
import type { Line } from '../../../infra/dashboard.ts';
import { optionsOf, type Read, readsOfLine } from '../../../infra/reads.ts';
import { afternoon, MINUTES, POOLS, type PoolMinute, type PoolName } from './afternoon.ts';

export type Series = { label: string; color?: string; values: readonly number[] };

const byPool = afternoon();

/** Hidden lines, which only expressions read, have none. */
export function seriesOf(line: Line): Series[] {
  const options = optionsOf(line);
  if (options['visible'] === false) return [];
  const label = String(options['label'] ?? '');
  const color = typeof options['color'] === 'string' ? { color: options['color'] } : {};
  const [read] = readsOfLine(line);
  if (read === undefined) return [{ label, ...color, values: costs() }];
  const model = MODELS[read.metric];
  if (model === undefined)
    throw new Error(`The picture does not know the metric ${read.metric}: tell it in series.ts.`);
  const searched = Object.entries(read.dimensions).find(([, value]) => value === undefined)?.[0];
  if (searched === undefined || !label.includes('PROP')) {
    return [{ label, ...color, values: minutes((minute) => model(minute, 'all', read, label)) }];
  }
  return valuesOf(searched).map((value) => ({ label: value, values: minutes((minute) => model(minute, value, read)) }));
}

/** Only what occurs on that afternoon. */
function valuesOf(dimension: string): readonly string[] {
  if (dimension === 'Pool') return POOLS;
  if (dimension === 'State') return ['busy', 'registered', 'launching'];
  if (dimension === 'Reason') return ['task failed to start', 'no capacity'];
  return ['runner found ended', 'asked GitHub about a job', 'ghost removed'];
}

/** Every other minute, with the higher of two values: more is not seen, and makes the file large. */
function minutes(value: (minute: number) => number): number[] {
  return Array.from({ length: MINUTES / 2 }, (_, index) => Math.max(value(2 * index), value(2 * index + 1)));
}

type Model = (minute: number, value: string, read: Read, label?: string) => number;

const MODELS: Readonly<Record<string, Model>> = {
  JobsWaiting: ofPool('waiting'),
  OldestWaitingJobAgeSeconds: ofPool('oldestSeconds'),
  JobWaitSeconds: (minute, _, { statistic }) => percentile(minute, Number(statistic.slice(1)) / 100),
  JobsStarted: ofPool('started'),
  JobsFinished: ofPool('finished'),
  Launches: ofPool('launches'),
  LaunchFailures: (minute, reason) =>
    reason === 'no capacity' ? Math.max(0, 4 - Math.abs(minute - 66) * 2) : sum(minute, 'failures'),
  Runners: (minute, state) => sum(minute, state as keyof PoolMinute),
  TasksPending: (minute) => sum(minute, 'launching'),
  TasksRunning: (minute) => sum(minute, 'registered') + sum(minute, 'busy'),
  Repairs: (minute, repair) => (ripple(minute, repair.length) > 0.97 ? 1 : 0),
  JanitorRuns: () => 1,
  PoolsSuspect: (minute) => (minute > 122 && minute < 138 ? 1 : 0),
  SpotWarnings: (minute) => (minute === 41 || minute === 96 ? 1 : 0),
  GitHubRateLimitRemainingPercent: (minute) => 100 - (minute % 60) * (minute > 60 && minute < 120 ? 0.7 : 0.35),
  ApproximateNumberOfMessagesVisible: (minute, _, __, label) =>
    label === 'dead letters' ? 0 : Math.round(sum(minute, 'started') / 6),
  ApproximateNumberOfMessagesNotVisible: (minute) => Math.round(sum(minute, 'started') / 3),
  ApproximateNumberOfMessagesDelayed: (minute) => POOLS.filter((pool) => at(pool, minute).waiting > 0).length,
  Errors: () => 0,
  Throttles: () => 0,
  Duration: (minute, _, { dimensions }) => duration(String(dimensions['FunctionName']), minute),
  GroupInServiceInstances: (minute, _, { dimensions }) => instances(String(dimensions['AutoScalingGroupName']), minute),
  CapacityProviderReservation: (minute, _, { dimensions }) =>
    at(isLarge(String(dimensions['CapacityProviderName'])) ? 'large' : 'default', minute).reservationPercent,
};

function ofPool(name: keyof PoolMinute): Model {
  return (minute, pool) => (pool === 'all' ? sum(minute, name) : Number(at(pool as PoolName, minute)[name]));
}

function at(pool: PoolName, minute: number): PoolMinute {
  const found = byPool[pool][minute];
  if (found === undefined) throw new RangeError(`The afternoon has no minute ${minute}.`);
  return found;
}

function sum(minute: number, name: keyof PoolMinute): number {
  return POOLS.reduce((total, pool) => total + Number(at(pool, minute)[name]), 0);
}

/** Of the jobs of the last five minutes, so that the line does not break off. */
function percentile(minute: number, share: number): number {
  const last = Array.from({ length: 5 }, (_, back) => Math.max(0, minute - back));
  const waits = last.flatMap((one) => POOLS.flatMap((pool) => at(pool, one).waitsSeconds));
  waits.sort((one, other) => one - other);
  return waits[Math.min(waits.length - 1, Math.floor(share * waits.length))] ?? 0;
}

function isLarge(name: string): boolean {
  return name.includes('8xlarge');
}

function instances(group: string, minute: number): number {
  if (isLarge(group)) return at('large', minute).instances;
  return at('default', minute).instances + at('deploy', minute).instances;
}

function costs(): number[] {
  return minutes((minute) => instances('x64-2xlarge', minute) * 0.4 + instances('x64-8xlarge', minute) * 1.61);
}

const DURATION_MS: Readonly<Record<string, number>> = { webhook: 24, scaler: 190, registrar: 310, janitor: 820 };

function duration(functionName: string, minute: number): number {
  const name = Object.keys(DURATION_MS).find((one) => functionName.endsWith(one)) ?? '';
  const load = Math.min(1, sum(minute, 'started') / 40);
  return (DURATION_MS[name] ?? 0) * (0.9 + 0.25 * ripple(minute, functionName.length) + 0.5 * load);
}

/** Between 0 and 1, restless and always the same. */
function ripple(minute: number, salt: number): number {
  const wave = Math.sin(minute * 12.9898 + salt * 78.233) * 43758.5453;
  return wave - Math.floor(wave);
}
