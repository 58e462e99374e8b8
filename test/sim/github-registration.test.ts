import { describe, expect, test } from '@jest/globals';
import { aGitHub, anOwnedGitHub, call, connect, MINUTE, queue, register, takeJob } from '../support/github-service.ts';

const JIT = { name: 'a', runner_group_id: 1, labels: ['x'] };
const JIT_PATH = '/orgs/octo-org/actions/runners/generate-jitconfig';
const LIST_PATH = '/orgs/octo-org/actions/runners';

describe('runners', () => {
  const refused: [sentence: string, body: object, status: number][] = [
    ['a name of 65 characters', { ...JIT, name: 'x'.repeat(65) }, 422],
    ['a name with a slash', { ...JIT, name: 'a/b' }, 422],
    ['no name', { ...JIT, name: undefined }, 422],
    ['no labels', { ...JIT, labels: [] }, 422],
    ['101 labels', { ...JIT, labels: Array.from({ length: 101 }, (_, index) => `l${index}`) }, 422],
    ['a label of 257 characters', { ...JIT, labels: ['x'.repeat(257)] }, 422],
    ['a group of no number', { ...JIT, runner_group_id: '1' }, 422],
    ['a group that is not there', { ...JIT, runner_group_id: 9 }, 404],
    ['a good one', JIT, 201],
  ];
  test.each(refused)('registering %s', async (_sentence, body, status) => {
    expect((await call(anOwnedGitHub(), 'POST', JIT_PATH, { body })).status).toBe(status);
  });

  test('exactly the labels that were sent, offline, of no known system and version', async () => {
    const github = anOwnedGitHub();
    const { body } = await call(github, 'POST', JIT_PATH, { body: { ...JIT, labels: ['self-hosted', 'X64', 'x64'] } });
    const { runner, encoded_jit_config: config } = body as { runner: object; encoded_jit_config: string };
    expect(runner).toMatchObject({ status: 'offline', busy: false, os: 'unknown', version: null });
    expect((runner as { labels: { name: string }[] }).labels.map(({ name }) => name)).toEqual(['self-hosted', 'X64']);
    expect(config.length).toBeGreaterThan(3900);
    expect(config.length).toBeLessThan(5000);
    const files = JSON.parse(Buffer.from(config, 'base64').toString()) as Record<string, string>;
    expect(Object.keys(files)).toEqual(['.runner', '.credentials', '.credentials_rsaparams']);
    expect(JSON.parse(Buffer.from(files['.runner'] ?? '', 'base64').toString())).toMatchObject({ AgentName: 'a' });
  });

  test('an organisation may forbid them on repositories: 403 without a message', async () => {
    const github = anOwnedGitHub({}, { repositoryRunners: false });
    const answer = await call(github, 'POST', '/repos/octo-org/app/actions/runners/generate-jitconfig', { body: JIT });
    expect(answer).toMatchObject({ status: 403, body: { message: '' } });
  });

  test('a user has none', async () => {
    const github = anOwnedGitHub();
    github.service.control.putInstallation({ owner: 'octocat', kind: 'User', repositories: ['hello'] });
    const ask = (scope: string) => call(github, 'GET', `${scope}/actions/runners`, { as: 'octocat' });
    expect((await ask('/orgs/octocat')).status).toBe(404);
    expect((await ask('/repos/octocat/hello')).status).toBe(200);
  });

  test('lists come in pages of at most a hundred, with links', async () => {
    const github = anOwnedGitHub();
    for (let number = 0; number < 130; number += 1) await register(github, { name: `runner-${number}` });
    const first = await call(github, 'GET', LIST_PATH, { query: { per_page: '500' } });
    expect((first.body as { runners: unknown[] }).runners).toHaveLength(100);
    expect(first.headers['link']).toMatch(/page=2>; rel="next"/);
    const second = await call(github, 'GET', LIST_PATH, { query: { per_page: '100', page: '2' } });
    expect(second.body).toMatchObject({ total_count: 130 });
    expect((second.body as { runners: unknown[] }).runners).toHaveLength(30);
    expect(second.headers['link']).not.toMatch(/rel="next"/);
    const named = await call(github, 'GET', LIST_PATH, { query: { name: 'runner-1' } });
    expect(named.body).toMatchObject({ total_count: 1, runners: [{ name: 'runner-1' }] });
  });

  test('with the switch a list may be a minute old', async () => {
    const github = anOwnedGitHub({ faults: { listLagSeconds: 60 } });
    await call(github, 'GET', LIST_PATH);
    await register(github);
    expect((await call(github, 'GET', LIST_PATH)).body).toMatchObject({ total_count: 0 });
    await github.pass(MINUTE);
    expect((await call(github, 'GET', LIST_PATH)).body).toMatchObject({ total_count: 1 });
  });
});

describe('registrations', () => {
  test('offline for a day: removed', async () => {
    const github = anOwnedGitHub();
    await register(github);
    const connection = await connect(github, await register(github, { name: 'runner-2' }));
    await github.pass(24 * 60 * MINUTE);
    expect(github.service.control.runners().map(({ name }) => name)).toEqual(['runner-2']);
    await connection.close();
    await github.pass(24 * 60 * MINUTE);
    expect(github.service.control.runners()).toEqual([]);
  });

  test('deleted while it listens: the process hears of it, and cannot connect again', async () => {
    const github = anOwnedGitHub();
    const runner = await register(github);
    const connection = await connect(github, runner);
    expect(await github.service.runnerSide.connect(runner.jitConfig)).toEqual({ kind: 'conflict' });
    expect((await call(github, 'DELETE', `${LIST_PATH}/${runner.id}`)).status).toBe(204);
    expect(await connection.next()).toEqual({ kind: 'deleted' });
    expect(await github.service.runnerSide.connect(runner.jitConfig)).toEqual({ kind: 'deleted' });
  });

  test('with the switch an idle one is removed within six minutes', async () => {
    const github = aGitHub({ faults: { idleJitRemoved: 1 } });
    github.service.control.putInstallation({ owner: 'octo-org', kind: 'Organization' });
    const connection = await connect(github, await register(github));
    await github.pass(6 * MINUTE);
    expect(await connection.next()).toEqual({ kind: 'deleted' });
  });

  test('a ghost: its job goes back, its registration is gone, and nobody tells it', async () => {
    const github = aGitHub({ faults: { ghostRunners: 1 } });
    const [id = 0] = queue(github);
    const { connection, job } = await takeJob(github, await register(github));
    expect(job).toBeUndefined();
    expect(github.service.control.jobs()).toMatchObject([{ id, state: 'queued' }]);
    expect(github.service.control.runners()).toEqual([]);
    expect(await Promise.race([connection.next(), github.pass(60 * MINUTE)])).toBeUndefined();
  });
});
