/** A server in a thread of its own: it answers while this thread computes, and it can have the shared time as its `Date`. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { lensArguments, lensEnvironment, type SharedTime } from './shared-time.ts';

export type WorkerServer = {
  port: number;
  /** Ends the thread with all it holds. */
  close(): Promise<void>;
};

/** `module` is a file beside this one that listens on a port of 127.0.0.1 and posts it to its parent. */
export async function startWorkerServer(module: string, time: SharedTime): Promise<WorkerServer> {
  const worker = new Worker(fileURLToPath(new URL(module, import.meta.url)), {
    execArgv: lensArguments(time),
    // Nothing of this process's environment: the servers in the threads would take settings from it.
    env: lensEnvironment(time),
  });
  const [port] = (await once(worker, 'message')) as [number];
  return {
    port,
    close: async () => {
      await worker.terminate();
    },
  };
}
