/** How fast simulated time may run where the tests run: the functions' processes start in real time. */
import { aFunction, closeFunctions } from './functions.ts';

const SPEED = { least: 5, most: 60 };
/** Simulated seconds that the start of a process may take; a quiet machine needs a tenth of a real one. */
const START_SECONDS = 6;

/** On a machine on which much else runs everything would be late at a high speed, and the service would see nothing but time-outs. */
export async function speedHere(): Promise<number> {
  const started = performance.now();
  const lambda = await aFunction('export const handler = async () => true;');
  await lambda.invoke({});
  const seconds = (performance.now() - started) / 1000;
  await closeFunctions();
  return Math.round(Math.min(SPEED.most, Math.max(SPEED.least, START_SECONDS / seconds)));
}
