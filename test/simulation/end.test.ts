/** What is judged at the end, on a world that has been left in the middle, or has ended badly. */
import { expect, test } from '@jest/globals';
import { endedWorld } from '../../lib/cli/simulate/finish.ts';
import type { Delivery } from '../../lib/sim/github-service/webhooks.ts';
import { askedTooOften, type EndedWorld, jobsLost, leftBehind, tooManyCalls } from '../../lib/sim/judge/end.ts';
import { createJudge } from '../../lib/sim/judge/judge.ts';
import { createPatience } from '../../lib/sim/judge/patience.ts';
import { createStage, type Stage } from '../support/stage.ts';

function worldOf(stage: Stage): EndedWorld {
  const { clock, github, ecs } = stage;
  const judge = createJudge({ now: clock.now, github: () => github.books, maxOf: () => 50, mayHave: () => true });
  const { records } = endedWorld(stage, judge);
  return { now: clock.now(), github, ecs, judge, isOurs: () => true, warm: 0, jobHours: 0, records };
}

const details = (breaches: readonly { detail: string }[]) => breaches.map(({ detail }) => detail);

test('a job that waits is lost, and so is one that ended otherwise than it should; a cancelled one is not', async () => {
  const stage = await createStage({ janitor: false });
  const [waiting = 0, cancelled = 0, failed = 0] = stage.addJobs({ count: 3, labels: ['nobody'] });
  stage.github.control.cancel(cancelled);
  Object.assign(stage.github.books.jobs.get(failed) ?? {}, { state: 'completed', conclusion: 'failure' });
  expect(details(jobsLost(worldOf(stage)))).toEqual([
    `job ${waiting} is queued`,
    `job ${failed} ended with failure instead of success on no runner`,
  ]);
});

test('a task and a registration are left behind while a job runs, and nothing is when all is done', async () => {
  const stage = await createStage();
  const [job] = stage.addJobs({ durationSeconds: 120 });
  await stage.until(() => stage.github.control.runners().some(({ busy }) => busy), 5);
  const [runner] = stage.github.control.runners();
  const task = stage.livingTasks()[0]?.['startedBy'];
  expect(details(leftBehind(worldOf(stage)))).toEqual([
    `task of ${task}`,
    `registration ${runner?.name}`,
    `job ${job} in the backlog`,
    `record of job ${job}, as if it had not ended`,
  ]);
  await stage.minutes(15);
  expect(leftBehind(worldOf(stage))).toEqual([]);
  expect(jobsLost(worldOf(stage))).toEqual([]);
});

test.each([
  ['/orgs/{org}/actions/runners', 8, 'jobs', 2],
  ['/repos/{owner}/{repo}/actions/runs/{run_id}/jobs', 13, 'sweep', 1],
  ['/repos/{owner}/{repo}/actions/runs/{run_id}/jobs', 26, 'sweep', 2],
])('more calls of %s than %i are too many for one job in a minute', async (path, most, kind, sweepsEach) => {
  const stage = await createStage({ janitor: false });
  stage.addJobs({ labels: ['nobody'] });
  const world = worldOf(stage);
  const after = (calls: number) => ({ ...world, github: { ...world.github, charges: new Map([[path, calls]]) } });
  expect(tooManyCalls(after(most), 1, sweepsEach)).toEqual([]);
  const detail = `${most + 1} calls for the ${kind}: 1 jobs and 0 tasks in 1 minutes`;
  expect(details(tooManyCalls(after(most + 1), 1, sweepsEach))).toEqual([detail]);
});

test('an event may be asked for again three times, and a fourth one is too often; unless somebody has asked for it by hand', async () => {
  const stage = await createStage({ janitor: false });
  stage.addJobs({ labels: ['nobody'] });
  await stage.minutes(10);
  const { webhooks } = stage.github;
  const [delivery] = webhooks.deliveries as [Delivery];
  const ask = () => stage.world.github.redeliver(delivery.id);
  await Promise.all([ask(), ask(), ask()]);
  expect(askedTooOften(worldOf(stage))).toEqual([]);
  await ask();
  expect(details(askedTooOften(worldOf(stage)))).toEqual([`event ${delivery.guid} was asked for again 4 times`]);
  webhooks.redeliverByHand(delivery);
  await ask();
  expect(askedTooOften(worldOf(stage))).toEqual([]);
});

test('a container that does not end after its job may stay, with what is its own, as long as the longest job takes, and an hour', async () => {
  const stage = await createStage({ janitor: false, sticks: () => 'at its end' });
  stage.github.control.setFaults({ stuckBusy: 1 });
  const [id = 0] = stage.addJobs({});
  await stage.until(() => stage.github.books.jobs.get(id)?.state === 'completed', 5);
  const job = stage.github.books.jobs.get(id);
  const world = worldOf(stage);
  const judge = { ...world.judge, lastJobIn: () => job };
  const after = (hours: number) => ({ ...world, judge, jobHours: 6, now: (job?.completedAt ?? 0) + hours * 3_600_000 });
  const its = [expect.stringMatching(/^task of /), expect.stringMatching(/^registration /)];
  expect(details(leftBehind(after(6.9)))).not.toEqual(expect.arrayContaining(its.slice(0, 1)));
  expect(details(leftBehind(after(6.9)))).not.toEqual(expect.arrayContaining(its.slice(1)));
  expect(details(leftBehind(after(7.1)))).toEqual(expect.arrayContaining(its));
});

test('a record of a runner without a task is left behind', async () => {
  const stage = await createStage({ janitor: false });
  const world = worldOf(stage);
  const runners = ['sim-default-0-77-1'];
  expect(details(leftBehind({ ...world, records: { ...world.records, runners } }))).toEqual([
    'record of runner sim-default-0-77-1',
  ]);
});

test('a job waits in vain only for places that do not work', async () => {
  const stage = await createStage({ janitor: false });
  const [id = 0] = stage.addJobs({ labels: ['nobody'] });
  let working = 4;
  const patience = createPatience({
    jobs: () => [...stage.github.books.jobs.values()],
    familyOf: () => 'sim-default',
    maxOf: () => 4,
    workingIn: () => working,
  });
  const minutes = () => Object.fromEntries(patience.look().map((one) => [one.job.id, one.minutes]));
  expect(minutes()).toEqual({ [id]: 0 });
  working = 3;
  expect(minutes()).toEqual({ [id]: 0.25 });
  working = 0;
  expect(minutes()).toEqual({ [id]: 1.25 });
  expect(patience.longest()).toBe(1.25);
});
