/** Stages with warm runners, and what must be true of them by GitHub's and ECS's own books. */
import { expect } from '@jest/globals';
import type { Pool } from '../../lib/core/pool.ts';
import { aPool } from './pools.ts';
import type { Stage, StageOptions } from './stage.ts';
import { CLEAN, createStage } from './stage.ts';

export const warmPool = (overrides: Partial<Pool> = {}) => aPool({ max: 10, warm: 3, ...overrides });

export const warmOf = (stage: Stage) => stage.seats().filter(({ state }) => state === 'warm');

/** All pools have as many warm runners as they want, and not one more. */
export async function warmUp(stage: Stage, minutes = 15): Promise<void> {
  const wanted = stage.config.pools.pools.reduce((sum, { warm }) => sum + warm, 0);
  const isWarm = () => warmOf(stage).length === wanted && stage.livingTasks().length === wanted;
  expect(await stage.until(isWarm, minutes)).toBe(true);
}

export async function aWarmStage(options: StageOptions = {}): Promise<Stage> {
  const stage = await createStage({ pools: [warmPool()], ...options });
  await warmUp(stage);
  return stage;
}

/** As often as any runner was asked of GitHub. */
export function registrationsOf({ github }: Stage): number {
  const calls = [...github.calls].filter(([route]) => route.endsWith('/generate-jitconfig'));
  return calls.reduce((sum, [, count]) => sum + count, 0);
}

/** Every job has run, each on a runner of its own, and every task was one that the records named. */
export async function expectAllRun(stage: Stage, jobs: number, minutes = 60): Promise<void> {
  expect(await stage.until(stage.allCompleted, minutes)).toBe(true);
  const done = stage.github.control.jobs();
  expect(done).toHaveLength(jobs);
  expect(done.filter(({ conclusion }) => conclusion !== 'success')).toEqual([]);
  expect(new Set(stage.history.all().map(({ ranOn }) => ranOn)).size).toBe(jobs);
  const { tasks } = stage.ecs.books();
  expect(new Set(tasks.map(({ startedBy }) => startedBy)).size).toBe(tasks.length);
}

/** Set back to none, nothing is left of them anywhere, and none was launched on the way. */
export async function expectNothingLeft(stage: Stage, tasks = stage.ecs.tasks().length): Promise<void> {
  stage.configure(stage.config.pools.pools.map((pool) => ({ ...pool, warm: 0 })));
  await stage.minutes(12);
  expect(stage.leftovers()).toEqual(CLEAN);
  expect(stage.ecs.tasks()).toHaveLength(tasks);
}
