/** GitHub's limits, in virtual time: judged by the calls that reach the simulated GitHub, and by its books. */
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { LAUNCHES_PER_LOOK_MAX, RESERVE_SHARES } from '../../lib/core/limits.ts';
import { type GitHubCalls, pointsInMinuteMost, recordCalls, refused, type SeenCall } from '../support/github-calls.ts';
import { aPool } from '../support/pools.ts';
import type { Stage, StageOptions } from '../support/stage.ts';
import { CLEAN, createStage } from '../support/stage.ts';

jest.setTimeout(300_000);

const SWEEPS = /\/actions\/runs(\/|$)|^\/installation\/repositories/;
const REGISTRATIONS = /\/generate-jitconfig$/;

const figures: string[] = [];
afterAll(() => {
  process.stdout.write(`${figures.join('\n')}\n`);
});

async function aStage(options: StageOptions = {}): Promise<{ stage: Stage; github: GitHubCalls }> {
  const github = recordCalls();
  const stage = await createStage({ ...options, rest: github.rest });
  github.use(stage.clock);
  return { stage, github };
}

function ofPath(calls: readonly SeenCall[], path: RegExp): SeenCall[] {
  return calls.filter((call) => path.test(call.path));
}

function waitsInSeconds({ github }: Stage): number[] {
  return [...github.books.jobs.values()]
    .map(({ queuedAt, startedAt }) => Math.round(((startedAt ?? Number.POSITIVE_INFINITY) - queuedAt) / 1000))
    .sort((one, other) => one - other);
}

async function expectAllDone(stage: Stage, minutes: number): Promise<void> {
  expect(await stage.until(stage.allCompleted, minutes)).toBe(true);
  await stage.minutes(15);
  expect(stage.leftovers()).toEqual(CLEAN);
}

test('1,000 jobs at once: all run, and no minute has more than GitHub allows', async () => {
  const { stage, github } = await aStage({ pools: [aPool({ max: 200 })] });
  stage.addJobs({ count: 1000, durationSeconds: 20 });
  await expectAllDone(stage, 60);
  const most = pointsInMinuteMost(github.calls);
  const [longest] = waitsInSeconds(stage).slice(-1);
  figures.push(`1,000 jobs at once: at most ${most} points in a minute, the last job started after ${longest} s`);
  expect(refused(github.calls)).toEqual([]);
  expect(most).toBeLessThanOrEqual(900);
  // And it is made use of.
  expect(most).toBeGreaterThan(600);
  expect(stage.ecs.tasks().length).toBeLessThanOrEqual(1001);
});

test('several pools of one owner share its limit', async () => {
  const pools = ['one', 'two', 'three'].map((name) =>
    aPool({ name, labels: ['self-hosted', name], max: 60, taskDefinition: `sim-${name}:1` }),
  );
  const { stage, github } = await aStage({ pools });
  for (const { name } of pools) stage.addJobs({ count: 100, labels: [name], durationSeconds: 20 });
  await expectAllDone(stage, 60);
  figures.push(`300 jobs of three pools: at most ${pointsInMinuteMost(github.calls)} points in a minute`);
  expect(refused(github.calls)).toEqual([]);
  expect(pointsInMinuteMost(github.calls)).toBeLessThanOrEqual(900);
});

test('a limit of 1,000 calls and 500 repositories to sweep: nobody who launches is refused, the reserve is theirs', async () => {
  const { stage, github } = await aStage();
  const repositories = Array.from({ length: 500 }, (_, index) => `repository-${index}`);
  stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', repositories });
  stage.github.control.setFaults({ callsPerHourMax: 1000 });
  for (let minute = 0; minute < 59; minute++) {
    for (let job = 0; job < 4; job++) stage.addJobs({ repo: stage.chance.pick(repositories), durationSeconds: 60 });
    await stage.minutes(1);
  }
  const registered = ofPath(github.calls, REGISTRATIONS);
  const swept = ofPath(github.calls, SWEEPS).filter(({ status }) => status !== 304);
  figures.push(`1,000 calls an hour: ${swept.length} for the sweep, ${registered.length} registrations, none refused`);
  expect(refused(github.calls)).toEqual([]);
  expect(registered.length).toBeGreaterThan(220);
  expect(swept.length).toBeGreaterThan(100);
  expect(swept.length).toBeLessThanOrEqual(1000 * RESERVE_SHARES.sweep);
  await expectAllDone(stage, 15);
});

describe('the primary limit is used up, and its reset is 50 minutes away', () => {
  test('hardly a call until then, no task is started in vain, and all runs afterwards', async () => {
    const { stage, github } = await aStage();
    stage.addJobs({ count: 3, durationSeconds: 30 });
    await stage.minutes(10);
    stage.github.control.setFaults({ callsPerHourMax: 1 });
    const tasksBefore = stage.ecs.tasks().length;
    stage.addJobs({ count: 40, durationSeconds: 30 });
    await stage.minutes(2);
    const [firstRefusal] = refused(github.calls);
    const untilReset = github.calls.filter(({ at, owner }) => owner !== undefined && at > (firstRefusal?.at ?? 0));
    await stage.minutes(44);
    const before = untilReset.length;
    const after = github.calls.filter(({ at, owner }) => owner !== undefined && at > (firstRefusal?.at ?? 0)).length;
    figures.push(`primary limit used up: ${after} calls between the first refusal and the reset`);
    expect(firstRefusal).toBeDefined();
    expect(after).toBeLessThanOrEqual(3);
    expect(before).toBeLessThanOrEqual(3);
    const waiting = stage.backlog.all().filter(({ state }) => state === 'queued');
    expect(waiting.length).toBe(40);
    expect(new Set(waiting.map(({ reason }) => /limit/.test(reason)))).toEqual(new Set([true]));
    const idled = stage.livingTasks().length;
    stage.github.control.setFaults({ callsPerHourMax: 5000 });
    await expectAllDone(stage, 15);
    // Those that were up when it happened have ended, and were started again: none idled for an hour.
    expect(idled).toBe(0);
    expect(stage.ecs.tasks().length - tasksBefore).toBeLessThanOrEqual(40 + LAUNCHES_PER_LOOK_MAX);
  });
});

describe.each([true, false])('the secondary limit, with `retry-after`: %s', (saysWhen) => {
  test('who is refused holds all others; afterwards all run', async () => {
    let isLimited = false;
    const github = recordCalls((path) => (isLimited && REGISTRATIONS.test(path) ? limited(saysWhen) : undefined));
    const stage = await createStage({ rest: github.rest });
    github.use(stage.clock);
    stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', repositories: ['app'] });
    await stage.minutes(5);
    isLimited = true;
    stage.addJobs({ count: 40, durationSeconds: 60 });
    await stage.until(() => refused(github.calls).length > 0, 5);
    const refusedAt = stage.clock.now();
    await stage.minutes(10);
    const own = github.calls.filter(({ at, owner }) => owner !== undefined && at > refusedAt + 1000);
    figures.push(`refused for ten minutes, retry-after ${saysWhen}: ${own.length} calls`);
    // Those under way at once, and then one after each time; the sweep waits longer.
    expect(own.filter(({ at }) => at < refusedAt + 59_000)).toEqual([]);
    expect(own.length).toBeLessThanOrEqual(200);
    isLimited = false;
    await expectAllDone(stage, 30);
  });
});

function limited(saysWhen: boolean) {
  return {
    status: 403,
    headers: saysWhen ? { 'retry-after': '60' } : ({} as Record<string, string>),
    body: { message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.' },
  };
}

test('one owner is limited for an hour: the other’s jobs start as ever', async () => {
  let isLimited = false;
  const github = recordCalls((path) => (isLimited && path.startsWith('/orgs/octo-org/') ? limited(true) : undefined));
  const stage = await createStage({ rest: github.rest, pools: [aPool({ max: 60 })] });
  github.use(stage.clock);
  stage.addJobs({ owner: 'octo-org', durationSeconds: 60 });
  await stage.minutes(5);
  isLimited = true;
  stage.addJobs({ owner: 'octo-org', count: 200, durationSeconds: 60 });
  await stage.minutes(20);
  const others = stage.addJobs({ owner: 'other-org', count: 20, durationSeconds: 60 });
  await stage.minutes(40);
  const waits = others.map((id) => {
    const job = stage.github.books.jobs.get(id);
    return ((job?.startedAt ?? Number.POSITIVE_INFINITY) - (job?.queuedAt ?? 0)) / 1000;
  });
  figures.push(`beside an owner that is limited for an hour: others wait ${Math.max(...waits).toFixed(0)} s at most`);
  expect(Math.max(...waits)).toBeLessThan(60);
  const own = github.calls.filter(({ owner, status }) => owner === 'octo-org' && status === 403);
  expect(own.length).toBeLessThanOrEqual(60);
  isLimited = false;
  await expectAllDone(stage, 60);
});
