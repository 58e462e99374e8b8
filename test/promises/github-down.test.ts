/** GitHub's REST API is down for two hours of a working day, in each way in which it can be, and comes back. The figures are printed. */
import { afterAll, expect, test } from '@jest/globals';
import { BAD_GATEWAY, CUT, notFound, type RestAnswer } from '../../lib/sim/github-service/answers.ts';
import { pointsInMinuteMost, recordCalls } from '../support/github-calls.ts';
import { aPool } from '../support/pools.ts';
import type { Stage } from '../support/stage.ts';
import { CLEAN, createStage } from '../support/stage.ts';

const OUTAGE_MINUTES = 120;
const TIMEOUT_MS = 10_000;
const MAX = 100;

const figures: string[] = [];
afterAll(() => {
  process.stdout.write(`${figures.join('\n')}\n`);
});

type Outage = { name: string; answer: (stage: Stage) => RestAnswer | Promise<RestAnswer>; webhooksLost?: true };

const outages: Outage[] = [
  { name: 'every call is answered 502', answer: () => BAD_GATEWAY },
  { name: 'every call is answered 502, and no webhook comes', answer: () => BAD_GATEWAY, webhooksLost: true },
  {
    name: 'no call is answered in time',
    answer: ({ clock }) => new Promise((resolve) => clock.after(TIMEOUT_MS, () => resolve(CUT))),
  },
  { name: 'every connection is cut', answer: () => CUT },
  { name: 'every call is answered 404', answer: () => notFound() },
];

test.each(outages)('$name: nobody is killed or given up, and all that has waited runs afterwards', async (outage) => {
  let answer: (() => RestAnswer | Promise<RestAnswer>) | undefined;
  const github = recordCalls(() => answer?.());
  const stage = await createStage({ pools: [aPool({ max: MAX })], rest: github.rest });
  github.use(stage.clock);
  stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', repositories: ['app'] });
  await theDayBegins(stage);
  const tasksBefore = stage.ecs.tasks().length;

  answer = () => outage.answer(stage);
  if (outage.webhooksLost) stage.github.control.setFaults({ loseWebhooks: 1 });
  const callsBefore = github.calls.length;
  for (let minute = 0; minute < OUTAGE_MINUTES; minute++) {
    if (minute % 2 === 0) stage.addJobs({ count: 3, durationSeconds: 60 });
    await stage.minutes(1);
  }
  answer = undefined;
  stage.github.control.setFaults({ loseWebhooks: 0 });
  const callsInVain = github.calls.length - callsBefore;
  const returnedAt = stage.clock.now();
  const callsAfter = github.calls.length;

  expect(await stage.until(stage.allCompleted, 240)).toBe(true);
  const jobs = [...stage.github.books.jobs.values()];
  const waits = jobs
    .filter(({ startedAt, queuedAt }) => (startedAt ?? 0) >= returnedAt && queuedAt < returnedAt)
    .map(({ startedAt = 0 }) => Math.round((startedAt - returnedAt) / 1000))
    .sort((one, other) => one - other);
  const points = pointsInMinuteMost(github.calls.slice(callsAfter));
  figures.push(
    `${outage.name}: ${callsInVain} calls in vain; ${waits.length} jobs had waited, and started ` +
      `${quantile(waits, 0.5)} s (p50), ${quantile(waits, 0.99)} s (p99), ${waits.at(-1)} s (the last) after the return; ` +
      `${stage.ecs.tasks().length - tasksBefore} tasks for ${3 * (OUTAGE_MINUTES / 2)} jobs; at most ${points} points in a minute`,
  );
  expect(waits.length).toBeGreaterThan(150);
  expect(waits.at(-1)).toBeLessThan(30 * 60);
  // Nobody was killed: who worked has ended well, and when its work was done.
  expect(jobs.filter(({ conclusion }) => conclusion !== 'success' && conclusion !== 'cancelled')).toEqual([]);
  expect(jobs.every(({ assignmentsLost }) => assignmentsLost === 0)).toBe(true);
  expect(stage.lines.filter(({ decision }) => decision === 'task stopped')).toEqual([]);
  expect(stage.ecs.tasks().length - tasksBefore).toBeLessThanOrEqual(1.25 * 3 * (OUTAGE_MINUTES / 2));
  expect(points).toBeLessThanOrEqual(900);
  expect(callsInVain).toBeLessThan(OUTAGE_MINUTES * 10);
  await stage.minutes(90);
  expect(stage.leftovers()).toEqual(CLEAN);
});

/** Some work for hours, some have just ended, some idle because theirs was cancelled, and some are on their way. */
async function theDayBegins(stage: Stage): Promise<void> {
  stage.addJobs({ count: 20, durationSeconds: 3 * 3600 });
  stage.addJobs({ count: 10, durationSeconds: 60 });
  await stage.minutes(10);
  const cancelled = stage.addJobs({ count: 5, durationSeconds: 60 });
  await stage.until(() => stage.seats().filter(({ state }) => state === 'registered').length > 0, 5);
  for (const id of cancelled) stage.github.control.cancel(id);
  stage.addJobs({ count: 10, durationSeconds: 600 });
  await stage.clock.runUntil(stage.clock.now() + 5_000);
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
