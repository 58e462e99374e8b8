/** Pools that cannot work: few launches, the reason in sight, and all is well again when it is mended. */
import { expect, test } from '@jest/globals';
import { aPool } from '../support/pools.ts';
import { CLEAN, createStage } from '../support/stage.ts';

test.each([1, 30])('%i jobs, an image that cannot be pulled: at most 10 launches in 10 minutes', async (count) => {
  const stage = await createStage({ images: { default: 'registry.test/does-not-exist:1' } });
  stage.addJobs({ count });
  await stage.minutes(16);
  const starts = stage.ecs.books().tasks.map(({ createdAt }) => createdAt);
  const inTenMinutes = starts.map((from) => starts.filter((at) => at >= from && at < from + 10 * 60_000).length);
  expect(Math.max(...inTenMinutes)).toBeLessThanOrEqual(10);
  expect(starts.length).toBeGreaterThan(1);
  const reasons = stage.backlog.all().map(({ reason }) => reason);
  expect(reasons).toHaveLength(count);
  expect(reasons).toContainEqual(expect.stringContaining('CannotPullContainerError'));
});

test('a pool that was suspect works at full size again after a job has run', async () => {
  const stage = await createStage({ pools: [aPool({ max: 20 })] });
  stage.ecs.setFaults({ cannotPullImage: 1 });
  stage.addJobs({ count: 20, durationSeconds: 30 });
  await stage.minutes(15);
  expect(stage.runners.all()).toContainEqual(
    expect.objectContaining({ kind: 'pool', reason: expect.stringContaining('CannotPull') }),
  );
  stage.ecs.setFaults({ cannotPullImage: 0 });
  expect(await stage.until(stage.allCompleted, 30)).toBe(true);
  await stage.minutes(3);
  expect(stage.leftovers()).toEqual(CLEAN);
  expect(stage.runners.all()).toContainEqual(expect.objectContaining({ kind: 'pool', failures: 0 }));
});

test('an App that GitHub has suspended: the job waits with that reason, and runs when it may', async () => {
  const stage = await createStage();
  stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization' });
  stage.addJobs({});
  await stage.until(() => stage.livingTasks().length === 1, 1);
  stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', suspended: true });
  await stage.until(() => stage.backlog.all().some(({ reason }) => /suspended/.test(reason)), 5);
  expect(stage.backlog.all()).toMatchObject([{ reason: expect.stringContaining('suspended') }]);
  stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', suspended: false });
  expect(await stage.until(stage.allCompleted, 30)).toBe(true);
  await stage.minutes(3);
  expect(stage.leftovers()).toEqual(CLEAN);
});

test('a job that cannot be launched is cancelled, and nobody tells us: it does not stay for ever', async () => {
  const stage = await createStage({ images: { default: 'registry.test/does-not-exist:1' } });
  const [job = 0] = stage.addJobs({});
  await stage.minutes(5);
  stage.github.control.setFaults({ loseWebhooks: 1 });
  stage.github.control.cancel(job);
  await stage.minutes(40);
  expect(stage.leftovers()).toEqual(CLEAN);
  expect(stage.history.all()).toMatchObject([{ state: 'completed', conclusion: 'cancelled' }]);
});
