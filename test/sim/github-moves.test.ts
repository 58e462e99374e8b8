/** Owners and repositories that change their names, their places, or the App's installation. */
import { expect, test } from '@jest/globals';
import { createSimGitHub } from '../../lib/sim/github.ts';
import { createStage, type Stage } from '../support/stage.ts';

async function aStage() {
  const stage = await createStage({ janitor: false });
  const [job = 0] = stage.addJobs({ labels: ['nobody'] });
  const owner = stage.github.books.owners.get('octo-org');
  if (owner === undefined) throw new Error('there is no owner');
  return { stage, job, owner, installation: owner.installation.id, ask: createSimGitHub(stage.github, stage.clock) };
}

const another = (stage: Stage) =>
  stage.github.control.putInstallation({ owner: 'other-org', kind: 'Organization', repositories: ['other'] });

test('a renamed repository is found under its former name, also by who registers a runner there', async () => {
  const { stage, job, installation, ask } = await aStage();
  expect(stage.github.control.renameRepository('octo-org', 'app', 'app-2')).toBe(true);
  const where = { installation, owner: 'octo-org', repository: 'app' };
  expect(await ask.job(where, job)).toMatchObject({ kind: 'ok', value: { state: 'queued' } });
  const wanted = { name: 'a-runner', labels: ['a'], group: 'Default' };
  expect(await ask.registerRunner(where, wanted)).toMatchObject({ kind: 'ok' });
  expect(stage.github.control.runners()).toMatchObject([{ repo: 'app-2' }]);
  const [more = 0] = stage.addJobs({ labels: ['nobody'] });
  expect(stage.github.books.jobs.get(more)?.run.repository.name).toBe('app-2');
});

test('of a repository that was transferred the former installation learns nothing, and the new one all', async () => {
  const { stage, job, installation, ask } = await aStage();
  another(stage);
  expect(stage.github.control.transferRepository('octo-org', 'app', 'other-org')).toBe(true);
  expect(await ask.job({ installation, owner: 'octo-org', repository: 'app' }, job)).toMatchObject({ kind: 'gone' });
  const there = stage.github.books.owners.get('other-org')?.installation.id ?? 0;
  const where = { installation: there, owner: 'other-org', repository: 'app' };
  expect(await ask.job(where, job)).toMatchObject({ kind: 'ok', value: { state: 'queued' } });
});

test('an organisation that was renamed is not found under its former name, but its repositories are', async () => {
  const { stage, job, installation, ask } = await aStage();
  expect(stage.github.control.renameOwner('octo-org', 'octo-org-2')).toBe(true);
  expect(await ask.listRunners({ installation, owner: 'octo-org' })).toMatchObject({ kind: 'gone' });
  expect(await ask.listRunners({ installation, owner: 'octo-org-2' })).toMatchObject({ kind: 'ok' });
  const where = { installation, owner: 'octo-org', repository: 'app' };
  expect(await ask.job(where, job)).toMatchObject({ kind: 'ok', value: { state: 'queued' } });
});

test('an App that was installed anew has another installation, and the former one may do nothing', async () => {
  const { stage, owner, installation, ask } = await aStage();
  expect(stage.github.control.reinstall('octo-org')).toBe(true);
  expect(await ask.listRunners({ installation, owner: 'octo-org' })).toMatchObject({ kind: 'refused' });
  const now = owner.installation.id;
  expect(now).not.toBe(installation);
  expect(await ask.listRunners({ installation: now, owner: 'octo-org' })).toMatchObject({ kind: 'ok' });
});
