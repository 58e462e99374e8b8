import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ServedGitHub, serveGitHub } from '../../lib/local/github.ts';
import { differences, type Exchange, OPERATIONS } from '../support/github-openapi.ts';
import {
  aGitHub,
  connect,
  installationOf,
  jwt,
  queue,
  type Registered,
  register,
  START,
  tokenOf,
} from '../support/github-service.ts';

const github = aGitHub();
let served: ServedGitHub;
let token: string;
let suspended: number;
let idle: Registered;
let busy: Registered;
let repositoryRunner: Registered;
let job: number;
let run: number;
let delivery: number;

beforeAll(async () => {
  served = await serveGitHub({ service: github.service, port: 0 });
  github.service.control.putInstallation({
    owner: 'octo-org',
    kind: 'Organization',
    repositories: ['app'],
    groups: [{ name: 'Chosen', visibility: 'selected', repositories: ['app'] }],
  });
  github.service.control.putInstallation({ owner: 'octocat', kind: 'User', repositories: ['hello'] });
  github.service.control.putInstallation({ owner: 'late-org', kind: 'Organization', suspended: true });
  [job = 0] = queue(github);
  run = github.service.books.jobs.get(job)?.run.id ?? 0;
  await github.pass(0);
  delivery = github.service.webhooks.deliveries[0]?.id ?? 0;
  suspended = installationOf(github, 'late-org');
  token = await tokenOf(github);
  busy = await register(github, { name: 'busy' });
  await connect(github, busy);
  idle = await register(github, { name: 'idle' });
  await connect(github, idle);
  repositoryRunner = await register(github, { name: 'idle', repo: 'app' });
});

afterAll(() => served.close());

type Row = {
  sentence: string;
  operation: string;
  params?: () => Record<string, string | number>;
  query?: Record<string, string>;
  body?: unknown;
  status: number;
};

const ORG = () => ({ org: 'octo-org' });
const REPO = () => ({ owner: 'octo-org', repo: 'app' });
const JIT = { name: 'new', runner_group_id: 1, labels: ['self-hosted', 'linux'], work_folder: '_work' };
const NO_LABELS = { ...JIT, name: 'labels', labels: [] };

const rows: Row[] = [
  { sentence: 'the App', operation: 'GET /app', status: 200 },
  { sentence: 'its installations', operation: 'GET /app/installations', query: { per_page: '100' }, status: 200 },
  installation('one of them', () => installationOf(github), 200),
  installation('none of that id', () => 1, 404),
  accessToken('a token', () => installationOf(github), 201),
  accessToken('a narrower token', () => installationOf(github), 201, {
    permissions: { organization_self_hosted_runners: 'write' },
    repositories: ['app'],
  }),
  accessToken('a token for what is not granted', () => installationOf(github), 422, {
    permissions: { issues: 'write' },
  }),
  accessToken('a token for a repository that is not there', () => installationOf(github), 422, {
    repositories: ['no'],
  }),
  accessToken('a token of a suspended installation', () => suspended, 403),
  accessToken('a token of no installation', () => 1, 404),
  { sentence: 'the hook', operation: 'GET /app/hook/config', status: 200 },
  {
    sentence: 'a change of the hook',
    operation: 'PATCH /app/hook/config',
    body: { content_type: 'json' },
    status: 200,
  },
  { sentence: 'deliveries', operation: 'GET /app/hook/deliveries', query: { per_page: '100' }, status: 200 },
  { sentence: 'failed ones', operation: 'GET /app/hook/deliveries', query: { status: 'failure' }, status: 200 },
  { sentence: 'a cursor that is none', operation: 'GET /app/hook/deliveries', query: { cursor: 'x' }, status: 400 },
  { sentence: 'no pages', operation: 'GET /app/hook/deliveries', query: { per_page: 'x' }, status: 422 },
  {
    sentence: 'one delivery',
    operation: 'GET /app/hook/deliveries/{delivery_id}',
    params: () => ({ delivery_id: delivery }),
    status: 200,
  },
  {
    sentence: 'another attempt',
    operation: 'POST /app/hook/deliveries/{delivery_id}/attempts',
    params: () => ({ delivery_id: delivery }),
    status: 202,
  },
  { sentence: 'what the token sees', operation: 'GET /installation/repositories', status: 200 },
  { sentence: 'the organisation’s', operation: 'GET /orgs/{org}/installation', params: ORG, status: 200 },
  {
    sentence: 'the user’s',
    operation: 'GET /users/{username}/installation',
    params: () => ({ username: 'octocat' }),
    status: 200,
  },
  { sentence: 'the repository’s', operation: 'GET /repos/{owner}/{repo}/installation', params: REPO, status: 200 },
  {
    sentence: 'that of no repository',
    operation: 'GET /repos/{owner}/{repo}/installation',
    params: () => ({ owner: 'octo-org', repo: 'none' }),
    status: 404,
  },
  ...runners(
    '/orgs/{org}',
    ORG,
    () => idle.id,
    () => busy.id,
  ),
  ...runners('/repos/{owner}/{repo}', REPO, () => repositoryRunner.id),
  { sentence: 'groups', operation: 'GET /orgs/{org}/actions/runner-groups', params: ORG, status: 200 },
  {
    sentence: 'a job',
    operation: 'GET /repos/{owner}/{repo}/actions/jobs/{job_id}',
    params: () => ({ ...REPO(), job_id: job }),
    status: 200,
  },
  {
    sentence: 'runs',
    operation: 'GET /repos/{owner}/{repo}/actions/runs',
    params: REPO,
    query: { status: 'queued', per_page: '100' },
    status: 200,
  },
  {
    sentence: 'a run’s jobs',
    operation: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs',
    params: () => ({ ...REPO(), run_id: run }),
    status: 200,
  },
  { sentence: 'the limits', operation: 'GET /rate_limit', status: 200 },
];

function installation(sentence: string, id: () => number, status: number): Row {
  return {
    sentence,
    operation: 'GET /app/installations/{installation_id}',
    params: () => ({ installation_id: id() }),
    status,
  };
}

function accessToken(sentence: string, id: () => number, status: number, body: unknown = {}): Row {
  const operation = 'POST /app/installations/{installation_id}/access_tokens';
  return { sentence, operation, params: () => ({ installation_id: id() }), body, status };
}

type Params = () => Record<string, string | number>;

function runners(scope: string, params: Params, idleId: () => number, busyId?: () => number): Row[] {
  const base = `${scope}/actions/runners`;
  const one = (id: () => number) => () => ({ ...params(), runner_id: id() });
  const jit = { operation: `POST ${base}/generate-jitconfig`, params };
  const busyRows =
    busyId === undefined
      ? []
      : [
          {
            sentence: 'deleting a busy one',
            operation: `DELETE ${base}/{runner_id}`,
            params: one(busyId),
            status: 422,
          },
        ];
  return [
    { sentence: 'all', operation: `GET ${base}`, params, query: { per_page: '100', page: '1' }, status: 200 },
    { sentence: 'those of a name', operation: `GET ${base}`, params, query: { name: 'idle' }, status: 200 },
    { sentence: 'a JIT runner', ...jit, body: JIT, status: 201 },
    { sentence: 'the same name again', ...jit, body: JIT, status: 409 },
    { sentence: 'without labels', ...jit, body: NO_LABELS, status: 422 },
    { sentence: 'of no group', ...jit, body: { ...JIT, name: 'group', runner_group_id: 99 }, status: 404 },
    { sentence: 'a token', operation: `POST ${base}/registration-token`, params, status: 201 },
    { sentence: 'a token', operation: `POST ${base}/remove-token`, params, status: 201 },
    { sentence: 'one', operation: `GET ${base}/{runner_id}`, params: one(idleId), status: 200 },
    ...busyRows,
    { sentence: 'deleting an idle one', operation: `DELETE ${base}/{runner_id}`, params: one(idleId), status: 204 },
  ];
}

const named = rows.map((row): [string, Row] => [`${row.operation}: ${row.sentence} → ${row.status}`, row]);

describe.each(['', '/api/v3'])('below %p', (base) => {
  // What is made and deleted can be made and deleted once.
  const wanted = base === '' ? named : named.filter(([, { operation }]) => operation.startsWith('GET'));
  test.each(wanted.filter(([, row]) => base === '' || !gone(row)))('%s', async (_name, row) => {
    const exchange = await ask(base, row);
    expect(exchange.status).toBe(row.status);
    expect(differences(row.operation, exchange, row.status < 400)).toEqual([]);
  });
});

function gone({ operation }: Row): boolean {
  return operation.endsWith('/{runner_id}');
}

test('every operation that was extracted is asked for', () => {
  const asked = new Set(rows.map(({ operation }) => operation));
  expect(OPERATIONS.filter((operation) => !asked.has(operation))).toEqual([]);
});

test('the comparison finds a missing field, a wrong type, an undocumented status, a wrong request', () => {
  const operation = 'POST /orgs/{org}/actions/runners/generate-jitconfig';
  const right = { body: JIT, status: 201, response: { runner: runnerLike(), encoded_jit_config: 'e30=' } };
  expect(differences(operation, right)).toEqual([]);
  expect(differences(operation, { ...right, response: { runner: runnerLike() } })).toHaveLength(1);
  expect(
    differences(operation, { ...right, response: { ...right.response, runner: { ...runnerLike(), id: '1' } } }),
  ).toHaveLength(1);
  expect(differences(operation, { ...right, status: 418 })).toHaveLength(1);
  expect(differences(operation, { ...right, body: NO_LABELS })).toHaveLength(1);
  expect(differences(operation, { ...right, query: { page: '1' } })).toHaveLength(1);
});

function runnerLike() {
  return { id: 1, name: 'a', os: 'unknown', status: 'offline', busy: false, labels: [], version: null };
}

async function ask(base: string, { operation, params, query, body }: Row): Promise<Exchange> {
  const [method = '', path = ''] = operation.split(' ');
  const filled = path.replace(/\{(\w+)\}/g, (_whole, name: string) => String(params?.()[name]));
  const seconds = START / 1000;
  const credential = / \/app|\/installation$/.test(operation)
    ? jwt({ iat: seconds - 60, exp: seconds + 540, iss: '4711' })
    : token;
  const answer = await fetch(`${served.url}${base}${filled}?${new URLSearchParams(query)}`, {
    method,
    headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  expect(answer.headers.get('x-ratelimit-remaining')).toMatch(/^\d+$/);
  return {
    ...(query ? { query } : {}),
    body,
    status: answer.status,
    response: text === '' ? undefined : JSON.parse(text),
  };
}
