import { describe, expect, test } from '@jest/globals';
import {
  APP_ID,
  anOwnedGitHub,
  call,
  jwt,
  KEYS,
  MINUTE,
  messageOf,
  SECOND,
  START,
  tokenOf,
} from '../support/github-service.ts';

const NOW = START / 1000;
const LIST_PATH = '/orgs/octo-org/actions/runners';

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
    const answer = await anOwnedGitHub().service.rest({ method: 'GET', path: '/app', headers: { authorization } });
    expect(answer.status).toBe(status);
    if (expected !== undefined) expect(messageOf(answer)).toMatch(expected);
  });

  test('the same bytes twice are answered 404 with the switch', async () => {
    const github = anOwnedGitHub({ faults: { jwtTwice404: true } });
    const [id] = [...github.service.books.installations.keys()];
    const headers = { authorization: `bearer ${jwt(good, KEYS.privateKey)}` };
    const ask = () => github.service.rest({ method: 'POST', path: `/app/installations/${id}/access_tokens`, headers });
    expect((await ask()).status).toBe(201);
    expect((await ask()).status).toBe(404);
  });
});

describe('installation tokens', () => {
  test('are long, and good for an hour', async () => {
    const github = anOwnedGitHub();
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
    const github = anOwnedGitHub({ faults: { freshToken401Seconds: 2 } });
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
    const github = anOwnedGitHub();
    const authorization = `token ${await tokenOf(github, 'octo-org', narrowed)}`;
    const answer = await github.service.rest({ method: 'GET', path, headers: { authorization } });
    expect(answer.status).toBe(status);
    if (status === 403) {
      expect(messageOf(answer)).toBe('Resource not accessible by integration');
      expect(answer.headers['x-accepted-github-permissions']).toBe('organization_self_hosted_runners=read');
    }
  });

  test('see nothing of other owners', async () => {
    const github = anOwnedGitHub();
    github.service.control.putInstallation({ owner: 'other-org', kind: 'Organization' });
    expect((await call(github, 'GET', '/orgs/other-org/actions/runners')).status).toBe(404);
    expect((await call(github, 'GET', '/orgs/nobody/actions/runners')).status).toBe(404);
  });

  test('of a suspended installation are refused, until it is not suspended any more', async () => {
    const github = anOwnedGitHub();
    const authorization = `token ${await tokenOf(github)}`;
    const ask = () => github.service.rest({ method: 'GET', path: LIST_PATH, headers: { authorization } });
    github.service.control.putInstallation({ owner: 'octo-org', kind: 'Organization', suspended: true });
    expect(await ask()).toMatchObject({ status: 403, body: { message: 'This installation has been suspended' } });
    github.service.control.putInstallation({ owner: 'octo-org', kind: 'Organization', suspended: false });
    expect((await ask()).status).toBe(200);
    github.service.control.removeInstallation('octo-org');
    expect((await ask()).status).toBe(401);
  });
});
