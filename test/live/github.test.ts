import { createVerify } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createGitHub } from '../../lib/live/github.ts';
import { restBaseUrl } from '../../lib/live/github-app.ts';
import type { GitHub, Scope } from '../../lib/world.ts';
import { useFakeDate } from '../support/fake-date.ts';
import { KEYS } from '../support/github-service.ts';

test.each([
  ['https://github.com', 'https://api.github.com'],
  ['https://github.com/', 'https://api.github.com'],
  ['https://www.github.com', 'https://api.github.com'],
  ['https://octo.ghe.com', 'https://api.octo.ghe.com'],
  ['http://github.localhost:3000', 'http://api.github.localhost:3000'],
  ['https://github.example.com', 'https://github.example.com/api/v3'],
  ['https://GitHub.example.com:8443/', 'https://github.example.com:8443/api/v3'],
  ['https://notghe.com', 'https://notghe.com/api/v3'],
  ['https://ghe.com.example.org', 'https://ghe.com.example.org/api/v3'],
  ['http://127.0.0.1:4000', 'http://127.0.0.1:4000/api/v3'],
])('the REST API of %s is at %s', (web, rest) => {
  expect(restBaseUrl(web)).toBe(rest);
});

type Asked = { method: string; path: string; headers: Record<string, string>; body: unknown };
type Given = { status?: number; json?: unknown; text?: string; error?: Error; headers?: Record<string, string> };

/** GitHub as a function: what it answers to a path, by default a token, groups, and empty lists. */
let asked: Asked[];
let answers: Record<string, (asked: Asked) => Given>;
let now: number;
const scope: Scope = { installation: 7, owner: 'octo-org' };
const runner = { name: 'r-1', labels: ['a'], group: 'Default' };

const fakeFetch: typeof fetch = async (url, init) => {
  const { pathname, search } = new URL(String(url));
  const request: Asked = {
    method: init?.method ?? 'GET',
    path: pathname + search,
    headers: init?.headers as Record<string, string>,
    body: init?.body === undefined || init.body === null ? undefined : JSON.parse(String(init.body)),
  };
  asked.push(request);
  const found = Object.keys(answers).find((path) => pathname.endsWith(path));
  const {
    status = 200,
    json = {},
    text,
    error,
    headers: more = {},
  } = found === undefined ? {} : (answers[found]?.(request) ?? {});
  if (error !== undefined) throw error;
  const headers = { 'content-type': 'application/json', ...more };
  return new Response(status === 204 ? null : (text ?? JSON.stringify(json)), { status, headers });
};

const pathsAsked = () => asked.map(({ method, path }) => `${method} ${path}`);
const tokenCalls = () => asked.filter(({ path }) => path.endsWith('/access_tokens'));

function aGitHub(app: Parameters<typeof createGitHub>[0]['app'] = { appId: 1, privateKey: KEYS.privateKey }): GitHub {
  return createGitHub({ url: 'https://github.com', app, clock: { now: () => now }, fetch: fakeFetch });
}

const aList = (runners: object[], total = runners.length) => ({ json: { total_count: total, runners } });
const aRunner = (id: number) => ({ id, name: `r-${id}`, status: 'online', busy: false });

beforeEach(() => {
  asked = [];
  now = Date.now();
  let tokens = 0;
  answers = {
    '/access_tokens': () => ({
      status: 201,
      json: { token: `ghs_${++tokens}`, expires_at: new Date(now + 3_600_000).toISOString(), permissions: {} },
    }),
    '/runner-groups': () => ({ json: { total_count: 1, runner_groups: [{ id: 5, name: 'Big' }] } }),
    '/generate-jitconfig': () => ({ status: 201, json: { runner: { id: 9 }, encoded_jit_config: 'aml0' } }),
    '/runners': () => aList([]),
  };
});

describe('requests', () => {
  test('every request names the API version, and a registration sends what GitHub documents', async () => {
    await aGitHub().registerRunner(scope, runner);
    expect(asked.map(({ headers }) => headers['x-github-api-version'])).toEqual(['2022-11-28', '2022-11-28']);
    expect(asked[1]).toMatchObject({
      method: 'POST',
      path: '/orgs/octo-org/actions/runners/generate-jitconfig',
      body: { name: 'r-1', runner_group_id: 1, labels: ['a'] },
    });
    expect(Object.keys(asked[1]?.body as object).sort()).toEqual(['labels', 'name', 'runner_group_id']);
  });

  const limit = (remaining: number, resource = 'core') => ({
    'x-ratelimit-limit': '5000',
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': '1800000000',
    'x-ratelimit-resource': resource,
  });

  test.each<[string, Record<string, string>, number[]]>([
    ['of the calls that are made', limit(4321), [4321]],
    ['of another resource is not ours', limit(29, 'search'), []],
    ['that a server has switched off is not there', {}, []],
    ['that cannot be read is not there', { ...limit(1), 'x-ratelimit-remaining': 'many' }, []],
  ])('the rate limit %s; the App’s own, for tokens, is not', async (_, headers, remaining) => {
    const token = { token: 'ghs_1', expires_at: new Date(now + 3_600_000).toISOString(), permissions: {} };
    answers['/access_tokens'] = () => ({ status: 201, json: token, headers: limit(17) });
    answers['/runners'] = () => ({ ...aList([]), headers });
    const github = aGitHub();
    await github.listRunners(scope);
    expect((await github.rateLimits()).map((seen) => seen.remaining)).toEqual(remaining);
  });

  test('each is given a time to end', async () => {
    const signals: unknown[] = [];
    const fetch: typeof globalThis.fetch = (url, init) => {
      signals.push(init?.signal);
      return fakeFetch(url, init);
    };
    const app = { appId: 1, privateKey: KEYS.privateKey };
    await createGitHub({ url: 'https://github.com', app, clock: { now: () => now }, fetch }).listRunners(scope);
    expect(signals).toEqual([expect.any(AbortSignal), expect.any(AbortSignal)]);
  });

  test.each([
    ['a time-out', new DOMException('The operation was aborted due to timeout', 'TimeoutError')],
    ['an abort', new DOMException('This operation was aborted', 'AbortError')],
    ['a network failure', new TypeError('fetch failed', { cause: new Error('read ECONNRESET') })],
  ])('%s says nothing about a write', async (_, error) => {
    answers['/generate-jitconfig'] = () => ({ error: error as Error });
    expect(await aGitHub().registerRunner(scope, runner)).toMatchObject({ kind: 'unknown' });
  });

  test.each<[string, Given]>([
    ['cut off', { status: 201, text: '{"runner":{"id":' }],
    ['without its id', { status: 201, json: { encoded_jit_config: 'a' } }],
    ['without its configuration', { status: 201, json: { runner: { id: 1 } } }],
    ['of another shape', { status: 201, json: [] }],
  ])('a registration that was answered %s may have been made', async (_, given) => {
    answers['/generate-jitconfig'] = () => given;
    expect(await aGitHub().registerRunner(scope, runner)).toMatchObject({ kind: 'unknown' });
  });

  test('a limit is said at once: nobody waits here, and nothing is asked again', async () => {
    const github = aGitHub();
    expect(await github.removeRunner(scope, 1)).toMatchObject({ kind: 'unknown' });
    answers['/runners/2'] = () => ({
      status: 403,
      json: { message: 'secondary rate limit' },
      headers: { 'retry-after': '1' },
    });
    expect(await github.removeRunner(scope, 2)).toMatchObject({ kind: 'retry', retryAfterSeconds: 1 });
    expect(asked.filter(({ path }) => path.endsWith('/runners/2'))).toHaveLength(1);
  });

  test('a removal answered 200 is not the 204 that permits to stop the container', async () => {
    answers['/runners/3'] = () => ({ status: 200 });
    expect(await aGitHub().removeRunner(scope, 3)).toMatchObject({ kind: 'unknown' });
  });

  test('a list that cannot be understood is no empty list', async () => {
    answers['/runners'] = () => ({ json: { total_count: 1, runners: [{ id: 1 }] } });
    expect(await aGitHub().listRunners(scope)).toMatchObject({ kind: 'retry' });
    answers['/runners'] = () => ({ text: '<html>' });
    expect(await aGitHub().listRunners(scope)).toMatchObject({ kind: 'retry' });
  });
});

describe('tokens', () => {
  test('one per installation is kept', async () => {
    const github = aGitHub();
    await Promise.all([github.listRunners(scope), github.listRunners(scope)]);
    await github.listRunners(scope);
    await github.listRunners({ ...scope, installation: 8, owner: 'other-org' });
    expect(tokenCalls()).toHaveLength(2);
  });

  test('no two JWTs are the same, and they are what GitHub asks for', async () => {
    now = Date.UTC(2026, 0, 1);
    const github = aGitHub({ appId: 4711, privateKey: KEYS.privateKey.replaceAll('\n', '\\n') });
    await github.listRunners(scope);
    await github.listRunners({ ...scope, installation: 8 });
    const jwts = tokenCalls().map(({ headers }) => String(headers['authorization']).replace('bearer ', ''));
    const claims = jwts.map((jwt) => JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()));
    const seconds = now / 1000;
    expect(claims[0]).toEqual({ iat: seconds - 60, exp: seconds + 480, iss: '4711', jti: expect.any(String) });
    expect(claims[1].jti).not.toBe(claims[0].jti);
    const [head, body, signature] = (jwts[0] ?? '').split('.');
    const signed = createVerify('RSA-SHA256').update(`${head}.${body}`);
    expect(signed.verify(KEYS.publicKey, signature ?? '', 'base64url')).toBe(true);
  });

  test('a key that was rotated is taken up with the next token', async () => {
    let privateKey = 'not a key';
    const github = aGitHub(async () => ({ appId: 1, privateKey }));
    const refused = await github.listRunners(scope);
    expect(refused).toMatchObject({ kind: 'refused', reason: expect.stringMatching(/not a PEM private key/) });
    expect(JSON.stringify(refused)).not.toContain(privateKey);
    privateKey = KEYS.privateKey;
    expect(await github.listRunners(scope)).toMatchObject({ kind: 'ok' });
  });

  describe('that GitHub accepts no longer', () => {
    let accepted: string[];
    const calls = () => asked.filter(({ path }) => path.includes('/runners')).length;
    beforeEach(() => {
      // Octokit's auth-app waits for tokens that are younger than 5 s.
      useFakeDate(now);
      accepted = ['token ghs_1'];
      answers['/generate-jitconfig'] = ({ headers }) =>
        accepted.includes(String(headers['authorization']))
          ? { status: 201, json: { runner: { id: 9 }, encoded_jit_config: 'aml0' } }
          : { status: 401, json: { message: 'Bad credentials' } };
    });
    afterEach(() => {
      jest.useRealTimers();
    });

    test('are replaced, once, and the call is made again: nothing was done', async () => {
      const github = aGitHub();
      expect(await github.registerRunner(scope, runner)).toMatchObject({ kind: 'ok' });
      jest.setSystemTime(now + 60_000);
      accepted = ['token ghs_2'];
      expect(await github.registerRunner(scope, runner)).toMatchObject({ kind: 'ok' });
      expect(await github.registerRunner(scope, runner)).toMatchObject({ kind: 'ok' });
      expect([calls(), tokenCalls().length]).toEqual([4, 2]);
    });

    test('and whose successors are not accepted either are refused, and not kept', async () => {
      const github = aGitHub();
      await github.registerRunner(scope, runner);
      jest.setSystemTime(now + 60_000);
      accepted = [];
      answers['/access_tokens'] = () => ({ status: 401, json: { message: 'A JSON web token could not be decoded' } });
      expect(await github.registerRunner(scope, runner)).toMatchObject({
        kind: 'refused',
        reason: expect.stringMatching(/check its id and private key/),
      });
      accepted = ['token ghs_3'];
      answers['/access_tokens'] = () => ({
        status: 201,
        json: { token: 'ghs_3', expires_at: new Date(now + 3_600_000).toISOString(), permissions: {} },
      });
      expect(await github.registerRunner(scope, runner)).toMatchObject({ kind: 'ok' });
    });
  });

  test('settings that cannot be read are an exception: nobody decided anything', async () => {
    const github = aGitHub(() => Promise.reject(new Error('SSM is down')));
    await expect(github.listRunners(scope)).rejects.toThrow('SSM is down');
  });
});

describe('runner groups', () => {
  const groupCalls = () => pathsAsked().filter((path) => path.includes('/runner-groups'));

  test('are read once in five minutes, together', async () => {
    const github = aGitHub();
    const register = () => github.registerRunner(scope, { ...runner, group: 'Big' });
    await Promise.all([register(), register()]);
    await register();
    expect(groupCalls()).toHaveLength(1);
    expect(asked.at(-1)?.body).toMatchObject({ runner_group_id: 5 });
    now += 5 * 60_000;
    await register();
    expect(groupCalls()).toHaveLength(2);
  });

  test('a failed reading is not kept', async () => {
    const github = aGitHub();
    const read = answers['/runner-groups'];
    answers['/runner-groups'] = () => ({ status: 502 });
    expect(await github.registerRunner(scope, { ...runner, group: 'Big' })).toMatchObject({ kind: 'retry' });
    answers['/runner-groups'] = read as never;
    expect(await github.registerRunner(scope, { ...runner, group: 'Big' })).toMatchObject({ kind: 'ok' });
  });

  test('one that is missing is looked for once a minute', async () => {
    const github = aGitHub();
    for (let call = 0; call < 3; call++) await github.registerRunner(scope, { ...runner, group: 'Small' });
    expect(groupCalls()).toHaveLength(1);
    now += 60_000;
    await github.registerRunner(scope, { ...runner, group: 'Small' });
    expect(groupCalls()).toHaveLength(2);
  });

  test('after a registration that was answered 404, they are read again', async () => {
    const github = aGitHub();
    answers['/generate-jitconfig'] = () => ({ status: 404 });
    await github.registerRunner(scope, { ...runner, group: 'Big' });
    await github.registerRunner(scope, { ...runner, group: 'Big' });
    expect(groupCalls()).toHaveLength(2);
  });

  test('the default group and repositories cost no call', async () => {
    await aGitHub().registerRunner(scope, runner);
    await aGitHub().registerRunner({ ...scope, repository: 'app' }, { ...runner, group: 'Big' });
    expect(groupCalls()).toEqual([]);
  });
});

describe('lists of several pages', () => {
  const all = Array.from({ length: 150 }, (_, index) => aRunner(index + 1));
  const page = (path: string) => Number(new URLSearchParams(path.split('?')[1]).get('page'));
  afterEach(() =>
    expect(pathsAsked().every((path) => !path.includes('runners?') || path.includes('per_page=100'))).toBe(true),
  );

  test('are read to the end', async () => {
    answers['/runners'] = ({ path }) => aList(all.slice((page(path) - 1) * 100, page(path) * 100), 150);
    const listed = await aGitHub().listRunners(scope);
    expect(listed).toMatchObject({ kind: 'ok', value: { length: 150 } });
    expect(asked).toHaveLength(3);
  });

  test('a runner that slips to a page that was read already is not missed', async () => {
    let runners = [...all];
    answers['/runners'] = ({ path }) => {
      const given = aList(runners.slice((page(path) - 1) * 100, page(path) * 100), runners.length);
      // One of the first page leaves, once: all later ones move up.
      runners = runners.filter(({ id }) => id !== 7);
      return given;
    };
    const listed = await aGitHub().listRunners(scope);
    const ids = listed.kind === 'ok' ? listed.value.map(({ id }) => id) : [];
    expect(ids).toContain(101);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('2,000 runners cost a call for each page, and one for each page that runners have left meanwhile', async () => {
    let runners = Array.from({ length: 2000 }, (_, index) => aRunner(index + 1));
    const left = new Set<number>();
    answers['/runners'] = ({ path }) => {
      const given = aList(runners.slice((page(path) - 1) * 100, page(path) * 100), runners.length);
      if (page(path) % 5 === 0) {
        left.add(page(path));
        runners = runners.filter(({ id }) => !left.has(id));
      }
      return given;
    };
    const listed = await aGitHub().listRunners(scope);
    const ids = new Set(listed.kind === 'ok' ? listed.value.map(({ id }) => id) : []);
    expect(runners.filter(({ id }) => !ids.has(id))).toEqual([]);
    // Pages 5, 10 and 15 again, and the last one, of which four are gone, is not full.
    expect(pathsAsked().filter((path) => path.includes('/runners?'))).toHaveLength(23);
  });

  test('fail as a whole', async () => {
    answers['/runners'] = ({ path }) => (page(path) === 1 ? aList(all.slice(0, 100), 150) : { status: 502 });
    expect(await aGitHub().listRunners(scope)).toMatchObject({ kind: 'retry' });
  });
});

describe('how long GitHub takes a version', () => {
  // As answered in September 2026.
  const shapes: [string, object, object][] = [
    [
      'a time',
      { runner_version: '2.328.0', runtime_deprecates_at: '2025-12-16T17:40:26Z' },
      { jobsUntil: Date.UTC(2025, 11, 16, 17, 40, 26) },
    ],
    ['null', { runner_version: '2.337.0', runtime_deprecates_at: null }, {}],
    [
      'both',
      {
        runner_version: '2.330.0',
        runtime_deprecates_at: '2026-09-01T00:00:00Z',
        registration_deprecates_at: '2026-10-01T00:00:00Z',
      },
      { jobsUntil: Date.UTC(2026, 8, 1), registrationUntil: Date.UTC(2026, 9, 1) },
    ],
  ];
  test.each(shapes)('%s', async (_, json, value) => {
    answers['/deprecations/2.328.0'] = () => ({ json });
    expect(await aGitHub().runnerDeprecation(scope, '2.328.0')).toEqual({ kind: 'ok', value });
    expect(pathsAsked()).toContain('GET /orgs/octo-org/actions/runners/deprecations/2.328.0');
  });

  test('an answer that is not one is none', async () => {
    answers['/deprecations/2.328.0'] = () => ({ json: { message: 'welcome' } });
    expect((await aGitHub().runnerDeprecation(scope, '2.328.0')).kind).toBe('retry');
  });

  test('a version leads nowhere else, whatever a runner says that it is', async () => {
    await aGitHub().runnerDeprecation({ ...scope, repository: 'app' }, '../../../x?y');
    expect(pathsAsked()).toContain('GET /repos/octo-org/app/actions/runners/deprecations/..%2F..%2F..%2Fx%3Fy');
  });

  test('a runner without a version, and one that has none yet', async () => {
    answers['/runners'] = () =>
      aList([{ ...aRunner(1), version: null }, aRunner(2), { ...aRunner(3), version: '2.1.0' }]);
    const listed = await aGitHub().listRunners(scope);
    expect(listed).toMatchObject({ kind: 'ok', value: [{ id: 1 }, { id: 2 }, { id: 3, version: '2.1.0' }] });
    expect(listed).not.toHaveProperty('value.0.version');
  });
});
