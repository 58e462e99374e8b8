/** Every webhook of an hour is lost, in each way in which one can be: every job still gets its runner. The figures are printed. */
import { afterAll, describe, expect, test } from '@jest/globals';
import { RESERVE_SHARES, SWEEP_CALLS_MAX } from '../../lib/core/limits.ts';
import { ACTIVE_RUN_STATES } from '../../lib/core/sweep.ts';
import type { Stage } from '../support/stage.ts';
import { CLEAN, createStage } from '../support/stage.ts';

const REPOSITORIES = Array.from({ length: 200 }, (_, index) => `repository-${index}`);
const JOBS_PER_MINUTE = 4;
/** GitHub's limit of an installation, in an hour. */
const CALLS_PER_HOUR = 5000;

/** While some repositories are active, half of the calls look for others. */
const ROUND_MINUTES = Math.ceil((REPOSITORIES.length * ACTIVE_RUN_STATES.length) / (SWEEP_CALLS_MAX / 2));

const figures: string[] = [];
afterAll(() => {
  process.stdout.write(`${figures.join('\n')}\n`);
});

/** The door: what stands where our function would answer. */
const losses: { name: string; door?: { status: number; body: string }; faults?: Record<string, number> }[] = [
  { name: 'taken with 202, and dropped behind our door', door: { status: 202, body: '{}' } },
  { name: 'answered 503 at our door', door: { status: 503, body: '{"message":"Service Unavailable"}' } },
  { name: 'refused with 401 at our door', door: { status: 401, body: '{"status":"refused"}' } },
  { name: 'failed on the way, by time-out, connection or 502', faults: { failWebhooks: 1 } },
  { name: 'never attempted', faults: { loseWebhooks: 1 } },
];

test.each(losses)(
  'an hour of webhooks $name: every job runs, soon, and all is tidied up',
  async ({ name, door, faults }) => {
    let isLosing = false;
    const stage = await createStage({ door: () => (isLosing ? door : undefined) });
    stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', repositories: REPOSITORIES });
    await stage.minutes(15);

    isLosing = true;
    stage.github.control.setFaults(faults ?? {});
    await jobsOfAnHour(stage);
    isLosing = false;
    stage.github.control.setFaults({ failWebhooks: 0, loseWebhooks: 0 });

    expect(await stage.until(stage.allCompleted, 60)).toBe(true);
    await stage.minutes(60);
    expect(stage.leftovers()).toEqual(CLEAN);
    const waits = waitsInSeconds(stage);
    const [median, nearlyAll, longest] = [quantile(waits, 0.5), quantile(waits, 0.99), quantile(waits, 1)];
    figures.push(
      `${name}: ${waits.length} jobs started after ${median} s (p50), ${nearlyAll} s (p99), ${longest} s at most`,
    );
    expect(median).toBeLessThan((ROUND_MINUTES / 2 + 2) * 60);
    expect(nearlyAll).toBeLessThan((ROUND_MINUTES + 2) * 60);
    // Jobs take each other's runners, and nobody says so: some are launched for again.
    expect(stage.ecs.tasks().length).toBeLessThan(1.05 * waits.length);
  },
);

test('one webhook in a hundred is lost, where others are heard of: its job starts within minutes', async () => {
  const stage = await createStage();
  stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', repositories: REPOSITORIES });
  stage.github.control.setFaults({ loseWebhooks: 0.01 });
  for (let minute = 0; minute < 120; minute++) {
    stage.addJobs({ repo: stage.chance.pick(REPOSITORIES.slice(0, 20)), count: 4, durationSeconds: 90 });
    await stage.minutes(1);
  }
  expect(await stage.until(stage.allCompleted, 30)).toBe(true);
  await stage.minutes(60);
  expect(stage.leftovers()).toEqual(CLEAN);
  const waits = waitsInSeconds(stage);
  figures.push(
    `1 % never attempted: ${waits.length} jobs started after ${quantile(waits, 0.5)} s (p50), ${quantile(waits, 0.99)} s (p99), ${quantile(waits, 1)} s at most`,
  );
  expect(quantile(waits, 1)).toBeLessThan(4 * 60);
});

test('a janitor that fails at its other work in every run still finds what was lost', async () => {
  const stage = await createStage({
    storage: (when, operation) => {
      if (when === 'before' && operation === 'runners.getMany') throw new Error('only the gauges read so');
    },
  });
  stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', repositories: ['app'] });
  stage.github.control.setFaults({ loseWebhooks: 1 });
  stage.addJobs({ repo: 'app', durationSeconds: 60 });
  expect(await stage.until(stage.allCompleted, 15)).toBe(true);
});

describe('what it costs', () => {
  test('200 idle repositories: each question once an hour, the rest is free', async () => {
    const stage = await createStage();
    stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', repositories: REPOSITORIES });
    await stage.minutes(60);
    // The time of one token, which is renewed a minute before its hour is over.
    const [callsBefore, chargedBefore] = [callsOf(stage, SWEEP_PATHS), chargedOf(stage)];
    await stage.minutes(58);
    const [calls, charged] = [callsOf(stage, SWEEP_PATHS) - callsBefore, chargedOf(stage) - chargedBefore];
    figures.push(
      `200 idle repositories: ${charged} calls of ${CALLS_PER_HOUR} in an hour, ${calls - charged} more were free (304)`,
    );
    // And the list of repositories, three pages, once in a quarter of an hour.
    expect(charged).toBeLessThanOrEqual(REPOSITORIES.length * ACTIVE_RUN_STATES.length + 6 * 3);
    // So many that hardly any sweep stopped for want of what it may pay.
    expect(calls).toBeGreaterThan(0.8 * 60 * SWEEP_CALLS_MAX);
  });

  test('where everything changes all the time, the reserve is left to launching, and a minute has its share', async () => {
    const stage = await createStage();
    stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', repositories: REPOSITORIES });
    stage.github.control.setFaults({ callsPerHourMax: 1000 });
    await stage.minutes(1);
    const perMinute: number[] = [];
    const [sweepBefore, chargedBefore, launchingBefore] = [
      callsOf(stage, SWEEP_PATHS),
      chargedOf(stage),
      launchingCalls(stage),
    ];
    let sweep = sweepBefore;
    for (let minute = 0; minute < 58; minute++) {
      for (let job = 0; job < 2; job++) stage.addJobs({ repo: stage.chance.pick(REPOSITORIES), durationSeconds: 600 });
      await stage.minutes(1);
      perMinute.push(callsOf(stage, SWEEP_PATHS) - sweep);
      sweep = callsOf(stage, SWEEP_PATHS);
    }
    const charged = chargedOf(stage) - chargedBefore;
    const launching = launchingCalls(stage) - launchingBefore;
    figures.push(
      `200 repositories, 2 jobs a minute, 1,000 calls an hour: ${charged - launching} for the sweep, ${launching} for the jobs`,
    );
    expect(charged - launching).toBeLessThanOrEqual(1000 * RESERVE_SHARES.sweep);
    expect(Math.max(...perMinute)).toBeLessThanOrEqual(SWEEP_CALLS_MAX + 4);
    expect(waitsInSeconds(stage).filter(Number.isFinite).length).toBeGreaterThan(50);
  });
});

async function jobsOfAnHour(stage: Stage): Promise<void> {
  for (let minute = 0; minute < 60; minute++) {
    for (let job = 0; job < JOBS_PER_MINUTE; job++) {
      stage.addJobs({ repo: stage.chance.pick(REPOSITORIES), durationSeconds: stage.chance.between(10, 300) });
    }
    await stage.minutes(1);
  }
}

/** By GitHub's own books, ascending. */
function waitsInSeconds(stage: Stage): number[] {
  return [...stage.github.books.jobs.values()]
    .map(({ queuedAt, startedAt }) => Math.round(((startedAt ?? Number.POSITIVE_INFINITY) - queuedAt) / 1000))
    .sort((one, other) => one - other);
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

const SWEEP_PATHS = [
  '/installation/repositories',
  '/repos/{owner}/{repo}/actions/runs',
  '/repos/{owner}/{repo}/actions/runs/{run_id}/jobs',
];
const OF_THE_APP = ['/app/installations', '/app/hook/deliveries', '/app/installations/{installation_id}/access_tokens'];

function callsOf({ github }: Stage, paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + (github.calls.get(path) ?? 0), 0);
}

function launchingCalls(stage: Stage): number {
  return callsOf(
    stage,
    [...stage.github.calls.keys()].filter((path) => ![...SWEEP_PATHS, ...OF_THE_APP].includes(path)),
  );
}

function chargedOf({ github }: Stage): number {
  return github.charged(github.books.owners.get('octo-org')?.installation.id ?? 0);
}
