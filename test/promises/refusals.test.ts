/**
 * What GitHub refuses until somebody changes something: the jobs wait in sight, cost next to nothing, keep nobody else waiting, and
 * all run soon after it is mended. Counted from GitHub's and ECS's own books.
 */
import { expect, test } from '@jest/globals';
import type { Pool } from '../../lib/core/pool.ts';
import { seededChance } from '../../lib/sim/chance.ts';
import { aPool } from '../support/pools.ts';
import { CLEAN, createStage, type Stage } from '../support/stage.ts';

const ORGANISATION = { owner: 'octo-org', kind: 'Organization' };
const JOBS = 500;
const MAX = 50;
/** Every five minutes; with another token too, where a permission is missing. */
const CALLS_IN_AN_HOUR = 26;
/** Until GitHub is asked again, and a container has booted on an instance that has to boot first. */
const BEGINS_WITHIN_MINUTES = 9;
/** 500 jobs on 50 places. */
const MENDED_WITHIN_MINUTES = 30;

type Row = {
  sentence: string;
  refuse: Record<string, unknown>;
  mend: Record<string, unknown>;
  pool?: Partial<Pool>;
  says: RegExp;
};

const rows: Row[] = [
  {
    sentence: 'the installation is suspended',
    refuse: { suspended: true },
    mend: { suspended: false },
    says: /suspended/,
  },
  {
    sentence: 'the App lacks a permission until an owner accepts it',
    refuse: { permissions: { metadata: 'read', actions: 'read', organization_self_hosted_runners: 'read' } },
    mend: { permissions: { metadata: 'read', actions: 'read', organization_self_hosted_runners: 'write' } },
    says: /not accessible/,
  },
  {
    sentence: 'the organisation forbids runners of repositories',
    refuse: { repositoryRunners: false },
    mend: { repositoryRunners: true },
    pool: { register: 'repository' },
    says: /403/,
  },
  {
    sentence: 'the runner group does not exist',
    refuse: {},
    mend: { groups: [{ name: 'fast' }] },
    pool: { group: 'fast' },
    says: /no runner group/,
  },
];

test.each(rows)('$sentence: 500 jobs wait with that reason and cost next to nothing', async (row) => {
  const stage = await createStage({ pools: [aPool({ max: MAX, ...row.pool })] });
  stage.github.control.putInstallation(ORGANISATION);
  stage.addJobs({ count: JOBS, durationSeconds: 10 });
  await stage.until(() => stage.livingTasks().length > 0, 5);
  stage.github.control.putInstallation({ ...ORGANISATION, ...row.refuse });
  await stage.minutes(20);
  expect(tasks(stage)).toBeLessThanOrEqual(MAX);
  const told = stage.backlog.all().filter(({ reason }) => row.says.test(reason));
  expect(told).toHaveLength(stage.backlog.all().length);
  const before = { tasks: tasks(stage), tries: tries(stage) };
  await stage.minutes(60);
  expect(tasks(stage)).toBe(before.tasks);
  expect(tries(stage) - before.tries).toBeLessThanOrEqual(CALLS_IN_AN_HOUR);
  stage.github.control.putInstallation({ ...ORGANISATION, ...row.mend });
  const isOver = () => stage.lines.some(({ decision }) => decision === 'jobs held no more');
  expect(await stage.until(isOver, 7)).toBe(true);
  // What was registered to find out is gone at once.
  expect(stage.github.control.runners().filter(({ name }) => name.endsWith('-0'))).toEqual([]);
  const isMoving = () => [...stage.github.books.jobs.values()].some(({ startedAt }) => startedAt !== undefined);
  expect(await stage.until(isMoving, BEGINS_WITHIN_MINUTES)).toBe(true);
  expect(await stage.until(stage.allCompleted, MENDED_WITHIN_MINUTES)).toBe(true);
  await stage.minutes(10);
  expect(stage.leftovers()).toEqual(CLEAN);
});

const groups = [
  {
    sentence: 'does not admit the repository',
    isPublic: false,
    group: { visibility: 'selected', repositories: ['web'] },
    mended: { visibility: 'selected', repositories: ['web', 'app'] },
  },
  {
    sentence: 'admits no public repositories',
    isPublic: true,
    group: { visibility: 'all' },
    mended: { visibility: 'all', allowsPublicRepositories: true },
  },
];

test.each(groups)('the runner group $sentence: its jobs say so, and other repositories go on', async (row) => {
  const stage = await createStage({ pools: [aPool({ max: MAX, group: 'fast' })] });
  const put = (group: object) =>
    stage.github.control.putInstallation({
      ...ORGANISATION,
      groups: [{ name: 'Fast', ...group }],
      repositories: ['web'],
    });
  put(row.group);
  stage.addJobs({ count: 100, public: row.isPublic });
  await stage.minutes(20);
  expect(stage.backlog.all().map(({ reason }) => reason)).toEqual(
    Array(100).fill('the runner group "fast" does not admit the repository octo-org/app'),
  );
  expect(tasks(stage)).toBeLessThanOrEqual(2 * MAX);
  expect(stage.livingTasks()).toHaveLength(0);
  const before = tasks(stage);
  const [other = 0] = stage.addJobs({ repo: 'web' });
  expect(await stage.until(() => stage.github.books.jobs.get(other)?.state === 'completed', 6)).toBe(true);
  await stage.minutes(60);
  expect(tasks(stage)).toBe(before + 1);
  put(row.mended);
  expect(await stage.until(stage.allCompleted, BEGINS_WITHIN_MINUTES + 10)).toBe(true);
  await stage.minutes(10);
  expect(stage.leftovers()).toEqual(CLEAN);
});

test('the pool has another group since the runner was launched: its job gets one that may take it', async () => {
  const pool = aPool({ group: 'fast' });
  const stage = await createStage({ pools: [pool] });
  const groups = [{ name: 'fast', visibility: 'selected', repositories: ['web'] }];
  stage.github.control.putInstallation({ ...ORGANISATION, groups, repositories: ['web'] });
  stage.addJobs({});
  await stage.until(() => stage.seats().some(({ state }) => state === 'registered'), 5);
  stage.configure([{ ...pool, group: 'Default' }]);
  expect(await stage.until(stage.allCompleted, 10)).toBe(true);
});

test('the runner group admits certain workflows only: the job is tried now and then, its neighbours run', async () => {
  const stage = await createStage({ pools: [aPool({ group: 'fast' })] });
  const put = (onlyWorkflows: boolean) =>
    stage.github.control.putInstallation({ ...ORGANISATION, groups: [{ name: 'fast', onlyWorkflows }] });
  put(true);
  stage.addJobs({});
  await stage.minutes(90);
  expect(stage.backlog.all()[0]?.reason).toMatch(/certain workflows only|launch|comes for it/);
  expect(stage.lines.some(({ decision }) => decision === 'job put off')).toBe(true);
  expect(tasks(stage)).toBeLessThanOrEqual(8);
  put(false);
  expect(await stage.until(stage.allCompleted, 25)).toBe(true);
});

/** Jobs of an organisation that suspends the App as soon as the first of their containers boot. */
async function suspended(stage: Stage, count: number): Promise<void> {
  stage.github.control.putInstallation(ORGANISATION);
  stage.addJobs({ count });
  await stage.until(() => stage.livingTasks().length > 0, 5);
  stage.github.control.putInstallation({ ...ORGANISATION, suspended: true });
}

function tasks({ ecs }: Stage): number {
  return ecs.books().tasks.length;
}

/** All calls that register a runner, or that make the token for it. */
function tries({ github }: Stage): number {
  const routes = ['generate-jitconfig', 'access_tokens', 'runner-groups'];
  const counted = [...github.calls].filter(([route]) => routes.some((name) => route.endsWith(name)));
  return Math.max(0, ...counted.map(([, calls]) => calls));
}

test('a label that no pool has: each job is said once and costs nothing, and all run when a pool has it', async () => {
  const pool = aPool({ max: MAX });
  const stage = await createStage({ pools: [pool] });
  stage.addJobs({ count: 200, labels: ['self-hosted', 'arm64'], durationSeconds: 10 });
  await stage.minutes(60);
  const said = stage.lines.filter(({ reason }) => reason === 'no pool has the label "arm64"');
  expect(said.filter(({ repository }) => repository === 'octo-org/app')).toHaveLength(200);
  expect(tasks(stage)).toBe(0);
  expect(tries(stage)).toBeLessThanOrEqual(2);
  stage.configure([{ ...pool, labels: [...pool.labels, 'arm64'] }]);
  expect(await stage.until(stage.allCompleted, MENDED_WITHIN_MINUTES)).toBe(true);
});

test('a runner that is too old for GitHub: its pool tries one at a time, and all run when the image is newer', async () => {
  const stage = await createStage({ pools: [aPool({ max: MAX })] });
  stage.github.control.setFaults({ versionRefused: 1 });
  stage.addJobs({ count: 200, durationSeconds: 10 });
  await stage.minutes(30);
  const before = tasks(stage);
  expect(before).toBeLessThanOrEqual(MAX + 10);
  await stage.minutes(60);
  expect(tasks(stage) - before).toBeLessThanOrEqual(CALLS_IN_AN_HOUR);
  stage.github.control.setFaults({ versionRefused: 0 });
  expect(await stage.until(stage.allCompleted, MENDED_WITHIN_MINUTES)).toBe(true);
});

test('another owner’s jobs of the same pool do not wait behind 500 of a suspended one', async () => {
  const stage = await createStage({ pools: [aPool({ max: MAX })] });
  stage.github.control.putInstallation({ owner: 'other-org', kind: 'Organization' });
  await suspended(stage, JOBS);
  await stage.minutes(10);
  const [first = 0] = stage.addJobs({ owner: 'other-org' });
  expect(await stage.until(() => stage.github.books.jobs.get(first)?.startedAt !== undefined, 1)).toBe(true);
  // Its event is lost with whoever recorded it: any look finds it, behind all those that are held.
  stage.killFunctions();
  stage.addJobs({ owner: 'other-org', count: 3 });
  const isDone = () =>
    [...stage.github.books.jobs.values()].every(
      ({ run, state }) => run.repository.owner.login !== 'other-org' || state === 'completed',
    );
  expect(await stage.until(isDone, 5)).toBe(true);
});

test('a refusal outlasts functions that die anywhere, and messages that come again', async () => {
  const chance = seededChance(5);
  const stage = await createStage({
    pools: [aPool({ max: 5 })],
    duplicates: () => 0.3,
    storage: (when) => {
      if (chance.happens(0.01)) throw new Error(`the table died ${when} it was done`);
    },
  });
  await suspended(stage, 40);
  await stage.minutes(60);
  expect(tasks(stage)).toBeLessThanOrEqual(3 * 5);
  stage.github.control.putInstallation({ ...ORGANISATION, suspended: false });
  expect(await stage.until(stage.allCompleted, 60)).toBe(true);
});
