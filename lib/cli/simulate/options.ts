/** The options of `npm run simulate`. */
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { nearestFault } from '../../sim/faults/nearest.ts';
import { FAULTS, type FaultList, problemOf } from '../../sim/faults/table.ts';
import { days, wholeNumber } from '../arguments.ts';

export type SimulateOptions = {
  seeds: number;
  from: number;
  workers: number;
  seed?: number;
  trace: boolean;
  days: number;
  /** Instead of those that are drawn. */
  fault?: FaultList;
  list: boolean;
};

export function simulateCommand(): Command {
  return new Command()
    .name('npm run simulate --')
    .description(
      'Hunts for a day on which a promise is broken: the real functions in a simulated GitHub and AWS under virtual time, with ' +
        'faults drawn from each seed. Exit code: 0; 1 if a seed fails; 2 if an option is wrong.',
    )
    .option('--seeds <N>', 'so many seeds', wholeNumber(1), 20)
    .option('--from <S>', 'the first of them', wholeNumber(0), 1)
    .option('--workers <N>', 'so many of them at once', wholeNumber(1), availableParallelism())
    .option('--seed <S>', 'this seed alone', wholeNumber(0))
    .option('--trace', 'tell the whole story of the seed', false)
    .option('--days <D>', 'simulated days with faults; then they end, and everything must finish', days, 1)
    .option('--fault <NAME=VALUE>', 'this fault instead of drawn ones; may be repeated; `none` for none', fault)
    .option('--list', 'show every fault, and end', false)
    .allowExcessArguments(false);
}

function fault(text: string, earlier: FaultList = {}): FaultList {
  if (text === 'none') return earlier;
  const [, name = '', value = ''] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === '') throw new InvalidArgumentError('It is written name=value, for example jitconfig.502=0.2.');
  const problem = problemOf(name, Number(value));
  if (problem !== undefined) throw new InvalidArgumentError(`${problem}${suggestion(name)}`);
  return { ...earlier, [name]: Number(value) };
}

function suggestion(name: string): string {
  if (FAULTS[name] !== undefined) return '';
  const nearest = nearestFault(name);
  return nearest === undefined ? ' npm run simulate -- --list shows them all.' : ` Did you mean ${nearest}?`;
}
