/** What widgets and alarms read is what the code publishes, under that very name and those dimensions; and the other way round. */
import { expect, test } from '@jest/globals';
import type { Read } from '../../infra/reads.ts';
import type { MetricName } from '../../lib/core/metrics.ts';
import { DEPLOYMENT_DIMENSION, DIMENSION_VALUES, METRICS, NAMESPACE } from '../../lib/core/metrics.ts';
import { DASHBOARD_INPUT, readsOfAlarms, readsOfDashboard } from '../support/dashboard.ts';

/** Published for questions that an operator may have of a single pool, and read by nothing of ours. */
const REVIEWED = ['JobWaitSeconds by Deployment, Pool'];

const published = Object.entries(METRICS).flatMap(([name, { sets }]) =>
  sets.map((set) => `${name} by ${[DEPLOYMENT_DIMENSION, ...set].join(', ')}`),
);

/** Why nothing will ever be shown for it. */
function problemsOf({ namespace, metric, dimensions }: Read): string[] {
  if (namespace !== NAMESPACE) return [];
  const key = keyOf({ metric, dimensions });
  if (!published.includes(key)) return [`nobody publishes ${key}`];
  return Object.entries(dimensions).flatMap(([dimension, value]) => {
    const values = valuesOf(dimension);
    return value === undefined || values === undefined || values.includes(value)
      ? []
      : [`${dimension} is never ${value}`];
  });
}

function keyOf({ metric, dimensions }: Pick<Read, 'metric' | 'dimensions'>): string {
  return `${metric} by ${Object.keys(dimensions).join(', ')}`;
}

function valuesOf(dimension: string): readonly string[] | undefined {
  if (dimension === DEPLOYMENT_DIMENSION) return [DASHBOARD_INPUT.deployment];
  return DIMENSION_VALUES[dimension as keyof typeof DIMENSION_VALUES];
}

const reads = [...readsOfDashboard(), ...readsOfAlarms()];
const own = reads.filter(({ namespace }) => namespace === NAMESPACE);

test('every metric of ours that a widget or an alarm reads is published', () => {
  expect(own.length).toBeGreaterThan(20);
  expect(reads.flatMap(problemsOf)).toEqual([]);
});

test('every metric that is published is read', () => {
  const read = new Set(own.map(keyOf));
  expect(published.filter((key) => !read.has(key))).toEqual(REVIEWED);
});

test.each<[string, Partial<Read>, string]>([
  ['a wrong name', { metric: 'JobWaiting' }, 'nobody publishes JobWaiting by Deployment, Pool'],
  ['a dimension that it has not', { dimensions: ours({ State: undefined }) }, 'nobody publishes'],
  ['one dimension too few', { dimensions: ours({}) }, 'nobody publishes JobsWaiting by Deployment'],
  ['another deployment', { dimensions: { Deployment: 'other', Pool: undefined } }, 'Deployment is never other'],
  [
    'a value that it never has',
    { metric: 'LaunchFailures', dimensions: ours({ Reason: 'no room' }) },
    'Reason is never no room',
  ],
])('planted: %s is seen', (_, wrong, problem) => {
  const right: Read = {
    namespace: NAMESPACE,
    metric: 'JobsWaiting',
    dimensions: ours({ Pool: undefined }),
    statistic: 'Maximum',
  };
  expect(problemsOf(right)).toEqual([]);
  expect(problemsOf({ ...right, ...wrong })).toEqual([expect.stringContaining(problem)]);
});

test('statistics suit: what happens is added up, what is counted each minute is not', () => {
  const happens: MetricName[] = [
    'JobsStarted',
    'JobsFinished',
    'Launches',
    'LaunchFailures',
    'Repairs',
    'SpotWarnings',
    'JanitorRuns',
  ];
  for (const { metric, statistic } of own) {
    expect({ metric, isSum: statistic === 'Sum' }).toEqual({ metric, isSum: happens.includes(metric as MetricName) });
  }
});

test('metrics of AWS are read by their own names and dimensions (AWS docs: metrics of SQS, Lambda, Auto Scaling, ECS)', () => {
  const others = reads.filter(({ namespace }) => namespace !== NAMESPACE);
  const names = others.map((read) => `${read.namespace} ${keyOf(read)}`);
  expect([...new Set(names)].sort()).toEqual([
    'AWS/AutoScaling GroupInServiceInstances by AutoScalingGroupName',
    'AWS/ECS/ManagedScaling CapacityProviderReservation by ClusterName, CapacityProviderName',
    'AWS/Lambda Duration by FunctionName',
    'AWS/Lambda Errors by FunctionName',
    'AWS/Lambda Throttles by FunctionName',
    'AWS/SQS ApproximateNumberOfMessagesDelayed by QueueName',
    'AWS/SQS ApproximateNumberOfMessagesNotVisible by QueueName',
    'AWS/SQS ApproximateNumberOfMessagesVisible by QueueName',
  ]);
});

function ours(by: Record<string, string | undefined>): Read['dimensions'] {
  return { [DEPLOYMENT_DIMENSION]: DASHBOARD_INPUT.deployment, ...by };
}
