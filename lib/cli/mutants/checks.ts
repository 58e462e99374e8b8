/** The two checks that may catch a bug: tests, and days of the simulation. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CHECK_MINUTES_MAX, type Ended, runNode } from './child.ts';

export type Verdict =
  /** By which test, or by which seed and promise. */
  | { is: 'caught'; by: string }
  | { is: 'not caught' }
  /** The check could not be run: it says nothing. */
  | { is: 'not run'; why: string };

const RESULTS = 'test-results.json';

/** The tests of these files, one file after the other until a test has failed. */
export async function runTests(copy: string, files: readonly string[], signal: AbortSignal): Promise<Verdict> {
  if (files.length === 0) return { is: 'not run', why: 'no test' };
  for (const file of files) {
    const verdict = await runFile(copy, file, signal);
    if (verdict.is !== 'not caught') return verdict;
  }
  return { is: 'not caught' };
}

async function runFile(copy: string, file: string, signal: AbortSignal): Promise<Verdict> {
  const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
  const options = ['--runInBand', '--ci', '--silent', '--json', `--outputFile=${RESULTS}`];
  const results = join(copy, RESULTS);
  await rm(results, { force: true });
  const ended = await runNode(copy, [...jest, ...options, '--runTestsByPath', file], signal);
  if (ended.code === undefined) return outOfTime(signal);
  if (ended.code === 0) return { is: 'not caught' };
  const failed = failedTest(await readFile(results, 'utf8').catch(() => '{}'), file);
  return failed === undefined ? { is: 'not run', why: trouble(ended) } : { is: 'caught', by: failed };
}

/** As Jest reports it. A file that cannot even be loaded has no test that failed. */
type Test = { status: string; fullName: string; failureMessages?: string[] };
type Report = { testResults?: { assertionResults: Test[] }[] };

function failedTest(json: string, file: string): string | undefined {
  const { testResults = [] } = JSON.parse(json) as Report;
  const failed = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .find(({ status }) => status === 'failed');
  if (failed === undefined) return undefined;
  // Perhaps the bug is innocent, and the machine too busy.
  const late = failed.failureMessages?.some((text) => text.includes('Exceeded timeout')) ? ' (out of time)' : '';
  return `${file.replace(/^test\/|\.test\.ts$/g, '')}: ${failed.fullName}${late}`;
}

export type Days = { from: number; seeds: number; days: number };

/** One simulated day after the other, until a promise is broken. */
export async function runSeeds(copy: string, { from, seeds, days }: Days, signal: AbortSignal): Promise<Verdict> {
  const ended = await runNode(copy, ['lib/cli/mutants/hunt.ts', String(from), String(seeds), String(days)], signal);
  if (ended.code === undefined) return outOfTime(signal);
  const [found] = /^seed \d+: .*$/m.exec(ended.output) ?? [];
  if (found !== undefined) return { is: 'caught', by: found };
  return ended.code === 0 ? { is: 'not caught' } : { is: 'not run', why: trouble(ended) };
}

/** What has no end breaks every promise; but only if it was not we who ended it. */
function outOfTime(signal: AbortSignal): Verdict {
  return signal.aborted
    ? { is: 'not run', why: 'told to end' }
    : { is: 'caught', by: `no end within ${CHECK_MINUTES_MAX} minutes` };
}

/** The error, or the last words. */
function trouble({ output }: Ended): string {
  const lines = output.trim().split('\n');
  return (lines.find((text) => /Error\b.*:/.test(text)) ?? lines.slice(-3).join(' ')).trim().slice(0, 300);
}
