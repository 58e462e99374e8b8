/** The thread of the SQS API. It polls its own timers every 20 ms while somebody waits, so the lens alone makes it faster. */
import type { AddressInfo } from 'node:net';
import { parentPort } from 'node:worker_threads';
import { buildApp } from 'fauxqs';

// Not `startFauxqs`: that listens on every address of the machine.
const app = buildApp({ logger: false });
await app.listen({ port: 0, host: '127.0.0.1' });
parentPort?.postMessage((app.server.address() as AddressInfo).port);
