/** Deployment after deployment, drawn from the seed, while jobs come, events are lost and functions die. */
import { expect, test } from '@jest/globals';
import type { Pool } from '../../lib/core/pool.ts';
import type { Chance } from '../../lib/sim/chance.ts';
import { aPool } from '../support/pools.ts';
import type { Stage } from '../support/stage.ts';
import { CLEAN, createStage } from '../support/stage.ts';

const SEEDS = Array.from({ length: 16 }, (_, index) => index + 1);
const STEPS = 12;
const ASKED = ['ecs', 'other', 'big'];
const NAMES = ['default', 'other', 'third'];
/** Each loss may cost a launch; nothing else does. */
const SURPLUS_MAX = 12;

test.each(SEEDS)('seed %i: every job that was recorded runs, no runner is killed, nothing is left', async (seed) => {
  const revisions = new Map(NAMES.map((name) => [name, 1]));
  const stage = await createStage({ seed, pools: NAMES.map((name) => pool(revisions, name, ASKED)) });
  for (let step = 0; step < STEPS; step++) {
    drawJobs(stage);
    setFaults(stage, stage.chance);
    await stage.clock.runUntil(stage.clock.now() + stage.chance.between(5_000, 90_000));
    if (stage.chance.happens(0.3)) stage.killFunctions();
    if (stage.chance.happens(0.5)) deploy(stage, drawPools(stage, revisions));
  }
  deploy(stage, [pool(next(revisions, 'default'), 'default', ASKED)]);
  setFaults(stage, undefined);
  const isDone = () => stage.history.all().every(({ state }) => state === 'completed');
  expect(await stage.until(isDone, 180)).toBe(true);
  await stage.minutes(100);
  const recorded = new Set(stage.history.all().map(({ job }) => job));
  const jobs = stage.github.control.jobs().filter(({ id }) => recorded.has(id));
  expect(jobs.filter(({ conclusion }) => conclusion !== 'success')).toEqual([]);
  const { tasks } = stage.ecs.books();
  expect(tasks.filter(({ exitCode }) => exitCode !== 0)).toEqual([]);
  expect(tasks.length - jobs.length).toBeLessThanOrEqual(SURPLUS_MAX);
  expect(stage.leftovers()).toEqual(CLEAN);
});

function pool(revisions: ReadonlyMap<string, number>, name: string, labels: readonly string[], max = 10): Pool {
  return aPool({ name, labels: ['self-hosted', ...labels], max, taskDefinition: `sim-${name}:${revisions.get(name)}` });
}

function next(revisions: Map<string, number>, name: string): Map<string, number> {
  return revisions.set(name, (revisions.get(name) ?? 0) + 1);
}

function drawJobs({ chance, addJobs }: Stage): void {
  const count = chance.between(0, 8);
  const label = chance.pick(ASKED);
  if (count > 0) addJobs({ count, durationSeconds: chance.between(5, 300), labels: [label] });
}

/** Some of the pools, with some of the labels; a pool that comes back has a new task definition, and others may. */
function drawPools({ chance, config }: Stage, revisions: Map<string, number>): Pool[] {
  const current = new Set(config.pools.pools.map(({ name }) => name));
  return NAMES.filter(() => chance.happens(0.75)).map((name) => {
    if (!current.has(name) || chance.happens(0.5)) next(revisions, name);
    const labels = ASKED.filter(() => chance.happens(0.6));
    return pool(revisions, name, labels, chance.between(1, 10));
  });
}

/** What deploys is not what the faults are about. */
function deploy(stage: Stage, pools: readonly Pool[]): void {
  const faults = stage.ecs.faults();
  setFaults(stage, undefined);
  stage.configure(pools);
  stage.ecs.setFaults({ ...faults });
}

function setFaults({ ecs, github }: Stage, chance: Chance | undefined): void {
  const share = (often: number, value: number) => (chance?.happens(often) ? value : 0);
  github.control.setFaults({
    reorderWebhooks: share(0.3, 0.5),
    duplicateWebhooks: share(0.3, 0.3),
    restFailBefore: share(0.2, 0.2),
    restFailAfter: share(0.2, 0.2),
  });
  ecs.setFaults({ failAfter: share(0.3, 0.2), loseEvents: share(0.3, 0.3), throttleRunTask: share(0.2, 0.2) });
}
