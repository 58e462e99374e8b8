/** The page for whoever is on duty names everything that they can see, and nothing that is not there. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { DIMENSION_VALUES, METRICS } from '../lib/core/metrics.ts';
import { alarmProperties, titles, widgets } from './support/dashboard.ts';

const text = readFileSync('docs/operations.md', 'utf8');

/** Texts of the first cells of the tables below a heading, up to the next one of the same rank or a higher one. */
function firstCells(heading: string): string[] {
  const section = text.split(`${heading}\n`)[1]?.split(/^#+ /m)[0] ?? '';
  return [...section.matchAll(/^\| (.+?) \|/gm)].map(([, cell = '']) => cell.replaceAll('`', '')).slice(1);
}

function headingsBelow(heading: string): string[] {
  const section = text.split(`\n## ${heading}\n`)[1]?.split(/^## /m)[0] ?? '';
  return [...section.matchAll(/^### (.+)$/gm)].map(([, title = '']) => title);
}

test('every widget, in the order of the dashboard', () => {
  const sections = ['What waits, and for how long', 'Why it waits', 'What it costs'];
  const explained = sections.flatMap((section) => firstCells(`### ${section}`));
  expect(explained).toEqual(titles(widgets()).filter((title) => title !== 'Alarms'));
});

test('every alarm, in the order of the dashboard', () => {
  const names = alarmProperties().map(({ AlarmName }) => AlarmName.replace('ecs-runners-test-', ''));
  expect(headingsBelow('The alarms')).toEqual(names);
});

test('every reason of a launch failure, and every repair', () => {
  expect(firstCells('### Reasons of launch failures')).toEqual(DIMENSION_VALUES.Reason);
  expect(firstCells('### Kinds of repairs').sort()).toEqual([...DIMENSION_VALUES.Repair].sort());
  for (const state of DIMENSION_VALUES.State) expect(text).toContain(`\`${state}\``);
});

test('what watching costs is counted from the metrics', () => {
  const kinds = Object.values(METRICS).flatMap(({ sets }) => sets.map((set) => set[0] as string | undefined));
  const ofPools = kinds.filter((dimension) => dimension === 'Pool').length;
  const others = kinds.filter((dimension) => dimension !== 'Pool');
  const ofDeployment = others.reduce(
    (sum, dimension) =>
      sum + (dimension === undefined ? 1 : DIMENSION_VALUES[dimension as keyof typeof DIMENSION_VALUES].length),
    0,
  );
  const costs = text.split('## What watching costs')[1]?.replaceAll('\n', ' ') ?? '';
  expect(costs).toContain(`up to ${ofDeployment} for the deployment and ${ofPools} for each pool`);
  const of = (pools: number) => ofDeployment + pools * ofPools;
  expect(costs).toContain(`With two pools at most ${of(2)} metrics, ${Math.round(of(2) * 0.3)} dollars`);
  expect(costs).toContain(`with 50 pools that are all in use, ${of(50)} metrics, ${Math.round(of(50) * 0.3)} dollars`);
});
