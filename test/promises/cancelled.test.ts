/** Jobs that somebody cancels before they run. */
import { expect, test } from '@jest/globals';
import { aPool } from '../support/pools.ts';
import { CLEAN, createStage } from '../support/stage.ts';

test('cancelled before it was launched: no task', async () => {
  const stage = await createStage({ pools: [aPool({ max: 1 })] });
  const [first, second] = stage.addJobs({ count: 2, durationSeconds: 300 });
  await stage.minutes(3);
  const waiting = [first, second].find((job) => stage.seats()[0]?.job !== job) ?? 0;
  stage.github.control.cancel(waiting);
  expect(await stage.until(stage.allCompleted, 20)).toBe(true);
  await stage.minutes(3);
  expect(stage.ecs.tasks()).toHaveLength(1);
  expect(stage.leftovers()).toEqual(CLEAN);
});

test('cancelled while its container boots: the registrar answers 410 and the container ends', async () => {
  const stage = await createStage();
  const [job = 0] = stage.addJobs({});
  await stage.until(() => stage.livingTasks().length === 1, 1);
  stage.github.control.cancel(job);
  await stage.minutes(4);
  expect(stage.github.calls.get('/orgs/{org}/actions/runners/generate-jitconfig')).toBeUndefined();
  expect(stage.lines).toContainEqual(expect.objectContaining({ decision: 'registration: gone' }));
  expect(stage.ecs.books().tasks).toMatchObject([{ exitCode: 0 }]);
  expect(stage.leftovers()).toEqual(CLEAN);
});

test('its runner is already idle: it leaves after its idle time, removed at GitHub first', async () => {
  const stage = await createStage();
  const [job = 0] = stage.addJobs({ labels: ['ecs'] });
  await stage.until(() => stage.livingTasks().length === 1, 1);
  // GitHub holds the job back while the runner boots, so that it finds nothing to do.
  stage.github.control.setFaults({ refuseSessions: 1 });
  await stage.until(() => stage.seats().some(({ state }) => state === 'registered'), 5);
  stage.github.control.cancel(job);
  stage.github.control.setFaults({ refuseSessions: 0 });
  await stage.minutes(6);
  expect(stage.lines).toContainEqual(expect.objectContaining({ decision: 'idle runner: go' }));
  expect(stage.leftovers()).toEqual(CLEAN);
  expect(stage.ecs.books().tasks).toMatchObject([{ exitCode: 0 }]);
});

test('a job that GitHub has completed long ago is not launched by a late or repeated event', async () => {
  const stage = await createStage();
  stage.github.control.setFaults({ duplicateWebhooks: 1 });
  stage.addJobs({ count: 3, durationSeconds: 5 });
  await stage.until(stage.allCompleted, 10);
  await stage.minutes(5);
  for (const delivery of stage.github.webhooks.deliveries.slice(0)) stage.github.webhooks.redeliver(delivery);
  await stage.minutes(5);
  expect(stage.ecs.tasks()).toHaveLength(3);
  expect(stage.leftovers()).toEqual(CLEAN);
});

test('while GitHub does not answer, an idle runner is not told to go, and its task lives on', async () => {
  const stage = await createStage();
  const [job = 0] = stage.addJobs({});
  stage.github.control.setFaults({ refuseSessions: 1 });
  await stage.until(() => stage.seats().some(({ state }) => state === 'registered'), 5);
  stage.github.control.cancel(job);
  stage.github.control.setFaults({ refuseSessions: 0, restFailBefore: 1 });
  await stage.minutes(8);
  expect(stage.lines).toContainEqual(expect.objectContaining({ decision: 'idle runner: stay' }));
  expect(stage.lines).not.toContainEqual(expect.objectContaining({ decision: 'idle runner: go' }));
  expect(stage.livingTasks()).toHaveLength(1);
  stage.github.control.setFaults({ restFailBefore: 0 });
  await stage.minutes(4);
  expect(stage.lines).toContainEqual(expect.objectContaining({ decision: 'idle runner: go' }));
  expect(stage.leftovers()).toEqual(CLEAN);
});
