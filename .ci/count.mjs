// Usage: count.mjs RESULTS.json [BROKEN COMMAND ...]
// Prints "N passed, N failed" from Jest's results; exit code 0 only if something passed and nothing failed.
// Plain JavaScript that any Node can run, because it also has to speak when the installation has failed.
import { readFileSync } from 'node:fs';

const TESTS = 'npm ci && npm test';
const [file, ...broken] = process.argv.slice(2);
const { passed, failed } = count(read(file));
// A command that failed is one failure, unless failed tests explain it.
const others = broken.filter((command) => command !== TESTS || failed === 0);
const nothing = passed === 0 && failed + others.length === 0;
if (nothing) others.push('no test has run');
for (const reason of others) console.log(`failed: ${reason}`);
console.log(`${passed} passed, ${failed + others.length} failed`);
process.exitCode = failed + others.length > 0 ? 1 : 0;

/** Nothing, if Jest did not get as far as writing its results, or was cut off while it did. */
function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return {};
  }
}

/** A file of tests that could not even be loaded has no failed test in it, but is a failure. */
function count(results) {
  const { numPassedTests = 0, numFailedTests = 0, numRuntimeErrorTestSuites = 0 } = results;
  return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites };
}
