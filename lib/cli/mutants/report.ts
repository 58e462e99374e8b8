/** What `npm run mutants` prints. */
import Table from 'cli-table3';
import type { Verdict } from './checks.ts';
import { type Mutant, PROMISES } from './mutant.ts';

/** `tests`, `simulation`: absent if that check was not asked for. */
export type Tried = { mutant: Mutant; seconds: number; misplaced?: true; tests?: Verdict; simulation?: Verdict };

const HEAD = ['planted bug', 'promise', 'caught by test', 'caught by simulation'];

export function list(mutants: readonly Mutant[]): string {
  const table = new Table({ head: ['planted bug', 'promise', 'file', 'tests'], style: { head: [], border: [] } });
  for (const mutant of mutants) {
    table.push([mutant.name, promiseOf(mutant), mutant.file, mutant.tests.join('\n') || 'none']);
  }
  return table.toString();
}

/** A table, figures, and what nothing catches. */
export function report(tried: readonly Tried[]): string {
  const table = new Table({
    head: [...HEAD, 'seconds'],
    style: { head: [], border: [] },
    wordWrap: true,
    colWidths: [34, 36, 60, 44, 9],
  });
  for (const one of tried) table.push([...cells(one), one.seconds.toFixed(0)]);
  return [table.toString(), summary(tried), ...uncaught(tried).map(trouble)].join('\n');
}

/** The same for a document. */
export function markdown(tried: readonly Tried[]): string {
  const rows = tried.map((one) => `| ${cells(one).map(escaped).join(' | ')} |`);
  return [
    `| ${HEAD.join(' | ')} |`,
    `|${'---|'.repeat(HEAD.length)}`,
    ...rows,
    '',
    summary(tried),
    ...uncaught(tried).map((one) => `- ${escaped(trouble(one))}`),
  ].join('\n');
}

/** One bug, for whoever waits. */
export function line({ mutant, seconds, tests, simulation }: Tried): string {
  const verdicts = [tests, simulation].map(verdictText).filter((text) => text !== '');
  return `${mutant.name}, ${seconds.toFixed(0)} s: ${verdicts.join('; ')}`;
}

/** Those that prove nothing: caught by neither check, or without a place in the code. */
export function uncaught(tried: readonly Tried[]): Tried[] {
  return tried.filter(({ tests, simulation }) => tests?.is !== 'caught' && simulation?.is !== 'caught');
}

function summary(tried: readonly Tried[]): string {
  const count = (of: (one: Tried) => Verdict | undefined) => tried.filter((one) => of(one)?.is === 'caught').length;
  const byTests = count(({ tests }) => tests);
  const bySimulation = count(({ simulation }) => simulation);
  return `${tried.length} planted, ${byTests} caught by a test, ${bySimulation} by the simulation, ${uncaught(tried).length} by neither.`;
}

function trouble({ mutant, misplaced, tests, simulation }: Tried): string {
  if (misplaced) return `${mutant.name}: its text does not occur exactly once in ${mutant.file}`;
  const whys = [tests, simulation].flatMap((verdict) => (verdict?.is === 'not run' ? [verdict.why] : []));
  return `${mutant.name}: nothing catches it${whys.length > 0 ? ` (${whys.join('; ')})` : ''}`;
}

function cells({ mutant, tests, simulation }: Tried): string[] {
  return [mutant.name, promiseOf(mutant), verdictText(tests), verdictText(simulation)];
}

function promiseOf({ promise, seen = [] }: Mutant): string {
  return PROMISES[promise] + (seen.length > 0 ? ` (seen: ${seen.join(', ')})` : '');
}

function verdictText(verdict: Verdict | undefined): string {
  if (verdict === undefined) return '';
  if (verdict.is === 'caught') return verdict.by;
  return verdict.is === 'not run' ? `– ${verdict.why}` : 'no';
}

function escaped(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
