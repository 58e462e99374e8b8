/** Runners that register themselves, with a token: weaker, and yet nothing is lost and nothing is left. */
import { expect, test } from '@jest/globals';
import { aPool } from '../support/pools.ts';
import type { StageOptions } from '../support/stage.ts';
import { CLEAN, createStage } from '../support/stage.ts';

const POOLS = [aPool({ registration: 'token' })];
const LABELS = aPool().labels;
const SEEDS = [1, 2, 3];

test('one job: a token is made, and no JIT configuration; the runner is known by its name, and nothing is left', async () => {
  const answers: string[] = [];
  const stage = await createStage({ pools: POOLS, overhear: (_, { body }) => answers.push(body) });
  const [job = 0] = stage.addJobs({ count: 1 });
  expect(await stage.until(stage.allCompleted, 15)).toBe(true);
  const { runnerName = '' } = JSON.parse(answers[0] ?? '') as { runnerName?: string };
  expect(runnerName).toMatch(new RegExp(`^sim-default-\\d+-${job}-1-1$`));
  expect(JSON.parse(answers[0] ?? '')).toEqual({
    registration: {
      token: expect.stringMatching(/^[0-9A-F]{29}$/),
      url: 'https://github.com/octo-org',
      labels: LABELS,
      group: 'Default',
      scope: 'organization',
    },
    reportCredential: expect.stringMatching(/^[0-9a-f]{64}$/),
    runnerName,
  });
  expect(stage.github.control.jobs()).toMatchObject([{ conclusion: 'success', runnerName }]);
  await stage.minutes(2);
  expect(stage.leftovers()).toEqual(CLEAN);
  expect(stage.ecs.tasks()).toHaveLength(1);
  expect(stage.github.calls.get('/orgs/{org}/actions/runners/registration-token')).toBe(1);
  expect(stage.github.calls.get('/orgs/{org}/actions/runners/generate-jitconfig')).toBeUndefined();
});

test('on a repository the token is the repository’s, and so is the address', async () => {
  const answers: string[] = [];
  const pools = [aPool({ registration: 'token', register: 'repository' })];
  const stage = await createStage({ pools, overhear: (_, { body }) => answers.push(body) });
  stage.addJobs({ count: 2, repo: 'deploy-tools' });
  expect(await stage.until(stage.allCompleted, 15)).toBe(true);
  const { registration } = JSON.parse(answers[0] ?? '') as { registration: unknown };
  expect(registration).toMatchObject({ url: 'https://github.com/octo-org/deploy-tools', scope: 'repository' });
  await stage.minutes(3);
  expect(stage.leftovers()).toEqual(CLEAN);
});

const storms: [string, StageOptions, (stage: Awaited<ReturnType<typeof createStage>>) => void][] = [
  [
    'a GitHub that loses requests and answers',
    {},
    (stage) => {
      stage.github.control.setFaults({ restFailBefore: 0.2, restFailAfter: 0.2, secondaryRateLimit: 0.1 });
    },
  ],
  [
    'containers that hear only every second answer',
    { lose: (_, number) => (number % 2 === 0 ? 'answer' : undefined) },
    () => undefined,
  ],
  [
    'sessions that GitHub refuses now and then',
    {},
    (stage) => {
      stage.github.control.setFaults({ refuseSessions: 0.3 });
    },
  ],
  ['lists that are a minute old', {}, (stage) => void stage.github.control.setFaults({ listLagSeconds: 60 })],
];
test.each(storms.flatMap((storm) => SEEDS.map((seed) => [...storm, seed] as const)))(
  '%s, seed %#: all jobs run, no runner is left',
  async (_, options, prepare, seed) => {
    const stage = await createStage({ ...options, seed, pools: POOLS });
    prepare(stage);
    stage.addJobs({ count: 30, durationSeconds: 30 });
    expect(await stage.until(stage.allCompleted, 120)).toBe(true);
    await stage.minutes(75);
    expect(stage.leftovers()).toEqual(CLEAN);
  },
);

test('a runner that is idle is found by its name, removed at GitHub, and only then told to go', async () => {
  const stage = await createStage({ pools: [aPool({ registration: 'token', idleSecondsMax: 60 })] });
  const [job = 0] = stage.addJobs({ count: 1 });
  stage.github.control.setFaults({ refuseSessions: 1, loseWebhooks: 1 });
  await stage.until(() => stage.seats().some(({ state }) => state === 'registered'), 5);
  stage.github.control.cancel(job);
  stage.github.control.setFaults({ refuseSessions: 0 });
  await stage.minutes(20);
  expect(stage.lines.filter(({ decision }) => decision === 'idle runner: go')).toHaveLength(1);
  expect(stage.leftovers()).toEqual(CLEAN);
});

test.each<[string, NonNullable<StageOptions['registersAs']>]>([
  ['under a name of its own', (name) => ({ name: `runner-${name.slice(-12)}` })],
  ['under its name without the number', (name) => ({ name: name.replace(/-\d+$/, '') })],
  ['with labels beside its own', () => ({ labels: [...LABELS, 'gpu', 'X64'] })],
  ['with fewer labels than it is told', () => ({ labels: ['self-hosted', 'ecs'] })],
])('an image that registers its runner %s: all jobs run once, and nothing is left', async (_, registersAs) => {
  const stage = await createStage({ pools: POOLS, registersAs });
  stage.addJobs({ count: 20, durationSeconds: 30 });
  expect(await stage.until(stage.allCompleted, 120)).toBe(true);
  await stage.minutes(75);
  expect(stage.leftovers()).toEqual(CLEAN);
  expect(stage.github.control.jobs().every(({ conclusion }) => conclusion === 'success')).toBe(true);
});

test('a runner whose registration GitHub has dropped without a job is told to go', async () => {
  const stage = await createStage({ pools: [aPool({ registration: 'token', idleSecondsMax: 60 })] });
  const [job = 0] = stage.addJobs({ count: 1 });
  stage.github.control.setFaults({ ghostRunners: 1 });
  await stage.until(() => stage.seats().some(({ state }) => state === 'registered'), 5);
  await stage.minutes(1);
  expect(stage.github.control.runners()).toEqual([]);
  stage.github.control.cancel(job);
  await stage.minutes(10);
  expect(stage.leftovers()).toEqual(CLEAN);
  expect(stage.lines.filter(({ decision }) => decision === 'idle runner: go')).toHaveLength(1);
});

test('a stage that observes makes no token', async () => {
  const stage = await createStage({ pools: POOLS, mode: 'observe' });
  stage.addJobs({ count: 3 });
  await stage.minutes(10);
  expect(stage.github.calls.get('/orgs/{org}/actions/runners/registration-token')).toBeUndefined();
});
