/** Runners that are not registered, and containers that do not hear, or do not do, what they are told. */
import { expect, test } from '@jest/globals';
import { CLEAN, createStage } from '../support/stage.ts';

test('its job is gone when it would be registered, and its container hangs: past its deadline it is stopped', async () => {
  const stage = await createStage({ sticks: () => 'at its end' });
  const [job = 0] = stage.addJobs({});
  await stage.until(() => stage.livingTasks().length === 1, 5);
  stage.github.control.cancel(job);
  expect(await stage.until(() => stage.seats().some(({ state }) => state === 'gone'), 5)).toBe(true);
  expect(stage.livingTasks()).toHaveLength(1);
  await stage.minutes(60);
  expect(stage.leftovers()).toEqual(CLEAN);
});
