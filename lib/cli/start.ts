/** `npm start`: the whole service on this machine, and a demonstration. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Closers, closers } from '../local/closers.ts';
import { demonstrate } from './start/demonstrate.ts';
import { CannotStart } from './start/errors.ts';
import { startEverything } from './start/everything.ts';
import { parseOptions, type StartOptions } from './start/options.ts';
import { watchForEnd } from './start/told-to-end.ts';

/** Real milliseconds; what has not ended by then ends with this process. */
const CLOSING_MS_MAX = 5000;

process.exit(await main(process.argv));

/** Gives the exit code: 0; 1 something is left undone; 2 it cannot start. */
async function main(argv: string[]): Promise<number> {
  const started = closers();
  const end = watchForEnd(process.env);
  try {
    const options = parseOptions(argv);
    if (options === 'help') return 0;
    const ended = end.told.then(() => (options.once ? 1 : 0));
    return await Promise.race([run(options, started), ended]);
  } catch (error) {
    return failed(error);
  } finally {
    end.close();
    await Promise.race([started.closeAll(), sleep(CLOSING_MS_MAX)]);
  }
}

async function run(options: StartOptions, started: Closers): Promise<number> {
  const { stack, pools } = await startEverything(options, started);
  const left = await demonstrate(stack, pools, options);
  if (options.once) return left.length === 0 ? 0 : 1;
  console.log('Ctrl-C ends everything.');
  return new Promise(() => {});
}

function failed(error: unknown): number {
  if (!(error instanceof CannotStart)) throw error;
  console.error(error.message);
  return 2;
}
