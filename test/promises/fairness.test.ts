/** One repository's flood does not delay another's job. */
import { expect, test } from '@jest/globals';
import { aPool } from '../support/pools.ts';
import { createStage } from '../support/stage.ts';

const RECORDED_WITHIN_MS = 10_000;
const DECIDED_WITHIN_MS = 20_000;

test.each([
  ['a pool that is full at once', 50],
  ['a pool with room for all', 6000],
])('behind a poison message, a throttled RunTask and 5,000 queued events, in %s', async (_, max) => {
  const stage = await createStage({ pools: [aPool({ max })], scalers: 10, tableLatencyMs: 10, janitor: false });
  stage.ecs.setFaults({ throttleRunTask: 0.05 });
  stage.queue.deliver('this is poison');
  stage.addJobs({ repo: 'busy', count: 5000, durationSeconds: 600 });
  const [other = 0] = stage.addJobs({ repo: 'quiet', count: 1 });
  const from = stage.clock.now();
  const line = (decisions: string[]) =>
    stage.lines.find(({ decision, job }) => job === other && decisions.includes(decision));
  const decided = () => line(['task started', 'job waits', 'runner adopted']) !== undefined;
  expect(await stage.until(decided, 2)).toBe(true);
  expect((line(['job queued'])?.at ?? Number.POSITIVE_INFINITY) - from).toBeLessThanOrEqual(RECORDED_WITHIN_MS);
  expect(stage.clock.now() - from).toBeLessThanOrEqual(DECIDED_WITHIN_MS);
});

/**
 * GitHub gives a runner the oldest job, or any, that its labels cover: so runners for five jobs run others first, of which
 * there is no end until all that are older have begun. Nothing can be done about that from outside but to lose no time.
 */
test.each([
  ['the oldest job first', false],
  ['jobs in any order', true],
])('five jobs behind 500 that may take their runners, with GitHub giving %s', async (_, jobsInAnyOrder) => {
  const [plain, gpu] = [
    aPool({ name: 'plain', labels: ['self-hosted', 'ecs'], max: 20, taskDefinition: 'sim-plain:1' }),
    aPool({ name: 'gpu', labels: ['self-hosted', 'ecs', 'gpu'], max: 5, taskDefinition: 'sim-gpu:1' }),
  ];
  const stage = await createStage({ pools: [plain, gpu] });
  stage.github.control.setFaults({ jobsInAnyOrder });
  stage.addJobs({ count: 500, labels: plain.labels, durationSeconds: JOB_SECONDS });
  await stage.minutes(3);
  const five = stage.addJobs({ count: 5, labels: gpu.labels, durationSeconds: JOB_SECONDS });
  const haveStarted = () => five.every((job) => stage.github.books.jobs.get(job)?.startedAt !== undefined);
  const turns = Math.ceil(500 / (plain.max + gpu.max));
  expect(await stage.until(haveStarted, (turns * (JOB_SECONDS + BETWEEN_JOBS_SECONDS)) / 60 + 2)).toBe(true);
  expect(await stage.until(stage.allCompleted, 30)).toBe(true);
  // Each launch has run a job: none was made in vain.
  expect(stage.ecs.books().tasks.length).toBeLessThanOrEqual(505 + 5);
});

const JOB_SECONDS = 60;
/** From the end of a job until the next one runs on its place. */
const BETWEEN_JOBS_SECONDS = 8;

test('the poison message ends in the dead-letter queue, and nothing else does', async () => {
  const stage = await createStage();
  stage.queue.deliver('this is poison');
  stage.queue.deliver(JSON.stringify({ kind: 'unheard of' }));
  stage.addJobs({ count: 12, durationSeconds: 20 });
  expect(await stage.until(stage.allCompleted, 15)).toBe(true);
  await stage.minutes(20);
  expect(
    stage.queue
      .deadLetters()
      .map(({ body }) => body)
      .sort(),
  ).toEqual(['this is poison', '{"kind":"unheard of"}'].sort());
  expect(stage.ecs.tasks()).toHaveLength(12);
});
