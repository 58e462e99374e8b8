/** What `npm run simulate` prints of one failing seed, and of all faults. */
import Table from 'cli-table3';
import { FAULTS, type FaultList } from '../../sim/faults/table.ts';
import type { Run } from './run.ts';

/** Breaches that are shown of one seed. */
const BREACHES_SHOWN = 5;

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
