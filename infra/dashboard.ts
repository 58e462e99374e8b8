/**
 * The CloudWatch dashboard, from left to right and from top to bottom: what waits, why, and what it costs. Pools and
 * reasons are found by search, so that it does not change with them; it changes with the groups of instances.
 */
import type { Dimension, MetricName } from '../lib/core/metrics.ts';
import { DEPLOYMENT_DIMENSION, NAMESPACE } from '../lib/core/metrics.ts';
import { alarmArn, alarmNames, OLDEST_JOB_MINUTES_MAX, RATE_LIMIT_PERCENT_MIN } from './alarms.ts';

/** Texts may hold CloudFormation placeholders such as `${AWS::Region}` or `${DemandQueue.QueueName}`. */
export type DashboardInput = {
  /** The stack's name; the value of the dimension `Deployment`. */
  deployment: string;
  queueName: string;
  deadLetterQueueName: string;
  functions: Readonly<Record<'webhook' | 'scaler' | 'registrar' | 'janitor', string>>;
  clusterName: string;
  /** Empty with a cluster of others: then nothing is known of its instances. */
  groups: readonly {
    name: string;
    autoScalingGroupName: string;
    capacityProviderName: string;
    /** US dollars per instance hour. */
    pricePerHour: number;
  }[];
};

export type Widget = {
  type: 'text' | 'alarm' | 'metric';
  x: number;
  y: number;
  width: number;
  height: number;
  properties: Readonly<Record<string, unknown>>;
};

/** The body's JSON as a text for `Fn::Sub`: CloudWatch's own placeholders, such as `${PROP('Dim.Pool')}`, are kept from it. */
export function dashboardText(input: DashboardInput): string {
  return JSON.stringify(dashboardBody(input)).replaceAll(/\$\{(PROP|LABEL|LAST|MAX|SUM)\b/g, '$${!$1');
}

export function dashboardBody(input: DashboardInput): { start: string; periodOverride: string; widgets: Widget[] } {
  const rows = [
    row(HEAD_HEIGHT, [head(input), alarmStatus(input)]),
    section('What waits, and for how long'),
    row(HEIGHT, [jobsWaiting(input), oldestJob(input), jobWait(input)]),
    row(HEIGHT, [jobsRun(input), queue(input), deadLetters(input)]),
    section('Why it waits'),
    row(HEIGHT, [launches(input), launchFailures(input), runners(input)]),
    row(HEIGHT, [tasks(input), trouble(input), repairs(input)]),
    row(HEIGHT, [rateLimit(input), functionErrors(input), functionDuration(input)]),
    ...(input.groups.length === 0
      ? []
      : [section('What it costs'), row(HEIGHT, [instances(input), reservation(input), cost(input)])]),
  ];
  return { start: '-PT3H', periodOverride: 'inherit', widgets: stack(rows) };
}

/** CloudWatch's grid has 24 columns. */
const COLUMNS = 24;
const HEAD_HEIGHT = 4;
const SECTION_HEIGHT = 1;
const HEIGHT = 6;
const MINUTE_SECONDS = 60;

type Placed = { type: Widget['type']; properties: Widget['properties'] };
type Row = { height: number; widgets: readonly Placed[] };

function row(height: number, widgets: readonly Placed[]): Row {
  return { height, widgets };
}

function section(title: string): Row {
  return row(SECTION_HEIGHT, [text(`## ${title}`)]);
}

/** Rows below each other; the widgets of a row share its width. */
function stack(rows: readonly Row[]): Widget[] {
  let y = 0;
  return rows.flatMap(({ height, widgets }) => {
    const width = COLUMNS / widgets.length;
    const placed = widgets.map(({ type, properties }, index) => ({
      type,
      x: index * width,
      y,
      width,
      height,
      properties,
    }));
    y += height;
    return placed;
  });
}

function text(markdown: string): Placed {
  return { type: 'text', properties: { markdown, background: 'transparent' } };
}

function head({ deployment }: DashboardInput): Placed {
  const log = (name: string) => `[${name}](#logsV2:log-groups/log-group/$252Faws$252Flambda$252F${deployment}-${name})`;
  return text(
    [
      `# ${deployment}`,
      'One GitHub runner per job: read from left to right and from top to bottom what waits, why, and what it costs.',
      `Decisions: ${['webhook', 'scaler', 'registrar', 'janitor'].map(log).join(' · ')}`,
    ].join('\n\n'),
  );
}

function alarmStatus({ deployment }: DashboardInput): Placed {
  const alarms = alarmNames(deployment).map(alarmArn);
  return { type: 'alarm', properties: { title: 'Alarms', alarms } };
}

/** CloudWatch docs, "Dashboard body structure", metrics: a metric with its dimensions and options, or an expression. */
export type Line = readonly unknown[];
type Graph = {
  title: string;
  lines: Line[];
  /** Written at the left axis. */
  unit: string;
  stacked?: true;
  right?: string;
  max?: number;
  annotations?: { label: string; value: number }[];
};

function graph({ title, lines, unit, stacked, right, max, annotations }: Graph): Placed {
  const left = { label: unit, min: 0, showUnits: false, ...(max !== undefined && { max }) };
  return {
    type: 'metric',
    properties: {
      title,
      region: `\${AWS::Region}`,
      view: 'timeSeries',
      stacked: stacked ?? false,
      period: MINUTE_SECONDS,
      metrics: lines,
      yAxis: { left, ...(right !== undefined && { right: { label: right, min: 0, showUnits: false } }) },
      ...(annotations !== undefined && { annotations: { horizontal: annotations } }),
    },
  };
}

/** One line for each value that the dimension has had lately. */
function each(input: DashboardInput, name: MetricName, dimension: Dimension, stat: string): Line {
  return [{ expression: search(input, name, dimension, stat), label: `\${PROP('Dim.${dimension}')}` }];
}

function total(input: DashboardInput, name: MetricName, dimension: Dimension, label: string, color: string): Line {
  return [{ expression: `SUM(${search(input, name, dimension, 'Sum')})`, label, color }];
}

function search({ deployment }: DashboardInput, name: MetricName, dimension: Dimension, stat: string): string {
  const schema = `{${NAMESPACE},${DEPLOYMENT_DIMENSION},${dimension}}`;
  const terms = `${DEPLOYMENT_DIMENSION}="${deployment}" MetricName="${name}"`;
  return `SEARCH('${schema} ${terms}', '${stat}', ${MINUTE_SECONDS})`;
}

function own({ deployment }: DashboardInput, name: MetricName, options: Record<string, unknown>): Line {
  return [NAMESPACE, name, DEPLOYMENT_DIMENSION, deployment, options];
}

const BLUE = '#4269d0';
const GREEN = '#3ca951';
const ORANGE = '#e89b1c';
const RED = '#e5484d';
const GREY = '#8b8d98';

function jobsWaiting(input: DashboardInput): Placed {
  return graph({
    title: 'Jobs waiting, by pool',
    lines: [each(input, 'JobsWaiting', 'Pool', 'Maximum')],
    unit: 'jobs',
    stacked: true,
  });
}

function oldestJob(input: DashboardInput): Placed {
  return graph({
    title: 'Age of the oldest waiting job, by pool',
    lines: [each(input, 'OldestWaitingJobAgeSeconds', 'Pool', 'Maximum')],
    unit: 'seconds',
    annotations: [{ label: 'alarm', value: OLDEST_JOB_MINUTES_MAX * 60 }],
  });
}

function jobWait(input: DashboardInput): Placed {
  const percentile = (stat: string, color: string) => own(input, 'JobWaitSeconds', { stat, label: stat, color });
  return graph({
    title: 'Wait until a job starts',
    lines: [percentile('p50', BLUE), percentile('p90', ORANGE), percentile('p99', RED)],
    unit: 'seconds',
  });
}

function jobsRun(input: DashboardInput): Placed {
  return graph({
    title: 'Jobs started and finished',
    lines: [
      total(input, 'JobsStarted', 'Pool', 'started', BLUE),
      total(input, 'JobsFinished', 'Pool', 'finished', GREEN),
    ],
    unit: 'jobs a minute',
  });
}

function queue(input: DashboardInput): Placed {
  const messages = (name: string, label: string, color: string) => [
    'AWS/SQS',
    `ApproximateNumberOfMessages${name}`,
    'QueueName',
    input.queueName,
    { stat: 'Maximum', label, color },
  ];
  return graph({
    title: 'Messages in the demand queue',
    lines: [
      messages('Visible', 'visible', ORANGE),
      messages('NotVisible', 'in flight', BLUE),
      messages('Delayed', 'delayed', GREY),
    ],
    unit: 'messages',
  });
}

function deadLetters(input: DashboardInput): Placed {
  const options = { stat: 'Maximum', label: 'dead letters', color: RED };
  return graph({
    title: 'Dead letters',
    lines: [['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', input.deadLetterQueueName, options]],
    unit: 'messages',
  });
}

function launches(input: DashboardInput): Placed {
  return graph({
    title: 'Launches, by pool',
    lines: [each(input, 'Launches', 'Pool', 'Sum')],
    unit: 'launches a minute',
    stacked: true,
  });
}

function launchFailures(input: DashboardInput): Placed {
  return graph({
    title: 'Launch failures, by reason',
    lines: [each(input, 'LaunchFailures', 'Reason', 'Sum')],
    unit: 'failures a minute',
    stacked: true,
  });
}

function runners(input: DashboardInput): Placed {
  return graph({
    title: 'Runners, by state',
    lines: [each(input, 'Runners', 'State', 'Maximum')],
    unit: 'runners',
    stacked: true,
  });
}

function tasks(input: DashboardInput): Placed {
  return graph({
    title: 'Tasks pending and running',
    lines: [
      own(input, 'TasksPending', { stat: 'Maximum', label: 'pending', color: ORANGE }),
      own(input, 'TasksRunning', { stat: 'Maximum', label: 'running', color: GREEN }),
    ],
    unit: 'tasks',
    stacked: true,
  });
}

function repairs(input: DashboardInput): Placed {
  return graph({
    title: 'Repairs, by kind',
    lines: [
      each(input, 'Repairs', 'Repair', 'Sum'),
      own(input, 'JanitorRuns', { stat: 'Sum', label: 'janitor runs', color: GREY, yAxis: 'right' }),
    ],
    unit: 'repairs a minute',
    right: 'runs a minute',
  });
}

function trouble(input: DashboardInput): Placed {
  return graph({
    title: 'Suspect pools and Spot warnings',
    lines: [
      own(input, 'PoolsSuspect', { stat: 'Maximum', label: 'suspect pools', color: RED }),
      own(input, 'SpotWarnings', { stat: 'Sum', label: 'Spot warnings', color: ORANGE }),
    ],
    unit: 'pools; warnings a minute',
  });
}

function rateLimit(input: DashboardInput): Placed {
  return graph({
    title: "GitHub's rate limit, remaining",
    lines: [own(input, 'GitHubRateLimitRemainingPercent', { stat: 'Minimum', label: 'remaining', color: BLUE })],
    unit: 'percent',
    max: 100,
    annotations: [{ label: 'alarm', value: RATE_LIMIT_PERCENT_MIN }],
  });
}

function functionErrors(input: DashboardInput): Placed {
  return graph({
    title: 'Function errors and throttles',
    lines: [
      ...ofFunctions(input, 'Errors', (name) => ({ stat: 'Sum', label: name })),
      ...ofFunctions(input, 'Throttles', (name) => ({ stat: 'Sum', label: `${name} throttled`, yAxis: 'right' })),
    ],
    unit: 'errors a minute',
    right: 'throttles a minute',
  });
}

function functionDuration(input: DashboardInput): Placed {
  return graph({
    title: 'Function duration, p90',
    lines: ofFunctions(input, 'Duration', (name) => ({ stat: 'p90', label: name })),
    unit: 'milliseconds',
  });
}

function ofFunctions({ functions }: DashboardInput, metric: string, options: (name: string) => object): Line[] {
  return Object.entries(functions).map(([name, functionName]) => [
    'AWS/Lambda',
    metric,
    'FunctionName',
    functionName,
    options(name),
  ]);
}

function instances(input: DashboardInput): Placed {
  return graph({
    title: 'Instances in service, by group',
    lines: input.groups.map(({ name, autoScalingGroupName }) => inService(autoScalingGroupName, { label: name })),
    unit: 'instances',
    stacked: true,
  });
}

function inService(autoScalingGroupName: string, options: object): Line {
  const statistic = { stat: 'Average', ...options };
  return ['AWS/AutoScaling', 'GroupInServiceInstances', 'AutoScalingGroupName', autoScalingGroupName, statistic];
}

function reservation({ clusterName, groups }: DashboardInput): Placed {
  return graph({
    title: 'Reservation of the instances, by group',
    lines: groups.map(({ name, capacityProviderName }) => [
      'AWS/ECS/ManagedScaling',
      'CapacityProviderReservation',
      'ClusterName',
      clusterName,
      'CapacityProviderName',
      capacityProviderName,
      { stat: 'Average', label: name },
    ]),
    unit: 'percent; above 100, instances are missing',
    annotations: [{ label: 'full', value: 100 }],
  });
}

/** An upper bound: Spot instances cost less. */
function cost({ groups }: DashboardInput): Placed {
  const counted = groups.map(({ autoScalingGroupName }, index) =>
    inService(autoScalingGroupName, { id: `group${index}`, visible: false }),
  );
  const expression = groups.map(({ pricePerHour }, index) => `FILL(group${index},0)*${pricePerHour}`).join('+');
  return graph({
    title: 'Cost estimate per hour',
    lines: [...counted, [{ expression, id: 'cost', label: 'instances, at most', color: GREEN }]],
    unit: 'US dollars an hour',
  });
}
