/**
 * No job waits for a runner that does not come. Counted over all runners and jobs at once, from GitHub's and ECS's own books:
 * the runners that may still take a job, against the jobs that wait. More worlds: `SEEDS=15 npm test -- test/promises/deficit`.
 */
import { expect, test } from '@jest/globals';
import { seededChance } from '../../lib/sim/chance.ts';
import type { Faults } from '../../lib/sim/github-service/faults.ts';
import { withoutRunner } from '../support/coming.ts';
import { aPool } from '../support/pools.ts';
import { CLEAN, createStage, type Stage } from '../support/stage.ts';

/** From when a runner is taken until its job is launched for again: a list, a word that is awaited, a run of the janitor. */
const LAUNCHED_AGAIN_WITHIN_SECONDS = 240;

/** No limit that says anything: a busy machine takes its time. */
const PATIENCE_MS = 60 * 60 * 1000;

const SEEDS = Number(process.env['SEEDS'] ?? 3);

const LABELS = {
  plain: ['self-hosted', 'ecs'],
  gpu: ['self-hosted', 'ecs', 'gpu'],
  big: ['self-hosted', 'ecs', 'gpu', 'big'],
};

test.each([
  ['every word of it arrives', {}, undefined],
  ['nobody says a word', { loseInProgress: 1 }, 'request' as const],
])('a job of a repository that we do not see takes the runner, and works for hours; %s', async (_, faults, lost) => {
  const stage = await createStage({ lose: (path) => (path.endsWith('/started') ? lost : undefined) });
  stage.github.control.setFaults(faults);
  stage.addJobs({ repo: 'foreign', outside: true, durationSeconds: 3 * 3600 });
  const [job = 0] = stage.addJobs({});
  expect(await stage.until(() => stage.github.books.jobs.get(job)?.startedAt !== undefined, 5)).toBe(true);
  expect(stage.ecs.tasks()).toHaveLength(2);
  expect(await stage.until(stage.allCompleted, 240)).toBe(true);
  await stage.minutes(10);
  expect(stage.leftovers()).toEqual(CLEAN);
});

const worlds: [string, Partial<Faults>, number][] = [
  ['no word of a start arrives', { loseInProgress: 1 }, 1],
  ['words arrive late, and answers are old', { reorderWebhooks: 0.5, staleJobs: 0.3 }, 0.5],
  ['GitHub removes idle runners, and says so late', { idleJitRemoved: 1, listLagSeconds: 60, loseInProgress: 1 }, 1],
  ['assignments get lost', { ghostRunners: 0.2, loseInProgress: 0.5, busyShownIdle: 1 }, 0.5],
];

test.each(worlds)(
  'runners change jobs, and strangers take some; %s',
  async (_, faults, lost) => {
    const late: string[] = [];
    for (let seed = 1; seed <= SEEDS; seed += 1) late.push(...(await playedThrough(seed, faults, lost)));
    expect(late).toEqual([]);
  },
  PATIENCE_MS,
);

async function playedThrough(seed: number, faults: Partial<Faults>, lost: number): Promise<string[]> {
  const chance = seededChance(seed * 7919);
  const pools = Object.entries(LABELS).map(([name, labels]) =>
    aPool({ name, labels, max: 60, taskDefinition: `sim-${name}:1` }),
  );
  const stage = await createStage({
    seed,
    pools,
    lose: (path) => (path.endsWith('/started') && chance.happens(lost) ? 'request' : undefined),
  });
  stage.github.control.setFaults(faults);
  for (let push = 0; push < 30; push += 1)
    stage.clock.after(chance.between(0, 1800) * 1000, () => addSome(stage, chance));
  const late = watch(stage);
  await stage.minutes(31);
  const jobs = [...stage.github.books.jobs.values()].filter(({ run }) => !run.repository.outside);
  const isDone = () => jobs.every(({ state }) => state === 'completed');
  return (await stage.until(isDone, 240)) ? late() : [`seed ${seed}: jobs are left`];
}

function addSome(stage: Stage, chance: ReturnType<typeof seededChance>): void {
  const labels = Object.values(LABELS)[chance.between(0, 2)];
  stage.addJobs({ repo: `app-${chance.between(0, 3)}`, labels, count: chance.between(1, 3), durationSeconds: 300 });
  if (chance.happens(0.2)) stage.addJobs({ repo: 'foreign', outside: true, durationSeconds: chance.between(60, 3600) });
}

/** Gives the jobs that nobody came for, nor was launched for, for too long. */
function watch(stage: Stage): () => string[] {
  const late = new Set<string>();
  const aloneSince = new Map<number, number>();
  stage.clock.after(EVERY_MS, function sample() {
    stage.clock.after(EVERY_MS, sample);
    const now = stage.clock.now();
    const alone = withoutRunner(stage);
    for (const job of [...aloneSince.keys()]) if (!alone.has(job)) aloneSince.delete(job);
    for (const job of alone) {
      const from = Math.max(aloneSince.get(job) ?? now, lastLaunch(stage, job));
      aloneSince.set(job, from);
      if (now - from > LAUNCHED_AGAIN_WITHIN_SECONDS * 1000) late.add(`job ${job}`);
    }
  });
  return () => [...late];
}

const EVERY_MS = 10_000;

function lastLaunch(stage: Stage, job: number): number {
  const launches = stage.ecs.books().tasks.filter(({ startedBy }) => startedBy?.includes(`-${job}-`));
  return Math.max(0, ...launches.map(({ createdAt }) => createdAt));
}
