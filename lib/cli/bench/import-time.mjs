// Run in a fresh process: how long does it take to load the bundle named on the command line? Sends milliseconds.
import { pathToFileURL } from 'node:url';

const { href } = pathToFileURL(process.argv[2]);
const start = process.hrtime.bigint();
await import(href);
const end = process.hrtime.bigint();
process.send(Number(end - start) / 1e6, () => process.exit(0));
