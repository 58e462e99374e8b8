/** The whole service for days: an image grows too old, and somebody is told before GitHub refuses it. */
import { expect, test } from '@jest/globals';
import { metricsOf } from '../../lib/core/metrics.ts';
import { CLEAN, createStage, type Stage } from '../support/stage.ts';

const DAY = 24 * 60 * 60 * 1000;
const DAY_MINUTES = 24 * 60;

const said = ({ lines }: Stage) => lines.filter(({ decision }) => decision.startsWith('runner version '));
const asked = ({ github }: Stage) => github.calls.get('/orgs/{org}/actions/runners/deprecations/{version}') ?? 0;
const runs = ({ lines }: Stage) => lines.filter(({ decision }) => decision === 'janitor ran');
const published = (stage: Stage) =>
  runs(stage).flatMap((line) => metricsOf(line).filter(({ name }) => name === 'RunnerVersionDaysLeft'));

test('a version that ends: a line a day, a question a day, and a metric each minute', async () => {
  const stage = await createStage();
  stage.github.control.useRelease('2.330.0', { jobsUntil: stage.clock.now() + 13.5 * DAY });
  stage.addJobs({ durationSeconds: 60 * 60 * 60 });
  await stage.minutes(1.1 * DAY_MINUTES);
  expect(asked(stage)).toBe(2);
  expect(said(stage)).toMatchObject([
    { decision: 'runner version ends', daysLeft: 13, owner: 'octo-org', runnerVersion: '2.330.0', pools: ['default'] },
    { decision: 'runner version ends', daysLeft: 12 },
  ]);
  expect([...new Set(published(stage).map(({ value }) => value))]).toEqual([13, 12]);
  expect(published(stage).length).toBeGreaterThan(runs(stage).length - 5);
});

test.each<[string, () => Promise<never>]>([
  ['rejects', () => Promise.reject(new Error('the adapter has a bug'))],
  ['never answers what it was asked', () => Promise.resolve({ kind: 'ok', value: undefined } as never)],
])('a question that %s is no trouble of the janitor’s other work', async (_, runnerDeprecation) => {
  const stage = await createStage();
  stage.world.github = { ...stage.world.github, runnerDeprecation };
  stage.addJobs({ count: 3, durationSeconds: 300 });
  stage.ecs.setFaults({ loseEvents: 1 });
  stage.github.control.setFaults({ loseWebhooks: 1 });
  await stage.minutes(90);
  expect(stage.allCompleted()).toBe(true);
  expect(stage.leftovers()).toEqual(CLEAN);
  expect(runs(stage).length).toBeGreaterThan(85);
});
