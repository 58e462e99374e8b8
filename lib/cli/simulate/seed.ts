/** One seed of a hunt: its day, and if that broke a promise, the day once more with as few faults as still break it. */
import { drawFaults } from '../../sim/faults/draw.ts';
import type { FaultList } from '../../sim/faults/table.ts';
import { type Run, run } from './run.ts';
import { shrink } from './shrink.ts';

/** `fault`: instead of those that are drawn. */
export type Day = { days: number; fault?: FaultList };
export type Ended = {
  run: Run;
  /** Only if a promise was broken. */
  smallest?: Run;
};

/** `onRun`: called after each run, of which a seed that has to be shrunk takes many. */
export async function endSeed(seed: number, { days, fault }: Day, onRun = () => {}): Promise<Ended> {
  const again = (faults: FaultList) => runOrThrown({ seed, days, faults }).finally(onRun);
  const ended = await again(fault ?? drawFaults(seed));
  return ended.breaches.length === 0 ? { run: ended } : { run: ended, smallest: await shrink(ended, again) };
}

/** Whoever throws has broken a promise as well: that there is an end. */
async function runOrThrown(options: { seed: number; days: number; faults: FaultList }): Promise<Run> {
  try {
    return await run(options);
  } catch (error) {
    return thrown(options.seed, options.faults, error);
  }
}

/** The run of a seed of which nothing is known but that it threw. */
export function thrown(seed: number, faults: FaultList, error: unknown): Run {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    ...{ seed, faults, breaches: [{ at: 0, promise: 'nothing throws', detail }] },
    ...{ jobs: 0, judged: 0, tasks: 0, calls: 0, stops: 0, deaths: 0, lost: 0, waits: [], story: [], fingerprint: '' },
  };
}
