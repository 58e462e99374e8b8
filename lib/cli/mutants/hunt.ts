/** A process that simulates one seed after the other until a promise is broken: `node hunt.ts FROM SEEDS DAYS`. */
import { drawFaults } from '../../sim/faults/draw.ts';
import { run } from '../simulate/run.ts';

const [from = 1, seeds = 1, days = 1] = process.argv.slice(2).map(Number);

for (let seed = from; seed < from + seeds; seed += 1) {
  const broken = await brokenBy(seed);
  if (broken === undefined) continue;
  console.log(`seed ${seed}: ${broken}`);
  break;
}

async function brokenBy(seed: number): Promise<string | undefined> {
  try {
    const { breaches } = await run({ seed, days, faults: drawFaults(seed) });
    return breaches[0]?.promise;
  } catch (error) {
    return `it threw: ${String(error).split('\n')[0]}`;
  }
}
