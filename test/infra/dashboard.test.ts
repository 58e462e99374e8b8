import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { alarms } from '../../infra/alarms.ts';
import { dashboardBody, dashboardText, type Widget } from '../../infra/dashboard.ts';
import { drawing } from '../../lib/cli/dashboard/drawing.ts';
import { alarmProperties, DASHBOARD_INPUT, linesOf, titles, widgets } from '../support/dashboard.ts';

test('the widgets fill the grid of 24 columns, without gap and without overlap', () => {
  const cells = widgets().flatMap(cellsOf);
  const rows = Math.max(...widgets().map(({ y, height }) => y + height));
  expect(new Set(cells).size).toBe(cells.length);
  expect(cells.length).toBe(24 * rows);
});

test('it is read from what waits to why to what it costs', () => {
  const order = widgets().map(({ properties }) => String(properties['title'] ?? properties['markdown']));
  const sections = order.filter((title) => title.startsWith('## ')).map((title) => title.slice(3));
  expect(sections).toEqual(['What waits, and for how long', 'Why it waits', 'What it costs']);
  expect(order[3]).toBe('Jobs waiting, by pool');
});

test('with the cluster of others nothing is said of instances', () => {
  const own = titles(widgets());
  const others = titles(widgets({ groups: [] }));
  expect(own.filter((title) => !others.includes(title))).toEqual([
    'Instances in service, by group',
    'Reservation of the instances, by group',
    'Cost estimate per hour',
  ]);
});

test('the cost is every group’s instances by its price', () => {
  const cost = widgets().find(({ properties }) => properties['title'] === 'Cost estimate per hour');
  const lines = cost === undefined ? [] : linesOf(cost);
  expect(lines.at(-1)).toEqual([expect.objectContaining({ expression: 'FILL(group0,0)*0.1+FILL(group1,0)*0.08' })]);
  expect(lines.slice(0, -1).map((line) => line.at(-1))).toEqual([
    expect.objectContaining({ id: 'group0', visible: false }),
    expect.objectContaining({ id: 'group1', visible: false }),
  ]);
});

test('titles are there once, since the documents name them', () => {
  expect(new Set(titles(widgets())).size).toBe(titles(widgets()).length);
});

test('CloudFormation completes its own placeholders and leaves CloudWatch’s alone', () => {
  const completed = substituted(dashboardText(DASHBOARD_INPUT));
  const expected = JSON.stringify(dashboardBody(DASHBOARD_INPUT)).replaceAll(/\$\{(?!PROP)([^}]*)\}/g, '<$1>');
  expect(completed).toBe(expected);
  expect(JSON.parse(completed)).toHaveProperty('widgets');
  expect(completed).toContain(`\${PROP('Dim.Pool')}`);
  expect(completed).toContain('<DemandQueue.QueueName>');
});

test('all alarms are shown, by the names that they have', () => {
  const arns = widgets().flatMap(({ type, properties }) =>
    type === 'alarm' ? (properties['alarms'] as string[]) : [],
  );
  const shown = arns.map((arn) => arn.slice(arn.lastIndexOf(':') + 1));
  expect(shown).toEqual(alarmProperties().map(({ AlarmName }) => AlarmName));
});

test('the picture in the documents is what `npm run dashboard` makes', () => {
  expect(readFileSync('docs/dashboard.svg', 'utf8') === drawing()).toBe(true);
});

test('the alarms: of what, how much, how long, and what if nothing is said', () => {
  const rows = alarmProperties().map((alarm) => [
    alarm.AlarmName.replace('ecs-runners-test-', ''),
    `${alarm.Statistic} ${alarm['ComparisonOperator'] === 'LessThanThreshold' ? '<' : '>'} ${alarm['Threshold']}`,
    `${alarm['DatapointsToAlarm']} of ${alarm['EvaluationPeriods']} times ${alarm['Period']} s`,
    alarm['TreatMissingData'],
  ]);
  expect(rows).toEqual([
    ['oldest-job', 'Maximum > 900', '1 of 1 times 300 s', 'notBreaching'],
    ['dead-letters', 'Maximum > 0', '1 of 1 times 300 s', 'notBreaching'],
    ['webhook-errors', 'Sum > 0', '1 of 1 times 300 s', 'notBreaching'],
    ['scaler-errors', 'Sum > 0', '2 of 3 times 300 s', 'notBreaching'],
    ['registrar-errors', 'Sum > 0', '2 of 3 times 300 s', 'notBreaching'],
    ['janitor-errors', 'Sum > 0', '2 of 3 times 300 s', 'notBreaching'],
    ['rate-limit', 'Minimum < 10', '1 of 1 times 300 s', 'notBreaching'],
    ['runner-version', 'Minimum < 14', '1 of 1 times 300 s', 'notBreaching'],
    ['capacity', 'Sum > 0', '3 of 3 times 300 s', 'notBreaching'],
    ['suspect-pools', 'Maximum > 0', '1 of 1 times 300 s', 'notBreaching'],
    ['janitor', 'Sum < 1', '2 of 2 times 300 s', 'breaching'],
  ]);
});

test('a topic is told of each alarm and of its end; without one, nobody is', () => {
  const topic = 'arn:aws:sns:eu-west-1:123456789012:pager';
  for (const alarm of alarmProperties(topic)) {
    expect(alarm).toMatchObject({ AlarmActions: [topic], OKActions: [topic] });
  }
  for (const alarm of alarmProperties()) expect(Object.keys(alarm)).not.toContain('AlarmActions');
});

test('names that CloudFormation knows are given as references', () => {
  const { AlarmDeadLetters } = alarms(DASHBOARD_INPUT);
  expect(AlarmDeadLetters?.Properties?.['Dimensions']).toEqual([
    { Name: 'QueueName', Value: { 'Fn::Sub': DASHBOARD_INPUT.deadLetterQueueName } },
  ]);
});

function cellsOf({ x, y, width, height }: Widget): string[] {
  return Array.from({ length: width * height }, (_, cell) => `${x + (cell % width)},${y + Math.floor(cell / width)}`);
}

/** As `Fn::Sub` does: `${Name}` is completed, `${!Name}` becomes `${Name}`. */
function substituted(text: string): string {
  return text.replaceAll(/\$\{(!?)([^}]*)\}/g, (_, literal, name) => (literal ? `\${${name}}` : `<${name}>`));
}
