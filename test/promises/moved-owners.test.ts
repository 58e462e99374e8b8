/** Jobs wait and runners idle while their owner gets another name, or the App another installation, or their repository another owner. */
import { expect, test } from '@jest/globals';
import { MOVES_MAX } from '../../lib/core/limits.ts';
import { newInstallation } from '../../lib/core/pacing.ts';
import { type InstallationRecord, type PoolRecord, poolRecord } from '../../lib/core/runner.ts';
import type { Rest } from '../../lib/sim/github-service/rest.ts';
import { aPool } from '../support/pools.ts';
import { CLEAN, createStage, type Stage } from '../support/stage.ts';

const CHANGES: [string, (stage: Stage) => boolean][] = [
  ['their repository is renamed', ({ github }) => github.control.renameRepository('octo-org', 'app', 'app-2')],
  [
    'their repository goes to another organisation',
    ({ github }) => github.control.transferRepository('octo-org', 'app', 'other-org'),
  ],
  ['their organisation is renamed', ({ github }) => github.control.renameOwner('octo-org', 'octo-org-2')],
  ['the App is installed anew', ({ github }) => github.control.reinstall('octo-org')],
];

test.each(CHANGES)('jobs run, and nothing is left, when %s', async (_, change) => {
  const stage = await createStage({ pools: [aPool({ max: 2, idleSecondsMax: 60 })] });
  for (const owner of ['octo-org', 'other-org']) {
    stage.github.control.putInstallation({
      owner,
      kind: 'Organization',
      repositories: owner === 'octo-org' ? ['app'] : [],
    });
  }
  const running = stage.addJobs({ count: 2, durationSeconds: 600 });
  await stage.minutes(2);
  const waiting = stage.addJobs({ count: 3 });
  await stage.minutes(1);
  expect(change(stage)).toBe(true);
  expect(await stage.until(stage.allCompleted, 60)).toBe(true);
  for (const id of [...running, ...waiting]) expect(stage.github.books.jobs.get(id)?.conclusion).toBe('success');
  await stage.minutes(30);
  expect(stage.leftovers()).toEqual(CLEAN);
});

test.each(CHANGES)('a runner that idles leaves, when %s', async (_, change) => {
  const stage = await createStage({ pools: [aPool({ idleSecondsMax: 60 })] });
  for (const owner of ['octo-org', 'other-org']) {
    stage.github.control.putInstallation({
      owner,
      kind: 'Organization',
      repositories: owner === 'octo-org' ? ['app'] : [],
    });
  }
  // Labels that differ from its pool's: GitHub gives the runner no job, and the one it came for is cancelled.
  const stray = await strayRunner(stage);
  expect(change(stage)).toBe(true);
  await stage.minutes(20);
  expect(stage.github.control.runners().filter(({ name }) => name === stray)).toEqual([]);
  expect(stage.leftovers()).toEqual(CLEAN);
});

/** The name of one that has registered and idles. */
async function strayRunner(stage: Stage): Promise<string | undefined> {
  const [job = 0] = stage.addJobs({});
  await stage.until(() => stage.livingTasks().length === 1, 2);
  const other = stage.github.books.jobs.get(job);
  // Held back: nobody runs it until it is cancelled.
  if (other !== undefined) Object.assign(other, { group: 'nobody' });
  stage.github.books.owners.get('octo-org')?.waiting.clear();
  await stage.until(() => stage.github.control.runners().some(({ online }) => online), 2);
  stage.github.control.cancel(job);
  return stage.github.control.runners()[0]?.name;
}

test('a refusal under the former name of an organisation is not held on', async () => {
  const stage = await createStage({ pools: [aPool({ max: 2 })], lose: () => 'request' });
  stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', repositories: ['app'] });
  stage.addJobs({ labels: ['self-hosted', 'ecs'], durationSeconds: 60 });
  await stage.minutes(0.2);
  expect(stage.github.control.renameOwner('octo-org', 'octo-org-2')).toBe(true);
  const refusals = [
    { installation: 1, owner: 'octo-org', what: 'registration' as const, reason: '404', since: 0, askAt: 0 },
  ].map((one) => ({ ...one, installation: stage.github.books.owners.get('octo-org-2')?.installation.id ?? 0 }));
  const at = stage.clock.now();
  const scopes = ['octo-org-2', 'octo-org'].map((owner) => ({ owner, mintedAt: at }));
  const place = refusals[0]?.installation ?? 0;
  await note(stage, { ...newInstallation(place, at), scopes });
  await note(stage, { ...poolRecord('default'), refusals });
  await stage.minutes(3);
  const pool = stage.runners.all().find(({ kind }) => kind === 'pool');
  expect(pool).not.toHaveProperty('refusals');
});

test('jobs that no sweep finds are not tried at the former installation again and again', async () => {
  let isDeaf = false;
  const stage = await createStage({
    pools: [aPool({ max: 1 })],
    door: () => (isDeaf ? { status: 500, body: '' } : undefined),
    // The sweep finds nothing.
    rest: (rest) => async (request, options) =>
      isDeaf && request.path.includes('/actions/runs')
        ? { status: 502, headers: {}, body: '' }
        : rest(request, options),
  });
  stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', repositories: ['app'] });
  stage.addJobs({ count: 2, durationSeconds: 120 });
  await stage.minutes(1);
  isDeaf = true;
  stage.github.control.reinstall('octo-org');
  await stage.minutes(60);
  expect(stage.ecs.books().tasks.length).toBeLessThanOrEqual(4);
  isDeaf = false;
  expect(await stage.until(stage.allCompleted, 30)).toBe(true);
});

test('a job that ends unheard while the App is installed anew is asked for at the new installation', async () => {
  const stage = await createStage({ pools: [aPool({})] });
  stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', repositories: ['app'] });
  stage.addJobs({ durationSeconds: 30 });
  await stage.until(() => stage.github.control.runners().some(({ busy }) => busy), 5);
  stage.github.webhooks.hook.active = false;
  stage.github.control.reinstall('octo-org');
  await stage.minutes(60);
  expect(stage.leftovers()).toEqual(CLEAN);
});

test('more jobs than one run can take along follow with the next', async () => {
  const stage = await createStage({ pools: [aPool({ max: 1 })], rest: withoutSweep });
  stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', repositories: ['app'] });
  stage.addJobs({ count: MOVES_MAX + 2, durationSeconds: 3600 });
  await stage.minutes(1);
  stage.github.webhooks.hook.active = false;
  stage.github.control.reinstall('octo-org');
  const now = stage.github.books.owners.get('octo-org')?.installation.id ?? 0;
  await stage.minutes(5);
  expect(stage.backlog.all().filter(({ installation }) => installation !== now)).toEqual([]);
});

/** It finds nothing. */
function withoutSweep(rest: Rest): Rest {
  return async (request, options) =>
    request.path.includes('/actions/runs') ? { status: 502, headers: {}, body: '' } : rest(request, options);
}

test('a runner that boots while its repository goes to another owner is not registered where it was, and nobody is launched beside it', async () => {
  const stage = await createStage({ pools: [aPool({})] });
  for (const owner of ['octo-org', 'other-org']) {
    const repositories = owner === 'octo-org' ? ['app'] : [];
    stage.github.control.putInstallation({ owner, kind: 'Organization', repositories });
  }
  stage.ecs.setFaults({ startSlowSeconds: 600 });
  stage.addJobs({});
  await stage.until(() => stage.livingTasks().length === 1, 2);
  stage.github.control.transferRepository('octo-org', 'app', 'other-org');
  await stage.minutes(5);
  expect(stage.livingTasks()).toMatchObject([{ lastStatus: 'ACTIVATING' }]);
  expect(await stage.until(stage.allCompleted, 30)).toBe(true);
  expect(stage.github.books.owners.get('octo-org')?.scope.registrations).toEqual([]);
});

/** Whatever was there. */
async function note(
  stage: Stage,
  record: Omit<PoolRecord, 'version'> | Omit<InstallationRecord, 'version'>,
): Promise<void> {
  const before = stage.runners.all().find(({ pool, place }) => pool === record.pool && place === record.place);
  const written = stage.runners.put(record, before);
  await stage.minutes(0.01);
  expect(await written).toBeDefined();
}
