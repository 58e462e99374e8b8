import { describe, expect, test } from '@jest/globals';
import {
  actions,
  aGitHub,
  anOwnedGitHub,
  call,
  connect,
  type GitHubUnderTest,
  MINUTE,
  queue,
  register,
  SECOND,
  takeJob,
} from '../support/github-service.ts';

function jobOf(github: GitHubUnderTest, id: number) {
  const found = github.service.control.jobs().find((job) => job.id === id);
  if (found === undefined) throw new Error(`no job ${id}`);
  return found;
}

function runnersPath(id: number): string {
  return `/orgs/octo-org/actions/runners/${id}`;
}

test('a job runs from queued to completed, and its runner is gone soon after', async () => {
  const github = aGitHub();
  const [id = 0] = queue(github);
  expect(id).toBeGreaterThan(2 ** 31);
  const runner = await register(github);
  const { connection, job } = await takeJob(github, runner);
  expect(job).toMatchObject({ id, repository: 'octo-org/app', runAttempt: 1, job: 'build', durationSeconds: 60 });
  expect(jobOf(github, id)).toMatchObject({ state: 'in_progress', runnerName: 'runner-1' });
  await connection.finish('success');
  expect(jobOf(github, id)).toMatchObject({ state: 'completed', conclusion: 'success' });
  expect((await call(github, 'DELETE', runnersPath(runner.id))).status).toBe(422);
  await github.pass(30 * SECOND);
  expect((await call(github, 'DELETE', runnersPath(runner.id))).status).toBe(404);
  expect(github.service.control.runners()).toEqual([]);
  expect(actions(github)).toEqual(['queued', 'in_progress', 'completed']);
});

const matching: [
  sentence: string,
  wanted: { job: Record<string, unknown>; runner: Parameters<typeof register>[1]; gets: boolean },
][] = [
  ['the same labels', { job: { labels: ['a', 'b'] }, runner: { labels: ['b', 'a'] }, gets: true }],
  ['more labels than asked for', { job: { labels: ['a'] }, runner: { labels: ['a', 'b'] }, gets: true }],
  ['fewer labels than asked for', { job: { labels: ['a', 'b'] }, runner: { labels: ['a'] }, gets: false }],
  ['another case', { job: { labels: ['GPU'] }, runner: { labels: ['gpu'] }, gets: true }],
  ['no labels asked for', { job: { labels: [] }, runner: { labels: ['a'] }, gets: true }],
  ['a runner of the repository', { job: { labels: ['a'] }, runner: { labels: ['a'], repo: 'app' }, gets: true }],
  ['a runner of another repository', { job: { labels: ['a'] }, runner: { labels: ['a'], repo: 'other' }, gets: false }],
  ['a group that admits it', { job: { labels: ['a'] }, runner: { labels: ['a'], group: 2 }, gets: true }],
  [
    'a group that does not admit it',
    { job: { labels: ['a'], repo: 'other' }, runner: { labels: ['a'], group: 2 }, gets: false },
  ],
  ['the group asked for', { job: { labels: [], group: 'Chosen' }, runner: { labels: ['a'], group: 2 }, gets: true }],
  ['another group', { job: { labels: [], group: 'Chosen' }, runner: { labels: ['a'], group: 1 }, gets: false }],
];

test.each(matching)('matching: %s', async (_sentence, { job, runner, gets }) => {
  const github = aGitHub();
  github.service.control.putInstallation({
    owner: 'octo-org',
    kind: 'Organization',
    repositories: ['app', 'other'],
    groups: [{ name: 'Chosen', visibility: 'selected', repositories: ['app'] }],
  });
  const connection = await connect(github, await register(github, runner));
  const [id] = queue(github, job);
  const answer = await Promise.race([connection.next(), github.pass(SECOND)]);
  expect(answer).toEqual(gets ? { kind: 'job', job: id } : undefined);
});

test('the oldest job goes first, whatever it asks for', async () => {
  const github = aGitHub();
  const [first] = queue(github, { labels: ['a'] });
  queue(github, { labels: ['b'], repo: 'other' });
  queue(github, { labels: ['a', 'b'] });
  const connection = await connect(github, await register(github, { labels: ['a', 'b'] }));
  expect(await connection.next()).toEqual({ kind: 'job', job: first });
});

test('any of the idle runners may win, by chance', async () => {
  const winners = new Set<string>();
  for (let seed = 1; seed <= 20; seed += 1) {
    const github = aGitHub({ seed });
    github.service.control.putInstallation({ owner: 'octo-org', kind: 'Organization' });
    for (const name of ['one', 'two', 'three']) {
      const connection = await connect(github, await register(github, { name }));
      void connection.next().then(() => winners.add(name));
    }
    queue(github);
    await github.pass(SECOND);
  }
  expect([...winners].sort()).toEqual(['one', 'three', 'two']);
});

test('a runner that was never idle is removed: those that are, with the same labels, go on getting jobs', async () => {
  const github = anOwnedGitHub();
  const never = await register(github, { name: 'never-connected' });
  const connection = await connect(github, await register(github, { name: 'idle' }));
  const message = connection.next();
  expect((await call(github, 'DELETE', runnersPath(never.id))).status).toBe(204);
  const [job] = queue(github);
  await github.pass(SECOND);
  expect(await message).toMatchObject({ kind: 'job', job });
});

test('a job that is not picked up within a minute goes to another runner', async () => {
  const github = aGitHub();
  const [id = 0] = queue(github);
  const dead = await connect(github, await register(github));
  dead.vanish();
  await github.pass(61 * SECOND);
  const { job } = await takeJob(github, await register(github, { name: 'runner-2' }));
  expect(job?.id).toBe(id);
  expect(github.service.control.runners().find(({ name }) => name === 'runner-1')?.online).toBe(false);
});

test('a job that three runners were sent and none acquired fails', async () => {
  const github = aGitHub();
  const [id = 0] = queue(github);
  for (const name of ['one', 'two', 'three']) {
    (await connect(github, await register(github, { name }))).vanish();
    await github.pass(61 * SECOND);
  }
  expect(jobOf(github, id)).toMatchObject({ state: 'completed', conclusion: 'failure', runnerName: null });
});

test('a killed runner leaves its job in progress for ten minutes, then it fails; no DELETE meanwhile', async () => {
  const github = aGitHub();
  const [id = 0] = queue(github);
  const runner = await register(github);
  const { connection } = await takeJob(github, runner);
  connection.vanish();
  await github.pass(9 * MINUTE);
  expect(jobOf(github, id).state).toBe('in_progress');
  expect((await call(github, 'DELETE', runnersPath(runner.id))).status).toBe(422);
  await github.pass(MINUTE);
  expect(jobOf(github, id)).toMatchObject({ state: 'completed', conclusion: 'failure' });
});

describe('cancelling', () => {
  test('a queued job: completed, and by default runner id 0', async () => {
    const github = aGitHub();
    const [id = 0] = queue(github);
    expect(github.service.control.cancel(id)).toBe(true);
    await github.pass(0);
    const last = JSON.parse(github.sent.at(-1)?.body ?? '{}');
    expect(last.workflow_job).toMatchObject({ conclusion: 'cancelled', runner_id: 0, runner_name: '', steps: [] });
    expect(github.service.control.cancel(id)).toBe(false);
    expect(github.service.control.cancel(1)).toBeUndefined();
  });

  test('a queued job with the switch: runner id null', async () => {
    const github = aGitHub({ faults: { cancelledRunnerNull: true } });
    github.service.control.cancel(queue(github)[0] ?? 0);
    await github.pass(0);
    expect(JSON.parse(github.sent.at(-1)?.body ?? '{}').workflow_job).toMatchObject({ runner_id: null });
  });

  test('a job that was sent to a runner: the runner goes on listening', async () => {
    const github = aGitHub();
    const [first = 0, second = 0] = queue(github, { count: 2 });
    const connection = await connect(github, await register(github));
    await connection.next();
    github.service.control.cancel(first);
    expect(await connection.acquire(first)).toBeUndefined();
    expect(await connection.next()).toEqual({ kind: 'job', job: second });
  });

  test('a running job: the runner is told, and after five minutes it ends anyway', async () => {
    const github = aGitHub();
    const [id = 0] = queue(github);
    const { connection } = await takeJob(github, await register(github));
    github.service.control.cancel(id);
    expect(await connection.next()).toEqual({ kind: 'cancel', job: id });
    expect(jobOf(github, id).state).toBe('in_progress');
    await github.pass(5 * MINUTE);
    expect(jobOf(github, id)).toMatchObject({ state: 'completed', conclusion: 'cancelled' });
  });
});

test('nobody takes it for a day: cancelled', async () => {
  const github = aGitHub();
  const [id = 0] = queue(github);
  await github.pass(24 * 60 * MINUTE);
  expect(jobOf(github, id)).toMatchObject({ state: 'completed', conclusion: 'cancelled' });
});

test('a held job is waiting, then queued', async () => {
  const github = aGitHub();
  const [id = 0] = queue(github, { held: true });
  expect((await call(github, 'GET', `/repos/octo-org/app/actions/jobs/${id}`)).body).toMatchObject({
    status: 'waiting',
  });
  github.service.control.release(id);
  await github.pass(0);
  expect(actions(github)).toEqual(['waiting', 'queued']);
});

test('a re-run is the next attempt of the same run under a new id', async () => {
  const github = aGitHub();
  const [id = 0] = queue(github);
  expect(github.service.control.rerun(id)).toBe(false);
  github.service.control.cancel(id);
  const again = Number(github.service.control.rerun(id));
  expect(again).toBeGreaterThan(id);
  const { body } = await call(github, 'GET', `/repos/octo-org/app/actions/jobs/${again}`);
  expect(body).toMatchObject({ run_attempt: 2, run_id: github.service.books.jobs.get(id)?.run.id });
});

test('thousands of jobs and runners pair off quickly', async () => {
  const github = aGitHub({ faults: { pointsPerMinuteMax: 1e9, callsPerHourMax: 1e9 } });
  const ids = queue(github, { count: 1000 });
  for (let number = 0; number < 1000; number += 1) {
    const { connection } = await takeJob(github, await register(github, { name: `runner-${number}` }));
    await connection.finish('success');
  }
  expect(github.service.control.jobs().filter(({ state }) => state === 'completed')).toHaveLength(ids.length);
});
