/**
 * Storms over the wire: the bundles, the real protocols, and the faults of the simulation; judged by GitHub's and ECS's own books.
 * `STORMS=5` draws so many more from seeds, `STORMS_FROM=7` from that one on; docs/local-stack.md has more.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { build } from '../../lib/cli/build.ts';
import type { FunctionName } from '../../lib/local/functions.ts';
import { WIRE_FAULTS } from '../../lib/local/wire-faults.ts';
import { drawFaults } from '../../lib/sim/faults/draw.ts';
import type { FaultList } from '../../lib/sim/faults/table.ts';
import { speedHere } from './speed.ts';
import { type Storm, type Stormy, startStormy } from './storm.ts';

/** For a machine on which much else runs. */
jest.setTimeout(20 * 60_000);

const SEEDS = Number(process.env['STORMS'] ?? 0);
const FROM = Number(process.env['STORMS_FROM'] ?? 1);

let bundles: Record<FunctionName, string>;

beforeAll(async () => {
  const built = await build({ outdir: await mkdtemp(join(tmpdir(), 'ecs-runners-')) });
  bundles = Object.fromEntries(built.map(({ name, file }) => [name, file])) as Record<FunctionName, string>;
});

async function expectAllDone(stormy: Stormy, storm: Storm): Promise<void> {
  const { breaches, jobs } = await stormy.pass(storm);
  expect(breaches.map(({ promise, detail }) => `${promise}: ${detail}`)).toEqual([]);
  expect(jobs).toBeGreaterThanOrEqual(storm.jobs);
}

async function expectAloneDone(storm: Storm): Promise<void> {
  const stormy = await startStormy(bundles, { seed: storm.seed, speed: Math.min(40, await speedHere()) });
  await expectAllDone(stormy, storm).finally(() => stormy.close());
}

const named: [name: string, jobs: number, faults: FaultList][] = [
  ["GitHub's REST API is down, and no webhook is attempted", 60, { 'github.down': 0.1, 'webhooks.down': 0.1 }],
  [
    'instances die, functions are killed between two calls and all at once',
    30,
    { 'instances.die': 40, 'lambda.killed': 0.02, 'lambda.allKilled': 30 },
  ],
  [
    'answers are lost on every way, messages come twice, janitors overlap',
    30,
    {
      'github.cut': 0.1,
      'ecs.lost': 0.1,
      'storage.fails': 0.01,
      'queue.doubled': 0.3,
      'registrar.answerLost': 0.2,
      'registrar.twice': 0.3,
      'webhooks.late': 0.3,
      'events.doubled': 0.5,
      'janitor.overlaps': 1,
    },
  ],
];
describe('on one stack', () => {
  let stormy: Stormy;
  beforeAll(async () => {
    stormy = await startStormy(bundles, { seed: 1, speed: await speedHere() });
  });
  afterAll(() => stormy.close());

  test.each(named)('%s: every job runs, and nothing is left', async (_name, jobs, faults) => {
    await expectAllDone(stormy, { seed: 1, faults, minutes: 6, jobs });
  });
});

const drawn = Array.from({ length: SEEDS }, (_, index) => FROM + index);
if (SEEDS > 0) {
  test('two hours without GitHub', () =>
    expectAloneDone({ seed: 1, faults: { 'github.down': 2 }, minutes: 130, jobs: 60 }));
  test.each(drawn)('the storm of seed %d', (seed) =>
    expectAloneDone({ seed, faults: overTheWire(drawFaults(seed)), minutes: 30, jobs: 60 }),
  );
}

/** Without those that there are in process alone. */
function overTheWire(faults: FaultList): FaultList {
  return Object.fromEntries(Object.entries(faults).filter(([name]) => WIRE_FAULTS[name] !== undefined));
}
