/** A thread that simulates the seeds it is sent, one after the other; whatever it dies of, the one that sent it knows the seed. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Day, endSeed } from './seed.ts';

parentPort?.on('message', async (seed: number) => {
  parentPort?.postMessage(await endSeed(seed, workerData as Day));
});
