/** Warm runners: booted, unregistered, there before the jobs; judged by GitHub's and ECS's own books. */
import { expect, test } from '@jest/globals';
import type { Pool } from '../../lib/core/pool.ts';
import { aPool } from '../support/pools.ts';
import type { Stage, StageOptions } from '../support/stage.ts';
import { CLEAN, createStage } from '../support/stage.ts';

const warmPool = (overrides: Partial<Pool> = {}) => aPool({ max: 10, warm: 3, ...overrides });
const ready = (stage: Stage) => stage.seats().filter(({ state }) => state === 'warm');

/** With as many warm runners as its pools want. */
async function warmedUp(options: StageOptions = {}): Promise<Stage> {
  const stage = await createStage({ pools: [warmPool()], ...options });
  const wanted = stage.config.pools.pools.reduce((sum, { warm }) => sum + warm, 0);
  expect(await stage.until(() => ready(stage).length === wanted, 15)).toBe(true);
  return stage;
}

/** Set back to none, nothing is left of it anywhere. */
async function expectNothingLeft(stage: Stage): Promise<void> {
  stage.configure(stage.config.pools.pools.map((pool) => ({ ...pool, warm: 0 })));
  await stage.minutes(12);
  expect(stage.leftovers()).toEqual(CLEAN);
}

test('as many runners as wanted boot and wait, for hours, and GitHub knows of none', async () => {
  const stage = await warmedUp();
  await stage.minutes(180);
  expect(ready(stage)).toHaveLength(3);
  expect(stage.ecs.tasks()).toHaveLength(3);
  expect(stage.github.calls.size).toBe(0);
  expect(stage.lines.filter(({ decision }) => decision === 'registration: warm')).toHaveLength(3);
  await expectNothingLeft(stage);
  expect(stage.ecs.books().tasks.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
});

test('a job starts within two of its questions, on a runner that was there, and another comes in its place', async () => {
  const stage = await warmedUp();
  const before = new Set(ready(stage).map(({ name }) => name));
  const asked = stage.clock.now();
  stage.addJobs({ durationSeconds: 600 });
  expect(await stage.until(() => stage.github.control.jobs()[0]?.state === 'in_progress', 1)).toBe(true);
  expect(stage.clock.now() - asked).toBeLessThan(10_000);
  const runner = stage.history.all()[0]?.runner;
  expect(before).toContain(runner);
  expect(await stage.until(() => ready(stage).length === 3, 5)).toBe(true);
  expect(await stage.until(stage.allCompleted, 15)).toBe(true);
  await expectNothingLeft(stage);
});
