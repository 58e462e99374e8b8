/** A few seeds of the simulation; thousands run by schedule, and any number with `npm run simulate`. */
import { expect, jest, test } from '@jest/globals';
import { run } from '../../lib/cli/simulate/run.ts';
import { drawFaults } from '../../lib/sim/faults/draw.ts';

/** A good hour of faults, and the hours after them. */
const DAYS = 0.05;
/** A seed takes seconds, on a machine that has nothing else to do. */
jest.setTimeout(300_000);
const SEEDS = Array.from({ length: 5 }, (_, index) => index + 1);

test.each(SEEDS)('seed %i: no promise is broken', async (seed) => {
  const { breaches, jobs } = await run({ seed, faults: drawFaults(seed), days: DAYS });
  expect({ seed, breaches }).toEqual({ seed, breaches: [] });
  expect(jobs).toBeGreaterThan(10);
});

test('the same seed is the same story, to the letter; another one is another', async () => {
  const faults = { 'webhooks.late': 0.3, 'lambda.killed': 0.005, 'queue.doubled': 0.3, 'instances.die': 1 };
  const wanted = { faults, days: 0.03, trace: true };
  const [one, again, other] = [
    await run({ ...wanted, seed: 5 }),
    await run({ ...wanted, seed: 5 }),
    await run({ ...wanted, seed: 6 }),
  ];
  expect(again.story).toEqual(one.story);
  expect(again.fingerprint).toBe(one.fingerprint);
  expect(other.fingerprint).not.toBe(one.fingerprint);
  expect(one.story.length).toBeGreaterThan(100);
});
