/** What the dashboard and the alarms of one deployment read. */
import { alarms } from '../../infra/alarms.ts';
import type { DashboardInput, Line, Widget } from '../../infra/dashboard.ts';
import { dashboardBody } from '../../infra/dashboard.ts';
import { type Read, readsOfLine } from '../../infra/reads.ts';

export const DASHBOARD_INPUT: DashboardInput = {
  deployment: 'ecs-runners-test',
  queueName: `\${DemandQueue.QueueName}`,
  deadLetterQueueName: `\${DeadLetterQueue.QueueName}`,
  clusterName: 'ecs-runners-test',
  functions: { webhook: 'f-webhook', scaler: 'f-scaler', registrar: 'f-registrar', janitor: 'f-janitor' },
  groups: [
    { name: 'x64-large', autoScalingGroupName: `\${A}`, capacityProviderName: `\${B}`, pricePerHour: 0.1 },
    { name: 'arm64-large', autoScalingGroupName: `\${C}`, capacityProviderName: `\${D}`, pricePerHour: 0.08 },
  ],
};

export function widgets(overrides: Partial<DashboardInput> = {}): Widget[] {
  return dashboardBody({ ...DASHBOARD_INPUT, ...overrides }).widgets;
}

export function titles(all: readonly Widget[]): string[] {
  return all.flatMap(({ properties }) => (typeof properties['title'] === 'string' ? [properties['title']] : []));
}

export function linesOf({ properties }: Widget): readonly Line[] {
  return (properties['metrics'] as readonly Line[] | undefined) ?? [];
}

export function readsOfDashboard(): Read[] {
  return widgets().flatMap(linesOf).flatMap(readsOfLine);
}

type AlarmProperties = {
  AlarmName: string;
  Namespace: string;
  MetricName: string;
  Dimensions: { Name: string; Value: string }[];
  Statistic: string;
} & Record<string, unknown>;

export function alarmProperties(topicArn?: string): AlarmProperties[] {
  const input = { ...DASHBOARD_INPUT, ...(topicArn !== undefined && { topicArn }) };
  return Object.values(alarms(input)).map(({ Properties }) => Properties as AlarmProperties);
}

export function readsOfAlarms(): Read[] {
  return alarmProperties().map(({ Namespace, MetricName, Dimensions, Statistic }) => ({
    namespace: Namespace,
    metric: MetricName,
    dimensions: Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value])),
    statistic: Statistic,
  }));
}
