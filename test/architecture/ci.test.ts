/** The last line of .ci/run and its exit code, whatever became of the tests. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';

const TESTS = 'npm ci && npm test';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ci-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** `results`: what Jest wrote; absent: it wrote nothing. */
function count(
  results: string | undefined,
  ...broken: string[]
): { lastLine: string | undefined; status: number | null } {
  const file = join(folder, 'results.json');
  rmSync(file, { force: true });
  if (results !== undefined) writeFileSync(file, results);
  const { stdout, status } = spawnSync(process.execPath, ['.ci/count.mjs', file, ...broken], { encoding: 'utf8' });
  return { lastLine: stdout.trimEnd().split('\n').at(-1), status };
}

function jest(numPassedTests: number, numFailedTests: number, numRuntimeErrorTestSuites = 0): string {
  return JSON.stringify({ numPassedTests, numFailedTests, numRuntimeErrorTestSuites });
}

const outcomes: [string, string | undefined, string[], string, number][] = [
  ['all is well', jest(7, 0), [], '7 passed, 0 failed', 0],
  ['tests failed', jest(5, 2), [TESTS], '5 passed, 2 failed', 1],
  ['a file of tests could not be loaded', jest(5, 0, 1), [TESTS], '5 passed, 1 failed', 1],
  ['tests failed, and Jest hid it', jest(5, 2), [], '5 passed, 2 failed', 1],
  ['tests passed, but Jest failed (an open handle, coverage)', jest(5, 0), [TESTS], '5 passed, 1 failed', 1],
  ['Jest crashed before it wrote its results', undefined, [TESTS], '0 passed, 1 failed', 1],
  ['Jest was cut off while it wrote its results', '{"numPassed', [TESTS], '0 passed, 1 failed', 1],
  ['there are no tests', jest(0, 0), [TESTS], '0 passed, 1 failed', 1],
  ['there are no tests, and Jest is content', jest(0, 0), [], '0 passed, 1 failed', 1],
  ['there are no results, and Jest is content', undefined, [], '0 passed, 1 failed', 1],
  ['lint failed', jest(7, 0), ['npm run lint'], '7 passed, 1 failed', 1],
  ['everything failed', jest(5, 2), [TESTS, 'npm run lint', 'npm run types'], '5 passed, 4 failed', 1],
];
test.each(outcomes)('%s', (_, results, broken, lastLine, status) => {
  expect(count(results, ...broken)).toEqual({ lastLine, status });
});

test('.ci/run can be run, and runs the test command of the README', () => {
  accessSync('.ci/run', constants.X_OK);
  expect(readFileSync('.ci/run', 'utf8')).toMatch(new RegExp(`^${TESTS}`, 'm'));
});

test('the workflow runs .ci/run, and may write nothing', () => {
  const workflow = parse(readFileSync('.github/workflows/ci.yml', 'utf8'));
  expect(workflow).toMatchObject({ permissions: { contents: 'read' } });
  expect(workflow.jobs.check.steps.at(-1)).toEqual({ run: '.ci/run' });
});
