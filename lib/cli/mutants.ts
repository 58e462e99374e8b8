/** `npm run mutants`: plants bugs, and shows which check catches each. */
import ora from 'ora';
import { copyRepository, removeCopies } from './mutants/copy.ts';
import { replaceTable } from './mutants/document.ts';
import type { Mutant } from './mutants/mutant.ts';
import { type MutantsOptions, mutantsCommand } from './mutants/options.ts';
import { line, list, markdown, report, type Tried, uncaught } from './mutants/report.ts';
import { MUTANTS } from './mutants/table.ts';
import { type Checks, troubleUnchanged, tryAll } from './mutants/try.ts';
import { watchForEnd } from './start/told-to-end.ts';

const command = mutantsCommand().exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
process.exitCode = await main(command.parse().opts<MutantsOptions>());

async function main(options: MutantsOptions): Promise<number> {
  const mutants = MUTANTS.filter(({ name }) => options.only?.includes(name) ?? true);
  if (options.list) {
    console.log(list(mutants));
    return 0;
  }
  const end = new AbortController();
  const watch = watchForEnd(process.env);
  void watch.told.then(() => end.abort());
  const copies: string[] = [];
  try {
    for (let worker = 0; worker < Math.min(options.workers, mutants.length); worker += 1) {
      copies.push(await copyRepository());
    }
    return await plantAll(copies, mutants, options, end.signal);
  } finally {
    await removeCopies(copies);
    watch.close();
  }
}

async function plantAll(
  copies: readonly string[],
  mutants: readonly Mutant[],
  options: MutantsOptions,
  signal: AbortSignal,
): Promise<number> {
  const { check, from, seeds, days } = options;
  const simulation = check === 'tests' ? undefined : { from, seeds, days };
  const checks: Checks = { tests: check !== 'simulate', simulation, signal };
  const progress = ora({ stream: process.stderr }).start('nothing is planted yet: everything must pass');
  const trouble = await troubleUnchanged(copies[0] ?? '', mutants, checks);
  if (signal.aborted) {
    progress.info('Told to end.');
    return 1;
  }
  if (trouble !== undefined) {
    progress.fail(`Without a bug it fails, so that nothing would be proved: ${trouble}`);
    return 1;
  }
  let count = 0;
  const tried = await tryAll(copies, mutants, checks, (one) => {
    count += 1;
    progress.text = `${count} of ${mutants.length}: ${line(one)}`;
    // In a log nothing moves.
    if (!process.stderr.isTTY) console.error(progress.text);
  });
  progress.stop();
  return conclude(tried, mutants, options);
}

async function conclude(tried: readonly Tried[], mutants: readonly Mutant[], options: MutantsOptions): Promise<number> {
  console.log(report(tried));
  if (tried.length < mutants.length) console.log(`Told to end: ${mutants.length - tried.length} were not tried.`);
  if (options.markdown !== undefined) {
    const arguments_ = process.argv.slice(2).join(' ');
    await replaceTable(options.markdown, markdown(tried), `npm run mutants -- ${arguments_}`);
  }
  return uncaught(tried).length > 0 || tried.length < mutants.length ? 1 : 0;
}
