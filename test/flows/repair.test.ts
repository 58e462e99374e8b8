/** Launches of which only ECS knows whether they began. */
import { expect, test } from '@jest/globals';
import { aPool } from '../support/pools.ts';
import { CLEAN, createStage } from '../support/stage.ts';

test.each([
  ['throttles', { throttleRunTask: 1 }],
  ['throttles, and lists it three minutes late,', { throttleRunTask: 1, listLagSeconds: 180 }],
  ['denies', { accessDenied: 1 }],
  ['refuses', { runTaskFailures: 1 }],
])('a task whose start nobody heard of keeps its place, also when ECS %s the repeated call', async (_, faults) => {
  const stage = await createStage({ pools: [aPool({ max: 1 })], janitor: false });
  stage.ecs.setFaults({ cutAfter: 1 });
  stage.addJobs({ count: 2, durationSeconds: 20 * 60 });
  await stage.minutes(0.1);
  stage.ecs.setFaults({ cutAfter: 0, ...faults });
  for (let minute = 0; minute < 6; minute += 1) {
    stage.queue.deliver(JSON.stringify({ kind: 'look', pool: 'default' }));
    await stage.minutes(1);
  }
  expect(stage.seats()).toHaveLength(1);
  stage.ecs.setFaults({ throttleRunTask: 0, accessDenied: 0, runTaskFailures: 0 });
  for (let minute = 0; minute < 60 && !stage.allCompleted(); minute += 1) {
    stage.queue.deliver(JSON.stringify({ kind: 'look', pool: 'default' }));
    await stage.minutes(1);
  }
  expect(stage.ecs.books().aliveMaxByFamily).toEqual({ 'sim-default': 1 });
  expect(stage.leftovers()).toEqual(CLEAN);
});
