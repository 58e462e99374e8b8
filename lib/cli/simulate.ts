/** `npm run simulate`: hunts for a seed whose world breaks a promise. */
import { drawFaults } from '../sim/faults/draw.ts';
import { type SimulateOptions, simulateCommand } from './simulate/options.ts';
import { startProgress } from './simulate/progress.ts';
import { failure, faultTable } from './simulate/report.ts';
import { type Run, run } from './simulate/run.ts';
import { summary } from './simulate/summary.ts';
import { endedSeeds } from './simulate/workers.ts';

/** Whoever has seen so many failing seeds has seen enough. */
const FAILURES_MAX = 10;

const command = simulateCommand().exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
process.exitCode = await simulate(command.parse().opts<SimulateOptions>());

async function simulate(options: SimulateOptions): Promise<number> {
  if (options.list) {
    console.log(faultTable());
    return 0;
  }
  return options.seed === undefined ? hunt(options) : tell(options.seed, options);
}

async function tell(seed: number, { days, fault, trace }: SimulateOptions): Promise<number> {
  const startedAt = performance.now();
  const ended = await run({ seed, days, faults: fault ?? drawFaults(seed), trace });
  if (trace) console.log(ended.story.join('\n'));
  console.log(summary([ended], days, (performance.now() - startedAt) / 1000));
  console.log(`fingerprint of the story: ${ended.fingerprint}`);
  if (ended.breaches.length > 0) console.log(failure(ended, ended, days));
  return ended.breaches.length > 0 ? 1 : 0;
}

async function hunt({ seeds, from, workers, days, fault }: SimulateOptions): Promise<number> {
  const progress = startProgress();
  const startedAt = performance.now();
  const runs: Run[] = [];
  let failed = 0;
  const told = () => summary(runs, days, (performance.now() - startedAt) / 1000);
  process.once('SIGINT', () => {
    progress.stop();
    console.log(told());
    process.exit(130);
  });
  for await (const { run, smallest } of endedSeeds({ seeds, from, workers, days, ...(fault && { fault }) })) {
    runs.push(run);
    if (smallest !== undefined) {
      failed += 1;
      progress.clear();
      console.log(failure(run, smallest, days));
    }
    progress.tell(`${runs.length} of ${seeds} seeds, ${failed} failed`);
    if (failed === FAILURES_MAX) break;
  }
  progress.stop();
  console.log(told());
  return failed > 0 ? 1 : 0;
}
