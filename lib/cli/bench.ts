/** `npm run bench`: what the functions weigh, how long they take to load, and what an event and a job cost. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError, program } from 'commander';
import ora from 'ora';
import { measureAll } from './bench/figures.ts';
import { report } from './bench/report.ts';

type Options = { json?: string; check?: true; rounds: number };

program
  .name('npm run bench --')
  .description('Measures the functions: bytes, import time, CPU per event, time of a batch, calls per job.')
  .option('--json <file>', 'write the figures there as well')
  .option('--check', 'exit code 1 if a target in bytes or calls is missed (times depend on the machine)')
  .option('--rounds <number>', 'fresh processes per bundle', wholeNumber, 21)
  .action(async (options: Options) => {
    process.exitCode = await bench(options);
  });
await program.parseAsync();

async function bench({ json, check, rounds }: Options): Promise<number> {
  const outdir = await mkdtemp(join(tmpdir(), 'ecs-runners-bench-'));
  const progress = ora({ stream: process.stderr }).start();
  try {
    const figures = await measureAll(outdir, rounds, (what) => {
      progress.text = what;
    });
    progress.stop();
    console.log(report(figures));
    if (json !== undefined) await writeFile(json, `${JSON.stringify(figures, undefined, 2)}\n`);
    return check && figures.targets.some(({ firm, ok }) => firm && !ok) ? 1 : 0;
  } finally {
    progress.stop();
    await rm(outdir, { recursive: true, force: true });
  }
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('It must be a whole number from 1 on.');
  return number;
}
