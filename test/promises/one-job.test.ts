import { expect, test } from '@jest/globals';
import { CLEAN, createStage } from '../support/stage.ts';

test('one queued job gets one task, one registration, runs, and leaves nothing', async () => {
  const stage = await createStage();
  stage.addJobs({ count: 1 });
  expect(await stage.until(stage.allCompleted, 15)).toBe(true);
  await stage.minutes(2);
  expect(stage.leftovers()).toEqual(CLEAN);
  expect(stage.ecs.tasks()).toHaveLength(1);
  expect(stage.history.all()).toMatchObject([{ state: 'completed', launch: 1, conclusion: 'success' }]);
  expect(stage.github.calls.get('/orgs/{org}/actions/runners/generate-jitconfig')).toBe(1);
});
