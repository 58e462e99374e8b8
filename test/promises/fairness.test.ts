/** One repository's flood does not delay another's job. */
import { afterAll, expect, test } from '@jest/globals';
import { aPool } from '../support/pools.ts';
import { createStage } from '../support/stage.ts';

const RECORDED_WITHIN_MS = 10_000;
const DECIDED_WITHIN_MS = 20_000;

const SEEDS = Number(process.env['SEEDS'] ?? 1);
/** No limit that says anything: a busy machine takes its time. */
const PATIENCE_MS = 60 * 60 * 1000;

const figures: string[] = [];
afterAll(() => {
  process.stdout.write(`${figures.join('\n')}\n`);
});

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
 * More worlds, with their figures: `SEEDS=10 npm test -- test/promises/fairness`.
 */
test.each([
  ['the oldest job first', false],
  ['jobs in any order', true],
])(
  'five jobs behind 500 that may take their runners begin within the bound, with GitHub giving %s',
  async (order, jobsInAnyOrder) => {
    const seconds: number[] = [];
    for (let seed = 1; seed <= SEEDS; seed += 1) seconds.push(await secondsUntilFiveBegan(seed, jobsInAnyOrder));
    seconds.sort((one, other) => one - other);
    figures.push(
      `${order}: all five had begun after ${seconds[Math.floor(SEEDS / 2)]} s (p50), ${seconds.at(-1)} s at most`,
    );
    expect(seconds.at(-1)).toBeLessThanOrEqual(BEGIN_WITHIN_SECONDS);
  },
  PATIENCE_MS,
);

const JOBS = 500;
const JOB_SECONDS = 60;
/** From the end of a job until the next one runs on its place. */
const BETWEEN_JOBS_SECONDS = 8;
const PLAIN = aPool({ name: 'plain', labels: ['self-hosted', 'ecs'], max: 20, taskDefinition: 'sim-plain:1' });
const GPU = aPool({ name: 'gpu', labels: ['self-hosted', 'ecs', 'gpu'], max: 5, taskDefinition: 'sim-gpu:1' });
/** Every place of both pools works all the time, until all that are older have begun; and a minute to boot. */
const BEGIN_WITHIN_SECONDS = Math.ceil(JOBS / (PLAIN.max + GPU.max)) * (JOB_SECONDS + BETWEEN_JOBS_SECONDS) + 60;

async function secondsUntilFiveBegan(seed: number, jobsInAnyOrder: boolean): Promise<number> {
  const stage = await createStage({ seed, pools: [PLAIN, GPU] });
  stage.github.control.setFaults({ jobsInAnyOrder });
  stage.addJobs({ count: JOBS, labels: PLAIN.labels, durationSeconds: JOB_SECONDS });
  await stage.minutes(3);
  const queuedAt = stage.clock.now();
  const five = stage.addJobs({ count: 5, labels: GPU.labels, durationSeconds: JOB_SECONDS });
  expect(await stage.until(stage.allCompleted, BEGIN_WITHIN_SECONDS / 60 + 30)).toBe(true);
  // Each launch has run a job: none was made in vain.
  expect(stage.ecs.books().tasks.length).toBeLessThanOrEqual(JOBS + 5 + 5);
  const begun = five.map((job) => stage.github.books.jobs.get(job)?.startedAt ?? Number.POSITIVE_INFINITY);
  return Math.round((Math.max(...begun) - queuedAt) / 1000);
}

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
