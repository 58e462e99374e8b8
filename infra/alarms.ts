/** The alarms: each says that somebody should look, and `docs/operations.md` says at what. */

import type { LaunchFailure } from '../lib/core/ending.ts';
import { VERSION_WARNING_DAYS } from '../lib/core/limits.ts';
import type { Dimension, MetricName } from '../lib/core/metrics.ts';
import { DEPLOYMENT_DIMENSION, NAMESPACE } from '../lib/core/metrics.ts';
import { type Resource, type Resources, sub, type Value } from './template.ts';

/** Texts may hold CloudFormation placeholders such as `${DeadLetterQueue.QueueName}`. */
export type AlarmsInput = {
  /** The stack's name; the value of the dimension `Deployment`. */
  deployment: string;
  deadLetterQueueName: string;
  functions: Readonly<Record<FunctionName, string>>;
  /** ARN of an SNS topic that is told of every alarm, and of its end. */
  topicArn?: string;
};

type FunctionName = (typeof FUNCTIONS)[number];
const FUNCTIONS = ['webhook', 'scaler', 'registrar', 'janitor'] as const;

/** CloudFormation resources by logical id. */
export function alarms(input: AlarmsInput): Resources {
  return Object.fromEntries(kinds(input).map((kind) => [`Alarm${kind.id}`, resource(input, kind)]));
}

/** The names of all alarms of the deployment, in the order of the pages that explain them. */
export function alarmNames(deployment: string): string[] {
  const functions = { webhook: '', scaler: '', registrar: '', janitor: '' };
  return kinds({ deployment, deadLetterQueueName: '', functions }).map(({ name }) => `${deployment}-${name}`);
}

/** As CloudFormation's `Fn::Sub` completes it. */
export function alarmArn(name: string): string {
  return `arn:\${AWS::Partition}:cloudwatch:\${AWS::Region}:\${AWS::AccountId}:alarm:${name}`;
}

type Source = { namespace: string; metric: string; dimensions: Readonly<Record<string, string>> };

type Kind = {
  id: string;
  name: string;
  description: string;
  source: Source;
  statistic: 'Sum' | 'Maximum' | 'Minimum';
  /** `above`: alarm when greater than; `below`: when less than. */
  above?: number;
  below?: number;
  periodSeconds: number;
  /** So many of so many periods. */
  periods: readonly [breaching: number, evaluated: number];
  missing: 'breaching' | 'notBreaching';
};

export const OLDEST_JOB_MINUTES_MAX = 15;
export const RATE_LIMIT_PERCENT_MIN = 10;
const FIVE_MINUTES = 300;
const NO_CAPACITY: LaunchFailure = 'no capacity';

function kinds(input: AlarmsInput): Kind[] {
  const usual = { periodSeconds: FIVE_MINUTES, periods: [1, 1], missing: 'notBreaching' } as const;
  return [
    {
      ...usual,
      id: 'OldestJob',
      name: 'oldest-job',
      description: `A job has been waiting for a runner for more than ${OLDEST_JOB_MINUTES_MAX} minutes.`,
      source: own(input, 'OldestWaitingJobAgeSeconds'),
      statistic: 'Maximum',
      above: OLDEST_JOB_MINUTES_MAX * 60,
    },
    {
      ...usual,
      id: 'DeadLetters',
      name: 'dead-letters',
      description: 'A message could not be dealt with and lies in the dead-letter queue.',
      source: {
        namespace: 'AWS/SQS',
        metric: 'ApproximateNumberOfMessagesVisible',
        dimensions: { QueueName: input.deadLetterQueueName },
      },
      statistic: 'Maximum',
      above: 0,
    },
    ...FUNCTIONS.map((name) => functionErrors(input, name)),
    {
      ...usual,
      id: 'RateLimit',
      name: 'rate-limit',
      description: `Less than ${RATE_LIMIT_PERCENT_MIN} % of the calls to GitHub that an installation may make in an hour are left.`,
      source: own(input, 'GitHubRateLimitRemainingPercent'),
      statistic: 'Minimum',
      below: RATE_LIMIT_PERCENT_MIN,
    },
    {
      ...usual,
      id: 'RunnerVersion',
      name: 'runner-version',
      description: `In less than ${VERSION_WARNING_DAYS} days GitHub refuses the runner of an image, or does already.`,
      source: own(input, 'RunnerVersionDaysLeft'),
      statistic: 'Minimum',
      below: VERSION_WARNING_DAYS,
    },
    {
      ...usual,
      id: 'Capacity',
      name: 'capacity',
      description: 'For 15 minutes, launches have failed because there was no capacity.',
      source: own(input, 'LaunchFailures', { Reason: NO_CAPACITY }),
      statistic: 'Sum',
      above: 0,
      periods: [3, 3],
    },
    {
      ...usual,
      id: 'SuspectPools',
      name: 'suspect-pools',
      description: 'The launches of a pool keep failing: its image, its role or its size is wrong.',
      source: own(input, 'PoolsSuspect'),
      statistic: 'Maximum',
      above: 0,
    },
    {
      ...usual,
      id: 'Janitor',
      name: 'janitor',
      description: 'The janitor has not completed a run for 10 minutes: nothing is repaired.',
      source: own(input, 'JanitorRuns'),
      statistic: 'Sum',
      below: 1,
      periods: [2, 2],
      missing: 'breaching',
    },
  ];
}

/** The queue, the container or the schedule tries again; GitHub does not. */
function functionErrors(input: AlarmsInput, name: FunctionName): Kind {
  return {
    id: `${name.charAt(0).toUpperCase()}${name.slice(1)}Errors`,
    name: `${name}-errors`,
    description: `Invocations of the function ${name} fail.`,
    source: { namespace: 'AWS/Lambda', metric: 'Errors', dimensions: { FunctionName: input.functions[name] } },
    statistic: 'Sum',
    above: 0,
    periodSeconds: FIVE_MINUTES,
    periods: name === 'webhook' ? [1, 1] : [2, 3],
    missing: 'notBreaching',
  };
}

function own({ deployment }: AlarmsInput, metric: MetricName, by: Partial<Record<Dimension, string>> = {}): Source {
  return { namespace: NAMESPACE, metric, dimensions: { [DEPLOYMENT_DIMENSION]: deployment, ...by } };
}

function resource({ deployment, topicArn }: AlarmsInput, kind: Kind): Resource {
  const { source, periods } = kind;
  const actions = topicArn === undefined ? undefined : [value(topicArn)];
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: value(`${deployment}-${kind.name}`),
      AlarmDescription: `${kind.description} See docs/operations.md.`,
      Namespace: source.namespace,
      MetricName: source.metric,
      Dimensions: Object.entries(source.dimensions).map(([Name, given]) => ({ Name, Value: value(given) })),
      Statistic: kind.statistic,
      Period: kind.periodSeconds,
      EvaluationPeriods: periods[1],
      DatapointsToAlarm: periods[0],
      ComparisonOperator: kind.above === undefined ? 'LessThanThreshold' : 'GreaterThanThreshold',
      Threshold: kind.above ?? kind.below ?? 0,
      TreatMissingData: kind.missing,
      ...(actions !== undefined && { AlarmActions: actions, OKActions: actions }),
    },
  };
}

/** What holds placeholders is completed by CloudFormation. */
function value(text: string): Value {
  return text.includes('${') ? sub(text) : text;
}
