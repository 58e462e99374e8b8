/** What `npm run simulate` prints. */
import Table from 'cli-table3';
import { FAULTS, type FaultList } from '../../sim/faults/table.ts';
import type { Run } from './run.ts';

/** Breaches that are shown of one seed. */
const BREACHES_SHOWN = 5;

/** Whether the promises held, and how many calls and how much waiting that took. */
export function summary(runs: readonly Run[], days: number, seconds: number): string {
  const sum = (of: (run: Run) => number) => runs.reduce((total, run) => total + of(run), 0);
  const table = new Table({
    head: ['', 'p50', 'p99', 'max'],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'right'],
  });
  table.push(
    [
      'GitHub calls per job, by seed',
      ...quantiles(
        runs.filter(({ jobs }) => jobs > 0).map(({ calls, jobs }) => calls / jobs),
        1,
      ),
    ],
    [
      'tasks per job, by seed',
      ...quantiles(
        runs.filter(({ jobs }) => jobs > 0).map(({ tasks, jobs }) => tasks / jobs),
        2,
      ),
    ],
    [
      'seconds from queued to running, by job',
      ...quantiles(
        runs.flatMap(({ waits }) => waits),
        0,
      ),
    ],
  );
  const failed = runs.filter(({ breaches }) => breaches.length > 0).length;
  const speed = (runs.length / seconds) * 60;
  return [
    `${runs.length} seeds, ${(runs.length * days).toFixed(1)} days with faults, ${sum(({ jobs }) => jobs)} jobs, ` +
      `${sum(({ tasks }) => tasks)} tasks, ${sum(({ calls }) => calls)} GitHub calls; ${speed.toFixed(0)} seeds a minute`,
    table.toString(),
    failed === 0 ? 'No promise was broken.' : `${failed} of ${runs.length} seeds broke a promise.`,
  ].join('\n');
}

/** The seed, the promise, the faults that are needed, and the command that shows it again. */
export function failure(run: Run, shrunk: Run, days: number): string {
  const [first] = shrunk.breaches;
  const more = shrunk.breaches.length - BREACHES_SHOWN;
  return [
    `seed ${run.seed} broke: ${first?.promise}`,
    ...shrunk.breaches.slice(0, BREACHES_SHOWN).map(({ at, detail }) => `  ${new Date(at).toISOString()} ${detail}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    `  faults: ${listed(run.faults)}`,
    `  of which it needs: ${listed(shrunk.faults)}`,
    `  ${command(shrunk, days)}`,
  ].join('\n');
}

/** Every fault with its range. */
export function faultTable(): string {
  const table = new Table({ head: ['fault', 'unit', 'drawn from', 'what it is'], style: { head: [], border: [] } });
  for (const [name, { unit, range, what }] of Object.entries(FAULTS)) table.push([name, unit, range.join(' – '), what]);
  return table.toString();
}

export function command({ seed, faults }: Pick<Run, 'seed' | 'faults'>, days: number): string {
  const given = Object.entries(faults).map(([name, value]) => `--fault ${name}=${value}`);
  return [
    'npm run simulate --',
    `--seed ${seed}`,
    `--days ${days}`,
    ...(given.length > 0 ? given : ['--fault none']),
    '--trace',
  ].join(' ');
}

function listed(faults: FaultList): string {
  const all = Object.entries(faults).map(([name, value]) => `${name}=${value}`);
  return all.length > 0 ? all.join(' ') : 'none';
}

function quantiles(values: readonly number[], digits: number): string[] {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return [at(0.5), at(0.99), at(1)].map((value) => value?.toFixed(digits) ?? '–');
}
