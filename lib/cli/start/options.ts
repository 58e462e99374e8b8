/** The options of `npm start`. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { CannotStart } from './errors.ts';

export type StartOptions = {
  jobs: number;
  once: boolean;
  pools: string;
  port: number;
  speed: number;
  ready?: string;
  verbose: boolean;
};

/** Pleasant to watch: a job of half a minute takes three seconds. */
const SPEED = 10;
/** Faster, and a function's cold start takes minutes of simulated time. */
const SPEED_MAX = 1000;

/** Throws `CannotStart`; `help`: the user has asked for it and has it. */
export function parseOptions(argv: string[]): StartOptions | 'help' {
  const command = startCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  try {
    return command.parse(argv).opts<StartOptions>();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 'help';
    throw new CannotStart(`${error.message.replace(/^error: /, '')} (npm start -- --help says more)`, { cause: error });
  }
}

function startCommand(): Command {
  return new Command()
    .name('npm start --')
    .description(
      'Runs the whole service on this machine, with a simulated GitHub and a simulated ECS, and shows it at work. ' +
        'Exit code: 0; 1 if with --once something is left undone; 2 if it cannot start.',
    )
    .option('--jobs <N>', 'jobs of the demonstration; 0: none', wholeNumber(0, 100_000), 20)
    .option('--once', 'end by itself when all jobs have ended and nothing is left behind', false)
    .option('--pools <FILE>', 'the pools', 'pools.yml')
    .option(
      '--port <P>',
      'port of the API; 0: any free one (the other servers always take any)',
      wholeNumber(0, 65_535),
      8080,
    )
    .option('--speed <X>', 'simulated seconds per real second; 1: real time', speed, SPEED)
    .option('--ready <FILE>', 'write the addresses and the webhook secret there (JSON) once everything listens')
    .option('--verbose', 'show every line that the functions log', false)
    .allowExcessArguments(false)
    .showSuggestionAfterError(false);
}

function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`);
  };
}

function speed(text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value > 0 && value <= SPEED_MAX) return value;
  throw new InvalidArgumentError(`It must be a number above 0, at most ${SPEED_MAX}.`);
}
