/** What a run of the janitor costs in calls to GitHub, by GitHub's own books, beside the budget of the sweep. */
import { expect, test } from '@jest/globals';
import type { InstallationRecord, Seat } from '../../lib/core/runner.ts';
import { INSTALLATIONS } from '../../lib/core/runner.ts';
import { aBacklogRecord, aSeat } from '../support/builders.ts';
import { aPool } from '../support/pools.ts';
import { createStage, type Stage } from '../support/stage.ts';

/** The sweep's, and tokens: once an hour. */
const BESIDE = /^\/app\/installations|^\/installation\/repositories|\/actions\/runs(\/|$)/;

function callsOf({ github }: Stage): number {
  return [...github.calls].reduce((sum, [path, count]) => (BESIDE.test(path) ? sum : sum + count), 0);
}

async function callsInRuns(stage: Stage, count: number): Promise<number[]> {
  const runs: number[] = [];
  for (let run = 0; run < count; run++) {
    const before = callsOf(stage);
    await stage.minutes(1);
    runs.push(callsOf(stage) - before);
  }
  return runs;
}

function say(runners: number, runs: readonly number[]): void {
  const sum = runs.reduce((one, other) => one + other, 0);
  const average = (sum / runs.length).toFixed(1);
  process.stdout.write(`${runners} busy runners: at most ${Math.max(...runs)} calls in a run, ${average} on average\n`);
}

test('over 100 busy runners of one organisation: at most 3 calls in a run', async () => {
  const stage = await createStage({ pools: [aPool({ max: 100 })] });
  stage.addJobs({ count: 100, durationSeconds: 20 * 3600 });
  const isBusy = () => stage.seats().filter(({ busyWith }) => busyWith !== undefined).length === 100;
  expect(await stage.until(isBusy, 30)).toBe(true);
  // Long enough for every job to be an old one, which might be asked about.
  await stage.minutes(65);
  const runs = await callsInRuns(stage, 12);
  say(100, runs);
  expect(Math.max(...runs)).toBeLessThanOrEqual(3);
  // The list is read now and then all the same.
  expect(Math.max(...runs)).toBeGreaterThan(1);
});

test('over 2,000 registered runners, all of which work for hours: at most 25 calls in a run', async () => {
  const stage = await createStage({ pools: [aPool({ max: 2000 })] });
  stage.github.control.setFaults({
    pointsPerMinuteMax: 1e6,
    callsPerHourMax: 1e6,
    concurrentMax: 1e4,
    registrationsMax: 1e4,
  });
  const made = stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization' });
  const installation = Number('installation' in made && made.installation);
  const now = stage.clock.now();
  const scopes = [{ owner: 'octo-org', mintedAt: now }];
  const record: Omit<InstallationRecord, 'version'> = {
    kind: 'installation',
    pool: INSTALLATIONS,
    place: installation,
    tokens: 1,
    filledAt: 0,
    reason: 'registers runners',
    scopes,
  };
  void stage.runners.put(record, undefined);
  for (let place = 0; place < 2000; place++) void work(stage, installation, place);
  await stage.minutes(1);
  expect(stage.github.books.runners.size).toBe(2000);
  for (const runner of stage.github.books.runners.values()) runner.state = 'busy';
  const runs = await callsInRuns(stage, 11);
  say(2000, runs);
  expect(Math.max(...runs)).toBeLessThanOrEqual(25);
  expect(Math.max(...runs)).toBeGreaterThan(20);
});

/** As if it had worked for two hours. ECS does not know its task, and is not asked yet. */
async function work(stage: Stage, installation: number, place: number): Promise<void> {
  const before = stage.clock.now() - 2 * 3600 * 1000;
  const job = place + 1;
  const seat = aSeat({
    taskArn: `task-${place}`,
    place,
    job,
    installation,
    mint: 1,
    serves: job,
    busyWith: job,
    state: 'busy',
  });
  const made = await stage.world.github.registerRunner(
    { installation, owner: 'octo-org' },
    { name: `${seat.name}-1`, labels: ['ecs'], group: 'Default' },
  );
  const runnerId = made.kind === 'ok' ? made.value.id : 0;
  const times = { launchedAt: stage.clock.now() + 3600 * 1000, registeredAt: before, startedAt: before };
  const working: Seat = { ...seat, ...times, runnerId };
  await stage.runners.put(working, undefined);
  const item = aBacklogRecord({ job, installation, state: 'in_progress', recordedAt: before, createdAt: before });
  await stage.backlog.put(item, undefined);
}
