import { describe, expect, test } from '@jest/globals';
import type { RestAnswer } from '../../lib/sim/github-service/answers.ts';
import {
  APP_ID,
  aGitHub,
  call,
  type GitHubUnderTest,
  type Given,
  jwt,
  KEYS,
  MINUTE,
  queue,
  register,
  SECOND,
  START,
  tokenOf,
} from '../support/github-service.ts';

const NOW = START / 1000;
const OWNER = { owner: 'octo-org', kind: 'Organization', repositories: ['app', 'other'] };
const JIT = { name: 'a', runner_group_id: 1, labels: ['x'] };
const JIT_PATH = '/orgs/octo-org/actions/runners/generate-jitconfig';
const LIST_PATH = '/orgs/octo-org/actions/runners';

function withOwner(given: Given = {}, more: object = {}): GitHubUnderTest {
  const github = aGitHub(given);
  github.service.control.putInstallation({ ...OWNER, ...more });
  return github;
}

const message = ({ body }: RestAnswer) => (body as { message?: string }).message;

describe('the App’s JWT', () => {
  const good = { iat: NOW - 60, exp: NOW + 540, iss: String(APP_ID) };
  const rows: [sentence: string, authorization: string | undefined, status: number, message: RegExp | undefined][] = [
    ['good', `Bearer ${jwt(good)}`, 200, undefined],
    ['the App id as a number', `bearer ${jwt({ ...good, iss: APP_ID })}`, 200, undefined],
    ['none', undefined, 401, /Requires authentication/],
    ['too long', `Bearer ${jwt({ ...good, exp: NOW + 3600 })}`, 401, /'exp'\) is too far in the future/],
    ['expired', `Bearer ${jwt({ ...good, exp: NOW - 1 })}`, 401, /'Expiration time' claim \('exp'\) must be/],
    [
      'from the future',
      `Bearer ${jwt({ ...good, iat: NOW + 90 })}`,
      401,
      /'Issued at' claim \('iat'\) must be an Integer/,
    ],
    ['changed', `Bearer ${jwt(good).slice(0, -8)}AAAAAAAA`, 401, /could not be decoded/],
    ['no JWT', 'Bearer a.b.c', 401, /could not be decoded/],
    ['of another App', `Bearer ${jwt({ ...good, iss: '1' })}`, 404, /Not Found/],
  ];
  test.each(rows)('%s', async (_sentence, authorization, status, expected) => {
    const answer = await withOwner().service.rest({ method: 'GET', path: '/app', headers: { authorization } });
    expect(answer.status).toBe(status);
    if (expected !== undefined) expect(message(answer)).toMatch(expected);
  });

  test('the same bytes twice are answered 404 with the switch', async () => {
    const github = withOwner({ faults: { jwtTwice404: true } });
    const [id] = [...github.service.books.installations.keys()];
    const headers = { authorization: `bearer ${jwt(good, KEYS.privateKey)}` };
    const ask = () => github.service.rest({ method: 'POST', path: `/app/installations/${id}/access_tokens`, headers });
    expect((await ask()).status).toBe(201);
    expect((await ask()).status).toBe(404);
  });
});

describe('installation tokens', () => {
  test('are long, and good for an hour', async () => {
    const github = withOwner();
    const text = await tokenOf(github);
    expect(text.length).toBeGreaterThan(40);
    const ask = () =>
      github.service.rest({ method: 'GET', path: LIST_PATH, headers: { authorization: `token ${text}` } });
    await github.pass(60 * MINUTE - SECOND);
    expect((await ask()).status).toBe(200);
    await github.pass(SECOND);
    expect(await ask()).toMatchObject({ status: 401, body: { message: 'Bad credentials' } });
  });

  test('with the switch a new one is refused for a moment', async () => {
    const github = withOwner({ faults: { freshToken401Seconds: 2 } });
    const authorization = `token ${await tokenOf(github)}`;
    const ask = () => github.service.rest({ method: 'GET', path: LIST_PATH, headers: { authorization } });
    expect((await ask()).status).toBe(401);
    await github.pass(2 * SECOND);
    expect((await ask()).status).toBe(200);
  });

  const narrow: [sentence: string, narrowed: object, path: string, status: number][] = [
    ['another permission', { permissions: { actions: 'read' } }, LIST_PATH, 403],
    ['reading only, a read', { permissions: { organization_self_hosted_runners: 'read' } }, LIST_PATH, 200],
    ['its repository', { repositories: ['app'] }, '/repos/octo-org/app/actions/runners', 200],
    ['another repository', { repositories: ['app'] }, '/repos/octo-org/other/actions/runners', 404],
  ];
  test.each(narrow)('narrowed to %s', async (_sentence, narrowed, path, status) => {
    const github = withOwner();
    const authorization = `token ${await tokenOf(github, 'octo-org', narrowed)}`;
    const answer = await github.service.rest({ method: 'GET', path, headers: { authorization } });
    expect(answer.status).toBe(status);
    if (status === 403) {
      expect(message(answer)).toBe('Resource not accessible by integration');
      expect(answer.headers['x-accepted-github-permissions']).toBe('organization_self_hosted_runners=read');
    }
  });

  test('see nothing of other owners', async () => {
    const github = withOwner();
    github.service.control.putInstallation({ ...OWNER, owner: 'other-org' });
    expect((await call(github, 'GET', '/orgs/other-org/actions/runners')).status).toBe(404);
    expect((await call(github, 'GET', '/orgs/nobody/actions/runners')).status).toBe(404);
  });

  test('of a suspended installation are refused, until it is not suspended any more', async () => {
    const github = withOwner();
    const authorization = `token ${await tokenOf(github)}`;
    const ask = () => github.service.rest({ method: 'GET', path: LIST_PATH, headers: { authorization } });
    github.service.control.putInstallation({ ...OWNER, suspended: true });
    expect(await ask()).toMatchObject({ status: 403, body: { message: 'This installation has been suspended' } });
    github.service.control.putInstallation({ ...OWNER, suspended: false });
    expect((await ask()).status).toBe(200);
    github.service.control.removeInstallation('octo-org');
    expect((await ask()).status).toBe(401);
  });
});

describe('limits', () => {
  test('an hour’s calls: counted in the headers, refused when used up, whole again after the hour', async () => {
    const github = withOwner({ faults: { callsPerHourMax: 3 } });
    const authorization = `token ${await tokenOf(github)}`;
    const ask = () => github.service.rest({ method: 'GET', path: LIST_PATH, headers: { authorization } });
    const first = await ask();
    expect(first.headers).toMatchObject({
      'x-ratelimit-limit': '3',
      'x-ratelimit-used': '1',
      'x-ratelimit-remaining': '2',
      'x-ratelimit-resource': 'core',
      'x-ratelimit-reset': String(NOW + 3600),
    });
    await ask();
    await ask();
    const last = await ask();
    expect([403, 429]).toContain(last.status);
    expect(last.headers['x-ratelimit-remaining']).toBe('0');
    expect(message(last)).toMatch(/API rate limit exceeded/);
    await github.pass(60 * MINUTE);
    expect((await call(github, 'GET', LIST_PATH)).status).toBe(200);
  });

  test('a minute’s points: 180 writes, then a refusal that says when', async () => {
    const github = withOwner();
    const statuses: number[] = [];
    const authorization = `token ${await tokenOf(github)}`;
    let last: RestAnswer | undefined;
    for (let number = 0; number <= 180; number += 1) {
      const body = { ...JIT, name: `runner-${number}` };
      last = await github.service.rest({ method: 'POST', path: JIT_PATH, body, headers: { authorization } });
      statuses.push(last.status);
    }
    expect(statuses.filter((status) => status === 201)).toHaveLength(180);
    expect(last?.headers['retry-after']).toBe('60');
    expect(last && message(last)).toMatch(/secondary rate limit/);
    await github.pass(MINUTE);
    expect((await call(github, 'GET', LIST_PATH)).status).toBe(200);
  });

  test('a hundred calls at a time', async () => {
    const github = withOwner({ faults: { restDelaySeconds: 1 } });
    const token = tokenOf(github);
    await github.pass(SECOND);
    const headers = { authorization: `token ${await token}` };
    const all = Array.from({ length: 120 }, () => github.service.rest({ method: 'GET', path: LIST_PATH, headers }));
    await github.pass(SECOND);
    const refused = (await Promise.all(all)).filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThanOrEqual(20);
  });

  test('the switch refuses with and without retry-after, with 403 and 429', async () => {
    const github = withOwner();
    const authorization = `token ${await tokenOf(github)}`;
    github.service.control.setFaults({ secondaryRateLimit: 1 });
    const kinds = new Set<string>();
    for (let number = 0; number < 40; number += 1) {
      const answer = await github.service.rest({ method: 'GET', path: LIST_PATH, headers: { authorization } });
      expect(message(answer)).toMatch(/secondary rate limit/);
      kinds.add(`${answer.status} ${answer.headers['retry-after']}`);
    }
    expect([...kinds].sort()).toEqual(['403 60', '403 undefined', '429 60', '429 undefined']);
  });
});

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
    expect((await call(withOwner(), 'POST', JIT_PATH, { body })).status).toBe(status);
  });

  test('exactly the labels that were sent, offline, of no known system and version', async () => {
    const github = withOwner();
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
    const github = withOwner({}, { repositoryRunners: false });
    const answer = await call(github, 'POST', '/repos/octo-org/app/actions/runners/generate-jitconfig', { body: JIT });
    expect(answer).toMatchObject({ status: 403, body: { message: '' } });
  });

  test('a user has none', async () => {
    const github = withOwner();
    github.service.control.putInstallation({ owner: 'octocat', kind: 'User', repositories: ['hello'] });
    const ask = (scope: string) => call(github, 'GET', `${scope}/actions/runners`, { as: 'octocat' });
    expect((await ask('/orgs/octocat')).status).toBe(404);
    expect((await ask('/repos/octocat/hello')).status).toBe(200);
  });

  test('lists come in pages of at most a hundred, with links', async () => {
    const github = withOwner();
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
    const github = withOwner({ faults: { listLagSeconds: 60 } });
    await call(github, 'GET', LIST_PATH);
    await register(github);
    expect((await call(github, 'GET', LIST_PATH)).body).toMatchObject({ total_count: 0 });
    await github.pass(MINUTE);
    expect((await call(github, 'GET', LIST_PATH)).body).toMatchObject({ total_count: 1 });
  });
});

describe('what goes wrong on the wire', () => {
  const rows: [sentence: string, faults: Given['faults'], done: boolean, status: number][] = [
    ['restFailBefore', { restFailBefore: 1 }, false, 502],
    ['restFailAfter', { restFailAfter: 1 }, true, 502],
    ['restCut', { restCut: 1 }, true, 0],
    ['secondaryRateLimit', { secondaryRateLimit: 1 }, false, 403],
  ];
  test.each(rows)('%s', async (_sentence, faults, done, status) => {
    const github = withOwner();
    const authorization = `token ${await tokenOf(github)}`;
    github.service.control.setFaults(faults);
    const answer = await github.service.rest({ method: 'POST', path: JIT_PATH, body: JIT, headers: { authorization } });
    expect([status, status === 403 ? 429 : status]).toContain(answer.status);
    expect(github.service.control.runners()).toHaveLength(done ? 1 : 0);
  });
});

test('a stale job shows its state before the last change', async () => {
  const github = withOwner({ faults: { staleJobs: 1 } });
  const [id = 0] = queue(github);
  github.service.control.cancel(id);
  const { body } = await call(github, 'GET', `/repos/octo-org/app/actions/jobs/${id}`);
  expect(body).toMatchObject({ status: 'queued', conclusion: null });
});

test('a conditional read that is not news is free', async () => {
  const github = withOwner();
  const authorization = `token ${await tokenOf(github)}`;
  const ask = (etag?: string) =>
    github.service.rest({
      method: 'GET',
      path: '/repos/octo-org/app/actions/runs',
      headers: { authorization, host: 'localhost', ...(etag ? { 'if-none-match': etag } : {}) },
    });
  const first = await ask();
  const again = await ask(first.headers['etag']);
  expect(again).toMatchObject({ status: 304, body: undefined });
  expect(again.headers['x-ratelimit-used']).toBe(first.headers['x-ratelimit-used']);
  queue(github);
  expect((await ask(first.headers['etag'])).status).toBe(200);
});

describe('switches', () => {
  test('merge, and stay', () => {
    const { control } = aGitHub().service;
    control.setFaults({ loseWebhooks: 0.3 });
    expect(control.setFaults({ restFailAfter: 1 })).toMatchObject({ loseWebhooks: 0.3, restFailAfter: 1 });
  });

  const refused: [sentence: string, change: unknown, problem: RegExp][] = [
    ['unknown', { looseWebhooks: 1 }, /Unknown switch "looseWebhooks"/],
    ['above 1', { loseWebhooks: 1.5 }, /loseWebhooks is a share from 0 to 1/],
    ['below 0', { restFailBefore: -0.1 }, /restFailBefore is a share from 0 to 1/],
    ['no number', { restFailBefore: '1' }, /restFailBefore is a share/],
    ['no truth value', { jwtTwice404: 1 }, /jwtTwice404 is true or false/],
    ['too many seconds', { listLagSeconds: 1e6 }, /listLagSeconds is a number/],
    ['no list', { loseWebhooksOf: 'queued' }, /loseWebhooksOf is a list/],
    ['no object', [], /not a JSON object/],
  ];
  test.each(refused)('refused: %s', (_sentence, change, problem) => {
    const { control } = aGitHub().service;
    expect(control.setFaults(change)).toMatchObject({ problems: [expect.stringMatching(problem)] });
    expect(control.faults()).toMatchObject({ loseWebhooks: 0, restFailBefore: 0 });
  });
});
