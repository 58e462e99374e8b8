/** Seeds on several threads. What comes out does not depend on how many they are. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { drawFaults } from '../../sim/faults/draw.ts';
import { type Day, type Ended, thrown } from './seed.ts';

export type Work = Day & { from: number; seeds: number; workers: number };

const SCRIPT = new URL('./worker.ts', import.meta.url);

/** In the order of the seeds, each as soon as it and all before it have ended. Whoever stops reading ends the threads. */
export async function* endedSeeds(work: Work, script = SCRIPT): AsyncGenerator<Ended> {
  const { from, seeds, workers, ...day } = work;
  const ended = Array.from({ length: seeds }, () => Promise.withResolvers<Ended>());
  const waiting = ended.entries();
  const threads = Array.from({ length: Math.min(workers, seeds) }, () => thread(script, day));
  for (const { end } of threads) void workThrough(end);
  try {
    for (const { promise } of ended) yield await promise;
  } finally {
    for (const _ of waiting); // Nobody takes another one.
    await Promise.all(threads.map(({ dismiss }) => dismiss()));
  }

  async function workThrough(end: (seed: number) => Promise<Ended>): Promise<void> {
    for (const [index, { resolve }] of waiting) resolve(await end(from + index));
  }
}

/** A thread that dies makes the seed that it was at a failing one; the next seed gets a new thread. */
function thread(script: URL, day: Day) {
  let worker: Worker | undefined;
  return {
    end: async (seed: number): Promise<Ended> => {
      worker ??= new Worker(script, { workerData: day });
      worker.postMessage(seed);
      try {
        return await answerOf(worker);
      } catch (error) {
        void worker.terminate();
        worker = undefined;
        const run = thrown(seed, day.fault ?? drawFaults(seed), error);
        return { run, smallest: run };
      }
    },
    dismiss: async () => void (await worker?.terminate()),
  };
}

/** Rejects with what the thread died of. */
async function answerOf(worker: Worker): Promise<Ended> {
  const over = new AbortController();
  const { signal } = over;
  try {
    const [message] = await Promise.race([once(worker, 'message', { signal }), endOf(worker, signal)]);
    return message as Ended;
  } finally {
    over.abort();
  }
}

async function endOf(worker: Worker, signal: AbortSignal): Promise<never> {
  const [code] = await once(worker, 'exit', { signal });
  throw new Error(`its thread ended with ${code}`);
}
