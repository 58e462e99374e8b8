import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import { verify } from '@octokit/webhooks-methods';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import type { WebhookRequest } from '../../lib/sim/github-service/webhooks.ts';
import {
  APP_ID,
  actions,
  aGitHub,
  type GitHubUnderTest,
  type Given,
  installationOf,
  MINUTE,
  queue,
  register,
  SECOND,
  START,
  takeJob,
  WEBHOOK_SECRET,
} from '../support/github-service.ts';

const SCHEMA = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('@octokit/webhooks-schemas'), 'utf8'),
) as object;
// The schema itself is the package's business: checking it would take seconds.
const AJV = new Ajv({ strict: false, allErrors: true, validateSchema: false });
addFormats.default(AJV);
AJV.addSchema({ ...SCHEMA, $id: 'webhooks' });
const isWorkflowJobEvent = AJV.compile({ $ref: 'webhooks#/definitions/workflow_job_event' });
/** Only as its own action: the choice among all of them names no reason. */
const reasons = (action: string) => AJV.compile({ $ref: `webhooks#/definitions/workflow_job$${action}` });

type Body = { action: string; workflow_job: Record<string, unknown> } & Record<string, unknown>;

function bodyOf(request: WebhookRequest | undefined): Body {
  return JSON.parse(request?.body ?? '{}') as Body;
}

async function run(
  github: GitHubUnderTest,
  id: number,
  conclusion: 'success' | 'failure' | 'cancelled',
): Promise<void> {
  const name = `runner-${id}`;
  const { connection } = await takeJob(github, await register(github, { name }));
  await connection.finish(conclusion);
}

test('every body is what the official schema says', async () => {
  const github = aGitHub();
  for (const conclusion of ['success', 'failure', 'cancelled'] as const) {
    const [id = 0] = queue(github, { labels: [] });
    await run(github, id, conclusion);
  }
  github.service.control.cancel(queue(github, { repo: 'tools' })[0] ?? 0);
  queue(github, { owner: 'octocat', repo: 'hello', user: true });
  queue(github, { held: true });
  await github.pass(SECOND);
  expect(new Set(actions(github))).toEqual(new Set(['queued', 'in_progress', 'completed', 'waiting']));
  for (const request of github.sent) {
    const check = reasons(bodyOf(request).action);
    check(bodyOf(request));
    expect(check.errors ?? []).toEqual([]);
    expect(isWorkflowJobEvent(bodyOf(request))).toBe(true);
  }
  expect(reasons('queued')({ ...bodyOf(github.sent[0]), workflow_job: {} })).toBe(false);
});

test('the raw bytes are signed with both hashes, and every header of an App’s hook is there', async () => {
  const github = aGitHub();
  queue(github, { labels: ['größe-XXL', '日本語'] });
  await github.pass(0);
  const [request] = github.sent;
  if (request === undefined) throw new Error('nothing was sent');
  const { headers, body } = request;
  expect(await verify(WEBHOOK_SECRET, body, headers['x-hub-signature-256'] ?? '')).toBe(true);
  expect(headers).toEqual({
    accept: '*/*',
    'content-type': 'application/json',
    'user-agent': expect.stringMatching(/^GitHub-Hookshot\/[0-9a-f]+$/),
    'x-github-delivery': expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    'x-github-event': 'workflow_job',
    'x-github-hook-id': expect.stringMatching(/^\d+$/),
    'x-github-hook-installation-target-id': String(APP_ID),
    'x-github-hook-installation-target-type': 'integration',
    'x-hub-signature': expect.stringMatching(/^sha1=[0-9a-f]{40}$/),
    'x-hub-signature-256': expect.stringMatching(/^sha256=[0-9a-f]{64}$/),
  });
  expect(body.length).toBeGreaterThan(6000);
});

test('it is GitHub’s example with the job’s own numbers, labels, dates, owner and installation', async () => {
  const github = aGitHub();
  const [id = 0] = queue(github, { labels: ['a', 'B'] });
  await github.pass(0);
  const body = bodyOf(github.sent[0]);
  expect(body).toMatchObject({
    action: 'queued',
    workflow_job: {
      id,
      status: 'queued',
      labels: ['a', 'B'],
      created_at: new Date(START).toISOString().replace('.000', ''),
      runner_id: null,
      runner_name: null,
    },
    repository: { full_name: 'octo-org/app', private: true, owner: { login: 'octo-org', type: 'Organization' } },
    organization: { login: 'octo-org' },
    installation: { id: installationOf(github) },
  });
  expect(JSON.stringify(body['repository'])).not.toMatch(/Codertocat|Hello-World/);
});

test('a user’s repository has no organisation', async () => {
  const github = aGitHub();
  queue(github, { owner: 'octocat', repo: 'hello', user: true });
  await github.pass(0);
  expect(bodyOf(github.sent[0])['organization']).toBeUndefined();
  expect(bodyOf(github.sent[0])['repository']).toMatchObject({ owner: { type: 'User' } });
});

test('nothing is sent for a suspended installation', async () => {
  const github = aGitHub();
  github.service.control.putInstallation({ owner: 'octo-org', kind: 'Organization', suspended: true });
  queue(github);
  await github.pass(0);
  expect(github.sent).toEqual([]);
});

describe('faults', () => {
  const JOBS = 400;
  async function burst(faults: Given['faults'] = {}): Promise<GitHubUnderTest> {
    const github = aGitHub({ faults });
    queue(github, { count: JOBS });
    await github.pass(5 * MINUTE);
    return github;
  }
  const guids = (github: GitHubUnderTest) => github.sent.map(({ headers }) => headers['x-github-delivery'] ?? '');
  const jobs = (github: GitHubUnderTest) => github.sent.map((request) => Number(bodyOf(request).workflow_job['id']));

  test('none: each once, in order', async () => {
    const github = await burst();
    expect(jobs(github)).toEqual([...github.service.books.jobs.keys()]);
    expect(new Set(guids(github)).size).toBe(JOBS);
  });

  test('loseWebhooks: so many are never attempted, and no list knows of them', async () => {
    const github = await burst({ loseWebhooks: 0.5 });
    expect(github.sent.length).toBeGreaterThan(JOBS * 0.4);
    expect(github.sent.length).toBeLessThan(JOBS * 0.6);
    expect(github.service.webhooks.deliveries).toHaveLength(github.sent.length);
  });

  test('loseWebhooksOf: only of these actions', async () => {
    const github = await burst({ loseWebhooks: 1, loseWebhooksOf: ['in_progress'] });
    expect(github.sent).toHaveLength(JOBS);
    await run(github, 1, 'success');
    await github.pass(0);
    expect(new Set(actions(github))).toEqual(new Set(['queued', 'completed']));
  });

  test('duplicateWebhooks: twice, with the same GUID or a new one', async () => {
    const github = await burst({ duplicateWebhooks: 1 });
    expect(github.sent).toHaveLength(2 * JOBS);
    const different = new Set(guids(github)).size;
    expect(different).toBeGreaterThan(JOBS * 1.3);
    expect(different).toBeLessThan(JOBS * 1.7);
  });

  test('reorderWebhooks: later ones overtake', async () => {
    const github = await burst({ reorderWebhooks: 0.5 });
    expect(jobs(github)).not.toEqual([...github.service.books.jobs.keys()]);
    expect(new Set(jobs(github)).size).toBe(JOBS);
  });

  test('failWebhooks: recorded as failed, and the receiver hears nothing', async () => {
    const github = await burst({ failWebhooks: 1 });
    expect(github.sent).toEqual([]);
    const statuses = new Set(github.service.webhooks.deliveries.map(({ status }) => status));
    expect(statuses).toEqual(new Set(['timed out', 'failed to connect to host', 'Invalid HTTP Response: 502']));
  });
});

describe('deliveries', () => {
  const outcomes: [sentence: string, deliver: NonNullable<Given['deliver']>, status: string, code: number][] = [
    ['202', async () => ({ status: 202 }), 'OK', 202],
    ['401', async () => ({ status: 401 }), 'Invalid HTTP Response: 401', 401],
    ['a redirect is not followed', async () => ({ status: 302 }), 'Invalid HTTP Response: 302', 302],
    ['no connection', () => Promise.reject(new Error('ECONNREFUSED')), 'failed to connect to host', 0],
    ['no answer within ten seconds', () => new Promise(() => undefined), 'timed out', 504],
  ];
  test.each(outcomes)('%s', async (_sentence, deliver, status, code) => {
    const github = aGitHub({ deliver });
    queue(github);
    await github.pass(10 * SECOND);
    expect(github.service.webhooks.deliveries).toMatchObject([{ status, statusCode: code, redelivery: false }]);
    await github.pass(60 * MINUTE);
    expect(github.service.webhooks.deliveries).toHaveLength(1);
  });

  test('are listed newest first by cursor, and made again on request under the same GUID', async () => {
    const github = aGitHub();
    queue(github, { count: 5 });
    await github.pass(0);
    const ask = (method: string, path: string, query = {}) =>
      github.service.rest({ method, path, query, headers: {} }, { asApp: true });
    const first = await ask('GET', '/app/hook/deliveries', { per_page: '3' });
    const cursor = new URL(/<(.*)>; rel="next"/.exec(first.headers['link'] ?? '')?.[1] ?? '').searchParams.get(
      'cursor',
    );
    const second = await ask('GET', '/app/hook/deliveries', { per_page: '3', cursor });
    const ids = [first, second].flatMap(({ body }) => (body as { id: number }[]).map(({ id }) => id));
    expect(ids).toEqual([...github.service.webhooks.deliveries.map(({ id }) => id)].reverse());
    expect(second.headers['link']).toBeUndefined();
    expect((await ask('POST', `/app/hook/deliveries/${ids[4]}/attempts`)).status).toBe(202);
    await github.pass(0);
    expect(github.sent.at(-1)).toEqual(github.sent[0]);
    expect(github.service.webhooks.deliveries.at(-1)).toMatchObject({ redelivery: true });
    await github.pass(3 * 24 * 60 * MINUTE + SECOND);
    expect((await ask('POST', `/app/hook/deliveries/${ids[4]}/attempts`)).status).toBe(404);
  });

  test('of another secret or as a form, once the hook is changed', async () => {
    const github = aGitHub();
    github.service.configure({ secret: 'new', contentType: 'form' });
    queue(github);
    await github.pass(0);
    const [request] = github.sent;
    expect(await verify('new', request?.body ?? '', request?.headers['x-hub-signature-256'] ?? '')).toBe(true);
    expect(request?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    const payload = new URLSearchParams(request?.body).get('payload');
    expect(isWorkflowJobEvent(JSON.parse(payload ?? ''))).toBe(true);
  });
});
