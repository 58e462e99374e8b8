/** Ends of which nobody told: jobs in the backlog or on a runner, past a suspicious age, are asked for one by one. */
import { expect, test } from '@jest/globals';
import { aPool } from '../support/pools.ts';
import { createStage, type Stage } from '../support/stage.ts';

const stateOf = ({ history }: Stage, job: number) => history.all().find((one) => one.job === job)?.state;

test('a job waits for a place, is cancelled, and nobody tells: within two hours it is known, and nothing was launched', async () => {
  const stage = await createStage({ pools: [aPool({ max: 1 })] });
  stage.addJobs({ durationSeconds: 5 * 3600 });
  await stage.minutes(1);
  const [waiting = 0] = stage.addJobs({});
  await stage.minutes(1);
  stage.github.control.setFaults({ loseWebhooks: 1 });
  stage.github.control.cancel(waiting);
  expect(await stage.until(() => stateOf(stage, waiting) === 'completed', 120)).toBe(true);
  expect(stage.ecs.tasks()).toHaveLength(1);
});

test('a job runs, its end gets lost, and so does the end of its task: it is known all the same', async () => {
  const stage = await createStage();
  const [job = 0] = stage.addJobs({ durationSeconds: 3600 });
  await stage.until(() => stateOf(stage, job) === 'in_progress', 5);
  stage.github.control.setFaults({ loseWebhooks: 1 });
  stage.ecs.setFaults({ loseEvents: 1 });
  expect(await stage.until(() => stateOf(stage, job) === 'completed', 120)).toBe(true);
  await stage.minutes(10);
  expect(stage.leftovers()).toMatchObject({ seats: 0, backlog: 0 });
});

test('of a long backlog no more is asked than the rest of an hour can bear', async () => {
  const stage = await createStage({ pools: [aPool({ max: 1 })] });
  stage.addJobs({ count: 400, durationSeconds: 5 * 3600 });
  await stage.minutes(40);
  const before = stage.github.calls.get('/repos/{owner}/{repo}/actions/jobs/{job_id}') ?? 0;
  await stage.minutes(60);
  const asked = (stage.github.calls.get('/repos/{owner}/{repo}/actions/jobs/{job_id}') ?? 0) - before;
  expect(asked).toBeGreaterThan(400);
  expect(asked).toBeLessThanOrEqual(620);
});

test('whoever wrote into history that a job is queued died before the backlog heard of it: it is launched all the same', async () => {
  const stage = await createStage({ pools: [aPool({ max: 1 })] });
  stage.addJobs({ durationSeconds: 120 });
  await stage.minutes(1);
  const [waiting = 0] = stage.addJobs({});
  await stage.minutes(1);
  const item = stage.backlog.all().find(({ job }) => job === waiting);
  if (item === undefined) throw new Error('It is not in the backlog');
  await Promise.all([stage.backlog.put({ ...item, awaitsWord: stage.clock.now() }, item), stage.minutes(0.1)]);
  expect(await stage.until(stage.allCompleted, 15)).toBe(true);
});
