/** A dry run of the janitor: it decides what a run would decide, and changes nothing anywhere. */
import { expect, test } from '@jest/globals';
import { metricsOf } from '../../lib/core/metrics.ts';
import { dryWorld } from '../../lib/flows/dry-run.ts';
import { janitorHandler } from '../../lib/handlers/janitor.ts';
import type { LogLine, World } from '../../lib/world.ts';
import { createStage, type Stage } from '../support/stage.ts';

/** Whoever adds a method to a port says here that it only reads, or replaces it in a dry run. */
const READS: Readonly<Record<string, readonly string[]>> = {
  identity: ['signer'],
  github: [
    'findRunner',
    'listRunners',
    'runnerDeprecation',
    'admittingGroups',
    'job',
    'run',
    'installations',
    'repositories',
    'activeRuns',
    'runJobs',
    'failedDeliveries',
    'rateLimits',
  ],
  cluster: ['describeTasks', 'findTask', 'listTasks'],
  history: ['get', 'getMany'],
  backlog: ['get', 'getMany', 'list'],
  runners: ['get', 'getMany', 'list'],
};

/** The simulated tables have one more, for tests alone. */
const methodsOf = (port: object) =>
  Object.entries(port).filter(([name, method]) => typeof method === 'function' && name !== 'all');

test('every method that a dry run has in common with a run only reads', async () => {
  const { world } = await createStage({ janitor: false });
  const dry = dryWorld(world, () => undefined);
  for (const port of ['github', 'cluster', 'identity', 'history', 'backlog', 'runners'] as const) {
    const methods = new Map(methodsOf(dry[port]));
    const same = methodsOf(world[port]).filter(([name, method]) => methods.get(name) === method);
    const names = same.map(([name]) => name).sort();
    expect({ port, names }).toEqual({ port, names: READS[port]?.toSorted() });
  }
  expect(dry.queue.send).not.toBe(world.queue.send);
});

/** A runner without a registration, a registration without a runner, a job of which nobody told. */
async function muddle(): Promise<Stage> {
  const stage = await createStage({ janitor: false, lose: (path) => (path.endsWith('/idle') ? 'request' : undefined) });
  stage.github.control.setFaults({ ghostRunners: 1 });
  stage.addJobs({});
  await stage.until(() => stage.seats()[0]?.state === 'registered' && stage.github.books.runners.size === 0, 5);
  stage.github.control.setFaults({ ghostRunners: 0, loseWebhooks: 1 });
  const made = stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization' });
  const scope = { installation: Number('installation' in made && made.installation), owner: 'octo-org' };
  void stage.world.github.registerRunner(scope, { name: 'sim-default-49-1-1-1', labels: ['ecs'], group: 'Default' });
  stage.addJobs({ repo: 'silent', labels: ['ecs', 'x64'] });
  await stage.minutes(20);
  return stage;
}

const booksOf = ({ github, ecs, history, backlog, runners, queue }: Stage) =>
  JSON.stringify([
    github.control.runners(),
    github.control.jobs(),
    ecs.tasks(),
    history.all(),
    backlog.all(),
    runners.all(),
    queue.counts(),
  ]);

const run = (stage: Stage, event: unknown) => {
  const lines: LogLine[] = [];
  const world: World = { ...stage.world, log: (line) => lines.push(line) };
  const answer = janitorHandler(world, async () => stage.config)(event);
  return { lines, answer };
};

const REPAIRS = ['ghost removed', 'lost event found', 'runner doubted', 'runner retired', 'task stopped'];
const decided = (lines: readonly LogLine[]) =>
  lines
    .filter(({ decision }) => REPAIRS.includes(decision))
    .map(({ decision, reason, runner, repository }) => JSON.stringify({ decision, reason, runner, repository }))
    .sort();

test('it decides what the run after it does, and until then nothing has changed', async () => {
  const stage = await muddle();
  const seen = new Set<string>();
  for (const pauseMinutes of [3, 6, 370, 1]) {
    const before = booksOf(stage);
    const dry = run(stage, { dryRun: true });
    await stage.minutes(0.2);
    expect(booksOf(stage)).toBe(before);
    const wet = run(stage, { 'detail-type': 'Scheduled Event' });
    await stage.minutes(0.2);
    expect(decided(dry.lines)).toEqual(decided(wet.lines));
    expect(booksOf(stage)).not.toBe(before);
    for (const { decision } of dry.lines) seen.add(decision);
    await stage.minutes(pauseMinutes);
  }
  expect(REPAIRS.filter((one) => !seen.has(one))).toEqual([]);
});

test('all of its lines are marked, counted by no metric, and answered', async () => {
  const stage = await muddle();
  const { lines, answer } = run(stage, { dryRun: true });
  await stage.minutes(1);
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.filter(({ dryRun }) => dryRun !== true)).toEqual([]);
  expect(lines.flatMap((line) => metricsOf(line))).toEqual([]);
  expect(await answer).toEqual({ dryRun: true, decisions: lines, notShown: 0 });
});
