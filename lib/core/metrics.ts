/** What is counted: decisions, as they are logged, to CloudWatch metrics. The same value is logged, tested, counted and shown. */

import { LAUNCH_FAILURES } from './ending.ts';
import { RUNNER_STATES } from './runner.ts';

/** Of all metrics of ours. */
export const NAMESPACE = 'EcsRunners';

/** The dimension of every metric; its value is the setting `DEPLOYMENT`. */
export const DEPLOYMENT_DIMENSION = 'Deployment';

/** Each value of each is a metric that AWS bills; so none has the id of a job or of a runner. */
export type Dimension = 'Pool' | 'Reason' | 'State' | 'Repair';
export type Unit = 'Count' | 'Seconds' | 'Percent';

/** `sets`: every set of dimensions, beside the deployment's, under which the metric is published. */
export type MetricKind = { unit: Unit; sets: readonly (readonly Dimension[])[] };

/** Every metric that can be published; what a widget or an alarm reads is one of these. */
export const METRICS = {
  /** Gauges, each minute. */
  JobsWaiting: { unit: 'Count', sets: [['Pool']] },
  OldestWaitingJobAgeSeconds: { unit: 'Seconds', sets: [[], ['Pool']] },
  Runners: { unit: 'Count', sets: [['State']] },
  TasksPending: { unit: 'Count', sets: [[]] },
  TasksRunning: { unit: 'Count', sets: [[]] },
  PoolsSuspect: { unit: 'Count', sets: [[]] },
  GitHubRateLimitRemainingPercent: { unit: 'Percent', sets: [[]] },
  /** Of the runner version that GitHub refuses first, in days. */
  RunnerVersionDaysLeft: { unit: 'Count', sets: [[]] },
  JanitorRuns: { unit: 'Count', sets: [[]] },
  /** As it happens. */
  JobWaitSeconds: { unit: 'Seconds', sets: [[], ['Pool']] },
  JobsStarted: { unit: 'Count', sets: [['Pool']] },
  JobsFinished: { unit: 'Count', sets: [['Pool']] },
  Launches: { unit: 'Count', sets: [['Pool']] },
  LaunchFailures: { unit: 'Count', sets: [['Reason']] },
  Repairs: { unit: 'Count', sets: [['Repair']] },
  SpotWarnings: { unit: 'Count', sets: [[]] },
} as const satisfies Record<string, MetricKind>;

export type MetricName = keyof typeof METRICS;

/** One value, with the values of all dimensions of its sets. */
export type Metric = { name: MetricName; value: number; dimensions: Readonly<Partial<Record<Dimension, string>>> };

/** A decision as it is logged. */
export type Decision = { decision: string } & Readonly<Record<string, unknown>>;

/**
 * What a decision counts. `value`: 1, or the name of the line's field. `by`: the fields that are the dimensions' values.
 * `when`: a field without which it is not counted. Whoever lacks one of its fields is not counted.
 */
type Rule = {
  metric: MetricName;
  value: 1 | string;
  by?: Readonly<Partial<Record<Dimension, string>>>;
  when?: string;
};

/** The decision is the repair's name. */
const REPAIR: readonly Rule[] = [{ metric: 'Repairs', value: 1, by: { Repair: 'decision' } }];

const RULES: Readonly<Record<string, readonly Rule[]>> = {
  'pool counted': [
    { metric: 'JobsWaiting', value: 'waiting', by: { Pool: 'pool' } },
    { metric: 'OldestWaitingJobAgeSeconds', value: 'oldestSeconds', by: { Pool: 'pool' } },
  ],
  'runners counted': [{ metric: 'Runners', value: 'runners', by: { State: 'state' } }],
  'janitor ran': [
    { metric: 'JanitorRuns', value: 1 },
    { metric: 'TasksPending', value: 'tasksPending' },
    { metric: 'TasksRunning', value: 'tasksRunning' },
    { metric: 'PoolsSuspect', value: 'poolsSuspect' },
    { metric: 'GitHubRateLimitRemainingPercent', value: 'rateLimitRemainingPercent' },
    { metric: 'RunnerVersionDaysLeft', value: 'runnerVersionDaysLeft' },
  ],
  // Only where it runs on a runner of ours: `runner` says which.
  'job in_progress': [
    { metric: 'JobsStarted', value: 1, by: { Pool: 'pool' }, when: 'runner' },
    { metric: 'JobWaitSeconds', value: 'waitSeconds', by: { Pool: 'pool' }, when: 'runner' },
  ],
  'job completed': [{ metric: 'JobsFinished', value: 1, by: { Pool: 'pool' }, when: 'runner' }],
  'task started': [{ metric: 'Launches', value: 1, by: { Pool: 'pool' } }],
  'runner ended': [{ metric: 'LaunchFailures', value: 1, by: { Reason: 'failure' } }],
  'runner leaves': [{ metric: 'LaunchFailures', value: 1, by: { Reason: 'failure' } }],
  'registration: gone': [{ metric: 'LaunchFailures', value: 1, by: { Reason: 'failure' } }],
  'spot warning': [{ metric: 'SpotWarnings', value: 1 }],
  'runner found ended': REPAIR,
  'task found': REPAIR,
  'runner retired': REPAIR,
  'task stopped': REPAIR,
  'ghost removed': REPAIR,
  'asked GitHub about a job': REPAIR,
  'call repeated': REPAIR,
  'webhook redelivered': REPAIR,
  'lost event found': REPAIR,
  'job run again': REPAIR,
  're-run refused': REPAIR,
};

/** All values that a dimension can have; pools are the operator's. */
export const DIMENSION_VALUES: Readonly<Record<Exclude<Dimension, 'Pool'>, readonly string[]>> = {
  Reason: LAUNCH_FAILURES,
  State: RUNNER_STATES,
  Repair: Object.keys(RULES).filter((decision) => RULES[decision] === REPAIR),
};

/** What the decision counts; most count nothing, and so does what a dry run decides. */
export function metricsOf(line: Decision): Metric[] {
  if (line['dryRun'] === true) return [];
  const rules = Object.hasOwn(RULES, line.decision) ? RULES[line.decision] : undefined;
  return (rules ?? []).flatMap((rule) => metricOf(rule, line) ?? []);
}

function metricOf({ metric, value, by = {}, when }: Rule, line: Decision): Metric | undefined {
  const counted = value === 1 ? 1 : line[value];
  const dimensions = Object.entries(by).map(([dimension, field]) => [dimension, line[field]] as const);
  if (typeof counted !== 'number' || (when !== undefined && line[when] === undefined)) return undefined;
  if (dimensions.some(([, given]) => typeof given !== 'string')) return undefined;
  return { name: metric, value: counted, dimensions: Object.fromEntries(dimensions) };
}
