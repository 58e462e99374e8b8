/** The last line of .ci/run and its exit code, whatever became of the tests. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';

const TESTS = 'npm ci && npm test';
const E2E = 'npm run e2e';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ci-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** `results`: what Jest wrote, `e2e`: what the end-to-end run printed; absent: nothing. */
function count(
  { results, e2e }: { results: string | undefined; e2e: string | undefined },
  ...broken: string[]
): { lastLine: string | undefined; status: number | null } {
  const [resultsFile, e2eFile] = [join(folder, 'results.json'), join(folder, 'e2e.log')];
  for (const [file, text] of [
    [resultsFile, results],
    [e2eFile, e2e],
  ] as const) {
    rmSync(file, { force: true });
    if (text !== undefined) writeFileSync(file, text);
  }
  const { stdout, status } = spawnSync(process.execPath, ['.ci/count.mjs', resultsFile, e2eFile, ...broken], {
    encoding: 'utf8',
  });
  return { lastLine: stdout.trimEnd().split('\n').at(-1), status };
}

function jest(numPassedTests: number, numFailedTests: number, numRuntimeErrorTestSuites = 0): string {
  return JSON.stringify({ numPassedTests, numFailedTests, numRuntimeErrorTestSuites });
}

const STEPS = '✓ npx serverless deploy (12 s)\n3 passed, 0 failed\n';

const outcomes: [string, string | undefined, string | undefined, string[], string, number][] = [
  ['all is well', jest(7, 0), STEPS, [], '10 passed, 0 failed', 0],
  ['tests failed', jest(5, 2), STEPS, [TESTS], '8 passed, 2 failed', 1],
  ['a file of tests could not be loaded', jest(5, 0, 1), STEPS, [TESTS], '8 passed, 1 failed', 1],
  ['tests failed, and Jest hid it', jest(5, 2), STEPS, [], '8 passed, 2 failed', 1],
  ['tests passed, but Jest failed (an open handle, coverage)', jest(5, 0), STEPS, [TESTS], '8 passed, 1 failed', 1],
  ['Jest crashed before it wrote its results', undefined, STEPS, [TESTS], '3 passed, 1 failed', 1],
  ['Jest was cut off while it wrote its results', '{"numPassed', STEPS, [TESTS], '3 passed, 1 failed', 1],
  ['there are no tests', jest(0, 0), STEPS, [TESTS], '3 passed, 1 failed', 1],
  ['there are no tests, and Jest is content', jest(0, 0), STEPS, [], '3 passed, 1 failed', 1],
  ['there are no results, and Jest is content', undefined, STEPS, [], '3 passed, 1 failed', 1],
  ['lint failed', jest(7, 0), STEPS, ['npm run lint'], '10 passed, 1 failed', 1],
  ['a step failed', jest(7, 0), '✗ x\n1 passed, 2 failed\n', [E2E], '8 passed, 2 failed', 1],
  ['a step failed, and its exit code hid it', jest(7, 0), '1 passed, 2 failed\n', [], '8 passed, 2 failed', 1],
  ['all steps passed, but the run did not end well', jest(7, 0), STEPS, [E2E], '10 passed, 1 failed', 1],
  ['the end-to-end run crashed', jest(7, 0), 'Error: no Docker\n', [E2E], '7 passed, 1 failed', 1],
  ['the end-to-end run printed nothing, content', jest(7, 0), '', [], '7 passed, 1 failed', 1],
  ['everything failed', jest(5, 2), undefined, [TESTS, 'npm run lint', 'npm run types', E2E], '5 passed, 5 failed', 1],
];
test.each(outcomes)('%s', (_, results, e2e, broken, lastLine, status) => {
  expect(count({ results, e2e }, ...broken)).toEqual({ lastLine, status });
});

test('.ci/run can be run, and runs the test command of the README', () => {
  accessSync('.ci/run', constants.X_OK);
  expect(readFileSync('.ci/run', 'utf8')).toMatch(new RegExp(`^${TESTS}`, 'm'));
  expect(readFileSync('.ci/run', 'utf8')).toMatch(new RegExp(`^${E2E}`, 'm'));
});

test('the workflow runs .ci/run, and may write nothing', () => {
  const workflow = parse(readFileSync('.github/workflows/ci.yml', 'utf8'));
  expect(workflow).toMatchObject({ permissions: { contents: 'read' } });
  expect(workflow.jobs.check.steps.at(-1)).toEqual({ run: 'sudo --preserve-env env "PATH=$PATH" .ci/run' });
});
