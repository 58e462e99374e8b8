// Run in a fresh process: what does it take to load the bundle named on the command line? Sends milliseconds.
import { pathToFileURL } from 'node:url';

const { href } = pathToFileURL(process.argv[2]);
const cpuBefore = process.cpuUsage();
const start = process.hrtime.bigint();
await import(href);
const end = process.hrtime.bigint();
const { user, system } = process.cpuUsage(cpuBefore);
process.send({ ms: Number(end - start) / 1e6, cpuMs: (user + system) / 1e3 }, () => process.exit(0));
