/** The options of `npm run mutants`. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { days, wholeNumber } from '../arguments.ts';
import { MUTANTS } from './table.ts';

export type MutantsOptions = {
  only?: string[];
  list: boolean;
  check: 'tests' | 'simulate' | 'both';
  from: number;
  seeds: number;
  days: number;
  workers: number;
  /** A document whose table is replaced. */
  markdown?: string;
};

export function mutantsCommand(): Command {
  return new Command()
    .name('npm run mutants --')
    .description(
      'Plants bugs in copies of this repository, one at a time, and shows which test and which seed of the simulation catches ' +
        'each. Exit code: 0; 1 if one is caught by neither, or has no place in the code any more; 2 if an option is wrong.',
    )
    .option('--only <NAME...>', 'these bugs alone', known)
    .option('--list', 'show every bug, and end', false)
    .addOption(new Option('--check <WHAT>', 'what to run').choices(['tests', 'simulate', 'both']).default('both'))
    .option('--from <S>', 'the first seed of the simulation', wholeNumber(0), 1)
    .option('--seeds <N>', 'at most so many seeds for each bug', wholeNumber(1), 60)
    .option('--days <D>', 'the length of each: simulated days with faults', days, 0.15)
    .option('--workers <N>', 'so many bugs side by side', wholeNumber(1), 1)
    .option('--markdown <FILE>', 'put the table into this document as well')
    .allowExcessArguments(false);
}

function known(name: string, earlier: string[] = []): string[] {
  if (MUTANTS.some((mutant) => mutant.name === name)) return [...earlier, name];
  throw new InvalidArgumentError('There is no such bug. npm run mutants -- --list shows them all.');
}
