/** A thread that simulates the seeds it is sent, one after the other; whatever it dies of, the one that sent it knows the seed. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Day, type Ended, endSeed } from './seed.ts';

/** What a thread says: after each run that it goes on, and after the last one how the seed has ended. */
export type Word = 'a run has ended' | Ended;

const say = (word: Word) => parentPort?.postMessage(word);

parentPort?.on('message', async (seed: number) => {
  say(await endSeed(seed, workerData as Day, () => say('a run has ended')));
});
