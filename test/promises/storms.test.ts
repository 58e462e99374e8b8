/** Storms of events in virtual time, judged by GitHub's and ECS's own books. */
import { describe, expect, test } from '@jest/globals';
import { aPool } from '../support/pools.ts';
import type { Stage } from '../support/stage.ts';
import { CLEAN, createStage } from '../support/stage.ts';

const SEEDS = Array.from({ length: 10 }, (_, index) => index + 1);

/**
 * As many tasks as jobs: nothing was launched twice, nothing was forgotten. In a few storms of a hundred, events that are
 * recorded side by side within milliseconds leave one runner over, whose container is told to go; more is a bug.
 */
async function expectOneTaskPerJob(stage: Stage, jobs: number): Promise<void> {
  expect(await stage.until(stage.allCompleted, 60)).toBe(true);
  await stage.minutes(12);
  expect(stage.ecs.tasks().length).toBeGreaterThanOrEqual(jobs);
  expect(stage.ecs.tasks().length).toBeLessThanOrEqual(jobs + 1);
  expect(stage.leftovers()).toEqual(CLEAN);
}

describe.each(SEEDS)('seed %i', (seed) => {
  test('every webhook twice, under the same or another delivery id: one task per job', async () => {
    const stage = await createStage({ seed });
    stage.github.control.setFaults({ duplicateWebhooks: 1 });
    stage.addJobs({ count: 40, durationSeconds: 90 });
    await expectOneTaskPerJob(stage, 40);
  });

  test('webhooks in any order, some minutes late: hardly a launch too many, no job left', async () => {
    const stage = await createStage({ seed });
    stage.github.control.setFaults({ reorderWebhooks: 0.5 });
    stage.addJobs({ count: 40, durationSeconds: 20 });
    expect(await stage.until(stage.allCompleted, 60)).toBe(true);
    await stage.minutes(12);
    expect(stage.leftovers()).toEqual(CLEAN);
    // A job that ran before its `queued` arrived is launched once in vain: nobody has told us, and nobody is asked.
    expect(stage.ecs.tasks().length).toBeLessThanOrEqual(44);
  });

  test('every in_progress lost: no extra launch, no job left', async () => {
    const stage = await createStage({ seed });
    stage.github.control.setFaults({ loseWebhooks: 1, loseWebhooksOf: ['in_progress'] });
    stage.addJobs({ count: 40, durationSeconds: 45 });
    await expectOneTaskPerJob(stage, 40);
  });

  test('STOPPED before completed, by minutes: no extra launch, no job left', async () => {
    const stage = await createStage({ seed });
    stage.addJobs({ count: 40, durationSeconds: 1 });
    await stage.clock.runUntil(stage.clock.now() + 5000);
    stage.github.control.setFaults({ reorderWebhooks: 1 });
    await expectOneTaskPerJob(stage, 40);
  });
});

test('200 jobs at once with max 50: never more than 50 tasks, all complete, none left behind', async () => {
  const stage = await createStage({ pools: [aPool({ max: 50 })] });
  stage.addJobs({ count: 200, durationSeconds: 30 });
  await expectOneTaskPerJob(stage, 200);
  expect(stage.ecs.books().aliveMaxByFamily['sim-default']).toBeLessThanOrEqual(50);
});

test('two organisations share one pool: neither gets the other’s runners, all complete', async () => {
  const stage = await createStage({ pools: [aPool({ max: 10 })] });
  stage.addJobs({ owner: 'octo-org', count: 30, durationSeconds: 20 });
  stage.addJobs({ owner: 'other-org', count: 30, durationSeconds: 20 });
  await expectOneTaskPerJob(stage, 60);
  expect(stage.ecs.books().aliveMaxByFamily['sim-default']).toBeLessThanOrEqual(10);
});

test('a user’s repository, and a pool that registers on repositories, have repository runners', async () => {
  const stage = await createStage({
    pools: [
      aPool(),
      aPool({
        name: 'deploy',
        labels: ['self-hosted', 'deploy'],
        register: 'repository',
        taskDefinition: 'sim-deploy:1',
      }),
    ],
  });
  stage.addJobs({ owner: 'octocat', user: true, count: 3 });
  stage.addJobs({ owner: 'octo-org', repo: 'deploy-tools', labels: ['deploy'], count: 3 });
  await expectOneTaskPerJob(stage, 6);
  expect(stage.github.calls.get('/orgs/{org}/actions/runners/generate-jitconfig')).toBeUndefined();
  expect(stage.github.calls.get('/repos/{owner}/{repo}/actions/runners/generate-jitconfig')).toBe(6);
});

test('a throttled ECS and a limited GitHub only delay', async () => {
  const stage = await createStage();
  stage.ecs.setFaults({ throttleRunTask: 0.3 });
  stage.github.control.setFaults({ secondaryRateLimit: 0.2 });
  stage.addJobs({ count: 40, durationSeconds: 20 });
  await expectOneTaskPerJob(stage, 40);
});

test.each([1, 2, 3])(
  'seed %i: a GitHub that loses requests and answers: all run, every lost registration is deleted',
  async (seed) => {
    const stage = await createStage({ seed });
    stage.github.control.setFaults({ restFailBefore: 0.2, restFailAfter: 0.2, secondaryRateLimit: 0.1 });
    stage.addJobs({ count: 40, durationSeconds: 20 });
    expect(await stage.until(stage.allCompleted, 60)).toBe(true);
    await stage.minutes(75);
    expect(stage.leftovers()).toEqual(CLEAN);
  },
);
