/**
 * `npm run e2e`: the runners' containers on a real Docker engine, then the whole deployment on an AWS emulator. For work on
 * one of them: `npm run e2e -- --only containers` (or `deployment`), and `--steps TEXT` for the steps of its name.
 */
import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Closers, closers } from '../../lib/local/closers.ts';
import { pause } from './aws.ts';
import { runContainers } from './containers/run.ts';
import { runDeployment } from './deployment-steps.ts';
import type { PartResult } from './steps.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const { values: options } = parseArgs({ options: { only: { type: 'string' }, steps: { type: 'string' } } });

const PARTS: Record<string, (started: Closers) => Promise<PartResult>> = {
  containers: (started) => runContainers(started, options.steps ?? ''),
  deployment: runDeployment,
};

let started = closers();
let isEnding = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (isEnding) return;
    isEnding = true;
    say(`${signal}: ending what was started`);
    void started.closeAll().finally(() => process.exit(1));
  });
}

async function runPart(run: (started: Closers) => Promise<PartResult>): Promise<PartResult> {
  started = closers();
  let result: PartResult = { passed: 0, failed: 1 };
  try {
    result = await run(started);
  } catch (error) {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  // Whoever has sent the signal waits for what it began.
  if (isEnding) await pause(60);
  await started.closeAll().catch((error: unknown) => say(`not everything ended: ${String(error)}`));
  const { failed, folder } = result;
  if (failed === 0 && folder !== undefined) await rm(folder, { recursive: true, force: true });
  return result;
}

const sum = { passed: 0, failed: 0 };
for (const [name, run] of Object.entries(PARTS)) {
  if (options.only !== undefined && options.only !== name) continue;
  say(`== ${name}`);
  const { passed, failed } = await runPart(run);
  say(`${name}: ${passed} passed, ${failed} failed`);
  sum.passed += passed;
  sum.failed += failed;
}
say(`${sum.passed} passed, ${sum.failed} failed`);
process.exit(sum.failed === 0 && sum.passed > 0 ? 0 : 1);
