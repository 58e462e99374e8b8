/** What deployments of the simulation change, and how many runners the judge takes to be right meanwhile. */
import { beforeEach, expect, test } from '@jest/globals';
import { type ChangingPools, createChangingPools } from '../../lib/cli/simulate/changing-pools.ts';
import { POOLS } from '../../lib/cli/simulate/setting.ts';
import type { Pool } from '../../lib/core/pool.ts';
import { seededChance } from '../../lib/sim/chance.ts';
import { type VirtualClock, virtualClock } from '../../lib/sim/clock.ts';

const HOUR_MS = 60 * 60 * 1000;
const LARGE = POOLS.find(({ name }) => name === 'large') as Pool;

let clock: VirtualClock;
let deployed: (readonly Pool[])[];
let changing: ChangingPools;

beforeEach(() => {
  clock = virtualClock(0);
  deployed = [];
  changing = createChangingPools(
    seededChance(1),
    () => clock,
    (pools) => deployed.push(pools),
  );
});

function redeploy(times: number): void {
  for (let time = 0; time < times; time += 1) changing.redeploy();
}

const maximumNow = () => deployed.at(-1)?.find(({ name }) => name === 'large')?.max ?? 0;

test('pools go and come back, the first one stays; maxima are other ones, and none is greater than at the beginning', () => {
  redeploy(100);
  const there = deployed.filter((pools) => pools.some(({ name }) => name === 'large'));
  expect(there.length).toBeGreaterThan(50);
  expect(there.length).toBeLessThan(95);
  expect(deployed.every(([first]) => first?.name === POOLS[0]?.name)).toBe(true);
  const maxima = there.flatMap((pools) => pools.filter(({ name }) => name === 'large').map(({ max }) => max));
  expect(new Set(maxima)).toEqual(new Set([2, 3, 4, 5]));
});

test('each has the next revision of its own family, also after it was away', () => {
  redeploy(100);
  const revisions = deployed.flatMap((pools) =>
    pools.filter(({ name }) => name === 'large').map(({ taskDefinition }) => taskDefinition),
  );
  expect(revisions).toEqual(revisions.map((_, index) => `sim-large:${index + 2}`));
});

test('a former maximum counts for an hour, the one of now always', async () => {
  while (maximumNow() !== 2) changing.redeploy();
  await clock.runUntil(clock.now() + HOUR_MS - 1);
  expect(changing.maxOf('sim-large')).toBe(5);
  await clock.runUntil(clock.now() + 1);
  expect(changing.maxOf('sim-large')).toBe(2);
});

test('at the end all is as it was, but for the revisions', () => {
  redeploy(3);
  changing.restore();
  expect(deployed.at(-1)?.map(({ taskDefinition, ...pool }) => pool)).toEqual(
    POOLS.map(({ taskDefinition, ...pool }) => pool),
  );
  expect(changing.maxOf('sim-large')).toBe(LARGE.max);
});

test('where nothing was deployed there is nothing to restore', () => {
  changing.restore();
  expect(deployed).toEqual([]);
});
