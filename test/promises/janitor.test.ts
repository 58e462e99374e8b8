/** What the janitor does about runners that are not what our records call them, by GitHub's and ECS's own books. */
import { expect, test } from '@jest/globals';
import { CLEAN, createStage, type Stage } from '../support/stage.ts';

const conclusions = ({ github }: Stage) => github.control.jobs().map(({ conclusion }) => conclusion);

test('a listener whose registration is gone: its job gets another runner, and its container ends', async () => {
  const stage = await createStage();
  stage.github.control.setFaults({ ghostRunners: 1 });
  stage.addJobs({});
  const isGhost = () =>
    stage.livingTasks().length === 1 &&
    stage.github.books.runners.size === 0 &&
    stage.seats()[0]?.state === 'registered';
  expect(await stage.until(isGhost, 5)).toBe(true);
  stage.github.control.setFaults({ ghostRunners: 0 });
  expect(await stage.until(stage.allCompleted, 12)).toBe(true);
  await stage.minutes(10);
  expect(stage.leftovers()).toEqual(CLEAN);
});

test('a container that has fallen silent ends when GitHub has let go of it', async () => {
  const stage = await createStage({ lose: (path) => (path.endsWith('/idle') ? 'request' : undefined) });
  stage.github.control.setFaults({ refuseSessions: 1 });
  const [job = 0] = stage.addJobs({});
  await stage.until(() => stage.seats().some(({ state }) => state === 'registered'), 5);
  stage.github.control.cancel(job);
  stage.github.control.setFaults({ refuseSessions: 0 });
  await stage.minutes(14);
  expect(stage.livingTasks()).toHaveLength(1);
  await stage.minutes(16);
  expect(stage.leftovers()).toEqual(CLEAN);
});

test('a listener without a registration that says nothing either: its job gets another runner, and its task is stopped', async () => {
  const stage = await createStage({ lose: (path) => (path.endsWith('/idle') ? 'request' : undefined) });
  stage.github.control.setFaults({ ghostRunners: 1 });
  stage.addJobs({});
  await stage.until(() => stage.seats()[0]?.state === 'registered' && stage.github.books.runners.size === 0, 5);
  stage.github.control.setFaults({ ghostRunners: 0 });
  expect(await stage.until(stage.allCompleted, 12)).toBe(true);
  await stage.minutes(6 * 60 + 10);
  expect(stage.leftovers()).toEqual(CLEAN);
});

test('nobody hears of a job, GitHub lists its runner as idle and lets it be removed: it is not stopped', async () => {
  const stage = await createStage({ lose: (path) => (/idle|started/.test(path) ? 'request' : undefined) });
  stage.github.control.setFaults({ loseInProgress: 1, busyRemoved: 1 });
  stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', repositories: ['app'] });
  const [own = 0] = stage.addJobs({});
  const [stranger = 0] = stage.addJobs({ repo: 'secret', outside: true, durationSeconds: 5 * 3600 });
  // The runner that was launched for our job takes that of others.
  stage.github.control.cancel(own);
  const [again = 0] = stage.addJobs({});
  expect(await stage.until(stage.allCompleted, 6 * 60)).toBe(true);
  expect([stranger, again].map((id) => stage.github.books.jobs.get(id)?.conclusion)).toEqual(['success', 'success']);
});

test('a runner works for hours: every word of it is lost, and GitHub lists it as idle; nobody stops it', async () => {
  const stage = await createStage({ lose: (path) => (/idle|started/.test(path) ? 'request' : undefined) });
  stage.github.control.setFaults({ loseWebhooks: 1, loseWebhooksOf: ['in_progress'], busyShownIdle: 1 });
  stage.addJobs({ count: 5, durationSeconds: 3 * 3600 });
  expect(await stage.until(stage.allCompleted, 240)).toBe(true);
  expect(conclusions(stage)).toEqual(Array(5).fill('success'));
});

test('all records are lost while runners work: none of them is stopped', async () => {
  const stage = await createStage();
  stage.addJobs({ count: 3, durationSeconds: 3600 });
  await stage.until(() => stage.seats().filter(({ state }) => state === 'busy').length === 3, 5);
  const removals = stage.runners.all().map((record) => stage.runners.remove(record));
  expect(await stage.until(stage.allCompleted, 90)).toBe(true);
  await Promise.all(removals);
  expect(conclusions(stage)).toEqual(Array(3).fill('success'));
});

test('access to GitHub is lost for hours: nobody is stopped, and afterwards all is in order', async () => {
  const stage = await createStage();
  stage.addJobs({ count: 3, durationSeconds: 4 * 3600 });
  await stage.until(() => stage.seats().filter(({ state }) => state === 'busy').length === 3, 5);
  stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', suspended: true });
  await stage.minutes(180);
  expect(stage.livingTasks()).toHaveLength(3);
  stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', suspended: false });
  expect(await stage.until(stage.allCompleted, 120)).toBe(true);
  expect(conclusions(stage)).toEqual(Array(3).fill('success'));
});

test('a runner works, and every word of that is lost: GitHub’s list says so, and it is noted as busy', async () => {
  const stage = await createStage({ lose: (path) => (/started/.test(path) ? 'request' : undefined) });
  stage.github.control.setFaults({ loseWebhooks: 1, loseWebhooksOf: ['in_progress'] });
  stage.addJobs({ durationSeconds: 5 * 3600 });
  const noted = () =>
    stage.seats().some(({ reason, busyWith }) => reason === 'GitHub lists it as busy' || busyWith !== undefined);
  expect(await stage.until(noted, 5)).toBe(true);
  expect(
    stage.lines.some(({ decision, reason }) => decision === 'runner busy' && reason === 'GitHub lists it as busy'),
  ).toBe(true);
});
