/** Seeds on several threads. What comes out does not depend on how many they are. */
import { Worker } from 'node:worker_threads';
import { drawFaults } from '../../sim/faults/draw.ts';
import { type Day, type Ended, thrown } from './seed.ts';
import type { Word } from './worker.ts';

export type Work = Day & { from: number; seeds: number; workers: number };

const SCRIPT = new URL('./worker.ts', import.meta.url);

/** A whole day takes six seconds of a core, and ten times that on a busy machine: what takes ten times longer still does not end. */
const RUN_OF_A_DAY_MS_MAX = 10 * 60 * 1000;
/** The longest that a timer of Node.js waits: 24 days. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** A short day has what is paid for once, too: the thread begins, and after the faults everything must finish. */
function runMsMaxOf({ days }: Work): number {
  return Math.min(TIMER_MS_MAX, RUN_OF_A_DAY_MS_MAX * Math.max(1, days));
}

/**
 * In the order of the seeds, each as soon as it and all before it have ended. Whoever stops reading ends the threads.
 * `runMsMax`: in real time; a seed of which one run takes longer has failed.
 */
export async function* endedSeeds(work: Work, script = SCRIPT, runMsMax = runMsMaxOf(work)): AsyncGenerator<Ended> {
  const { from, seeds, workers, ...day } = work;
  const ended = Array.from({ length: seeds }, () => Promise.withResolvers<Ended>());
  const waiting = ended.entries();
  const threads = Array.from({ length: Math.min(workers, seeds) }, () => thread(script, day, runMsMax));
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

/** A thread that dies, or is ended because it does not answer, makes its seed a failing one; the next seed gets a new thread. */
function thread(script: URL, day: Day, runMsMax: number) {
  let worker: Worker | undefined;
  return {
    end: async (seed: number): Promise<Ended> => {
      worker ??= new Worker(script, { workerData: day });
      worker.postMessage(seed);
      try {
        return await answerOf(worker, runMsMax);
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

/** Rejects with what the thread died of, or when one run has taken too long: each is given the whole time anew. */
async function answerOf(worker: Worker, runMsMax: number): Promise<Ended> {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  const late = () => reject(new Error(`it did not end within ${runMsMax / 60_000} minutes`));
  const timer = setTimeout(late, runMsMax);
  const heard = (word: Word) => (word === 'a run has ended' ? timer.refresh() : resolve(word));
  const gone = (code: number) => reject(new Error(`its thread ended with ${code}`));
  worker.on('message', heard).on('error', reject).on('exit', gone);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    worker.off('message', heard).off('error', reject).off('exit', gone);
  }
}
