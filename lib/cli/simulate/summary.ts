/** What `npm run simulate` prints at its end: whether the promises held, on how much, and what that took. */
import Table from 'cli-table3';
import { FAULTS } from '../../sim/faults/table.ts';
import type { Run } from './run.ts';

/** Letters of a line. */
const LINE_MAX = 120;
const QUANTILES = [0.5, 0.9, 0.99, 1];

export function summary(runs: readonly Run[], days: number, seconds: number): string {
  const failed = runs.filter(({ breaches }) => breaches.length > 0).length;
  const drawn = runs.length > 1 ? [faultsDrawn(runs)] : [];
  return [
    amounts(runs, days, seconds),
    distributions(runs),
    ...drawn,
    failed === 0 ? 'No promise was broken.' : `${failed} of ${runs.length} seeds broke a promise.`,
  ].join('\n');
}

function amounts(runs: readonly Run[], days: number, seconds: number): string {
  const sum = (of: (run: Run) => number) => runs.reduce((total, run) => total + of(run), 0).toLocaleString('en');
  const speed = (runs.length / seconds) * 60;
  return [
    `${runs.length} seeds, ${(runs.length * days).toFixed(1)} days with faults, ${speed.toFixed(0)} seeds a minute:`,
    `${sum(({ jobs }) => jobs)} jobs, of which ${sum(({ judged }) => judged)} are for our pools, and ${sum(({ tasks }) => tasks)} tasks;`,
    `${sum(({ calls }) => calls)} calls at GitHub that count, ${sum(({ stops }) => stops)} calls of StopTask;`,
    `${sum(({ deaths }) => deaths)} invocations died, and ${sum(({ lost }) => lost)} tasks with their instances.`,
  ].join('\n');
}

function distributions(runs: readonly Run[]): string {
  const table = new Table({
    head: ['', ...QUANTILES.map((share) => (share === 1 ? 'max' : `p${share * 100}`))],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'right', 'right', 'right', 'right'],
  });
  const withJobs = runs.filter(({ jobs }) => jobs > 0);
  const ends = runs.flatMap(({ finished }) => finished ?? []);
  const rows: [name: string, values: number[], digits: number][] = [
    ['GitHub calls per job, by seed', withJobs.map(({ calls, jobs }) => calls / jobs), 1],
    ['tasks per job, by seed', withJobs.map(({ tasks, jobs }) => tasks / jobs), 2],
    ['seconds from queued to running, by job', runs.flatMap(({ waits }) => waits), 0],
    ['after the faults: minutes until all jobs had ended', ends.map(({ until }) => until), 0],
    ['after the faults: minutes that a job waited in vain', ends.map(({ waited }) => waited), 0],
    ['after the last job: minutes until nothing was left', ends.map(({ quiet }) => quiet), 0],
  ];
  for (const [name, values, digits] of rows) table.push([name, ...quantiles(values, digits)]);
  return table.toString();
}

/** `max` is the last one. */
function quantiles(values: readonly number[], digits: number): string[] {
  const sorted = values.toSorted((one, other) => one - other);
  return QUANTILES.map((share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]).map(
    (value) => value?.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits }) ?? '–',
  );
}

/** Each fault with the number of seeds that had it, and those that none had. */
function faultsDrawn(runs: readonly Run[]): string {
  const seeds = new Map(Object.keys(FAULTS).map((name) => [name, 0]));
  for (const name of runs.flatMap(({ faults }) => Object.keys(faults))) seeds.set(name, (seeds.get(name) ?? 0) + 1);
  const withNone = runs.filter(({ faults }) => Object.keys(faults).length === 0).length;
  const drawn = [...seeds].filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`);
  const missing = seeds.size - drawn.length;
  return lines([
    `Seeds with each fault: none ${withNone}`,
    ...drawn,
    ...(missing > 0 ? [`${missing} in no seed`] : []),
  ]);
}

function lines(words: readonly string[]): string {
  const full: string[] = [];
  for (const word of words) {
    const last = full.at(-1);
    if (last !== undefined && last.length + word.length + 2 <= LINE_MAX) full.push(`${full.pop()}, ${word}`);
    else full.push(full.length === 0 ? word : `  ${word}`);
  }
  return full.join('\n');
}
