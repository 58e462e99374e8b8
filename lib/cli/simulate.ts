/** `npm run simulate`: hunts for a seed whose world breaks a promise. */
import ora from 'ora';
import { drawFaults } from '../sim/faults/draw.ts';
import type { FaultList } from '../sim/faults/table.ts';
import { type SimulateOptions, simulateCommand } from './simulate/options.ts';
import { failure, faultTable, summary } from './simulate/report.ts';
import { type Run, run } from './simulate/run.ts';
import { shrink } from './simulate/shrink.ts';

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

async function hunt({ seeds, from, days, fault }: SimulateOptions): Promise<number> {
  const progress = ora({ stream: process.stderr }).start();
  const startedAt = performance.now();
  const runs: Run[] = [];
  let failed = 0;
  for (let seed = from; seed < from + seeds && failed < FAILURES_MAX; seed += 1) {
    progress.text = `seed ${seed} (${runs.length} of ${seeds}, ${failed} failed)`;
    const ended = await run({ seed, days, faults: fault ?? drawFaults(seed) });
    runs.push(ended);
    if (ended.breaches.length === 0) continue;
    failed += 1;
    progress.text = `seed ${seed} failed; looking for the faults that it needs`;
    const smallest = await shrink(ended, (faults: FaultList) => run({ seed, days, faults }));
    progress.clear();
    console.log(failure(ended, smallest, days));
  }
  progress.stop();
  console.log(summary(runs, days, (performance.now() - startedAt) / 1000));
  return failed > 0 ? 1 : 0;
}
