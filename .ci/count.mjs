// Usage: count.mjs RESULTS.json E2E.log [BROKEN COMMAND ...]
// Prints "N passed, N failed" from Jest's results and the last line of the end-to-end run; exit code 0 only if something
// passed in both and nothing failed.
// Plain JavaScript that any Node can run, because it also has to speak when the installation has failed.
import { readFileSync } from 'node:fs';

const TESTS = 'npm ci && npm test';
const E2E = 'npm run e2e';
const [resultsFile, e2eFile, ...broken] = process.argv.slice(2);
const tests = countTests(read(resultsFile));
const e2e = countSteps(read(e2eFile));
// A command that failed is one failure, unless failed tests explain it.
const explained = [...(tests.failed > 0 ? [TESTS] : []), ...(e2e.failed > 0 ? [E2E] : [])];
const others = broken.filter((command) => !explained.includes(command));
if (tests.passed + tests.failed === 0 && !broken.includes(TESTS)) others.push('no test has run');
if (e2e.passed + e2e.failed === 0 && !broken.includes(E2E)) others.push('no end-to-end step has run');
for (const reason of others) console.log(`failed: ${reason}`);
const failed = tests.failed + e2e.failed + others.length;
console.log(`${tests.passed + e2e.passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** Nothing, if the command did not get as far as writing. */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** A file of tests that could not even be loaded has no failed test in it, but is a failure. */
function countTests(text) {
  const { numPassedTests = 0, numFailedTests = 0, numRuntimeErrorTestSuites = 0 } = parsed(text);
  return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites };
}

/** Jest may have been cut off while it wrote. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function countSteps(text) {
  const [, passed = 0, failed = 0] = /^(\d+) passed, (\d+) failed$/.exec(text.trimEnd().split('\n').at(-1)) ?? [];
  return { passed: Number(passed), failed: Number(failed) };
}
