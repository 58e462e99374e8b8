/** The thread of the SQS API. It polls its own timers every 20 ms while somebody waits, so the lens alone makes it faster. */
import { parentPort } from 'node:worker_threads';
import { startFauxqs } from 'fauxqs';

const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
parentPort?.postMessage(server.port);
