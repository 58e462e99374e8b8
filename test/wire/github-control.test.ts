import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/core';
import { deliverByHttp, type ServedGitHub, serveGitHub } from '../../lib/local/github.ts';
import { seededChance } from '../../lib/sim/chance.ts';
import { scaledClock } from '../../lib/sim/clock.ts';
import { createGitHubService } from '../../lib/sim/github-service/service.ts';
import {
  APP_ID,
  aGitHub,
  type GitHubUnderTest,
  KEYS,
  queue,
  register,
  tokenOf,
  WEBHOOK_SECRET,
} from '../support/github-service.ts';

let github: GitHubUnderTest;
let served: ServedGitHub;

beforeEach(async () => {
  github = aGitHub();
  served = await serveGitHub({ service: github.service, port: 0 });
});
afterEach(() => served.close());

async function ask(method: string, path: string, body?: unknown) {
  const sent = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(`${served.url}${path}`, { method, ...(body === undefined ? {} : { body: sent }) });
  const given = await answer.text();
  return { status: answer.status, body: given === '' ? undefined : JSON.parse(given) };
}

const JOBS = { owner: 'octo-org', repo: 'app', labels: ['self-hosted'], durationSeconds: 20, count: 3 };

test('jobs are queued, shown and cancelled', async () => {
  const made = await ask('POST', '/_sim/jobs', JOBS);
  expect(made.status).toBe(201);
  const [first, second, third] = made.body.ids;
  expect(first).toBeGreaterThan(2 ** 31);
  expect(third).toBeGreaterThan(second);
  expect(await ask('POST', `/_sim/jobs/${first}/cancel`)).toEqual({ status: 202, body: { id: first } });
  expect((await ask('POST', `/_sim/jobs/${first}/cancel`)).status).toBe(409);
  expect((await ask('POST', '/_sim/jobs/1/cancel')).status).toBe(404);
  const shown = await ask('GET', '/_sim/jobs');
  expect(shown.body.map(({ state }: { state: string }) => state)).toEqual(['completed', 'queued', 'queued']);
  expect(shown.body[1]).toEqual({
    id: second,
    state: 'queued',
    conclusion: null,
    runnerName: null,
    queuedAt: '2026-11-24T10:00:00.000Z',
    startedAt: null,
    completedAt: null,
    owner: 'octo-org',
    repo: 'app',
    labels: ['self-hosted'],
  });
});

test('without a duration and a count it is one job of a minute; labels may be none', async () => {
  const { body } = await ask('POST', '/_sim/jobs', { owner: 'mona', repo: 'dotfiles', labels: [], user: true });
  expect(body.ids).toHaveLength(1);
  expect(github.service.books.jobs.get(body.ids[0])).toMatchObject({ durationSeconds: 60, labels: [] });
  expect(github.service.books.owners.get('mona')?.kind).toBe('User');
});

const refused: [sentence: string, body: unknown, problem: RegExp][] = [
  ['no JSON', '{', /not JSON/],
  ['no labels', { ...JOBS, labels: undefined }, /labels/],
  ['an owner that is none', { ...JOBS, owner: 'a/b' }, /owner/],
  ['a negative duration', { ...JOBS, durationSeconds: -1 }, /durationSeconds/],
  ['no count', { ...JOBS, count: 0 }, /count/],
  ['something that does not exist', { ...JOBS, duration: 1 }, /duration/],
];
test.each(refused)('jobs are refused: %s', async (_sentence, body, problem) => {
  const answer = await ask('POST', '/_sim/jobs', body);
  expect(answer.status).toBe(400);
  expect(answer.body.message).toMatch(problem);
  expect(github.service.books.jobs.size).toBe(0);
});

test('switches are merged, shown and ended; a wrong one changes nothing', async () => {
  expect(await ask('POST', '/_sim/faults', { loseWebhooks: 0.25 })).toMatchObject({
    status: 200,
    body: { loseWebhooks: 0.25 },
  });
  const wrong = await ask('POST', '/_sim/faults', { restFailAfter: 1, restCut: 2, unheardOf: 1 });
  const problems = ['restCut is a share from 0 to 1.', expect.stringMatching(/^There is no switch unheardOf here/)];
  expect(wrong).toMatchObject({ status: 400, body: { problems } });
  expect(await ask('GET', '/_sim/faults')).toMatchObject({ body: { loseWebhooks: 0.25, restFailAfter: 0 } });
  expect(await ask('DELETE', '/_sim/faults')).toMatchObject({ body: { loseWebhooks: 0 } });
});

test('owners come and go', async () => {
  const owner = { owner: 'octo-org', kind: 'Organization', groups: [{ name: 'Chosen' }] };
  const made = await ask('POST', '/_sim/installations', owner);
  expect(made).toMatchObject({ status: 201, body: { installation: expect.any(Number) } });
  expect((await ask('POST', '/_sim/installations', { owner: 'x', kind: 'Team' })).status).toBe(400);
  expect((await ask('DELETE', '/_sim/installations/octo-org')).status).toBe(204);
  expect((await ask('DELETE', '/_sim/installations/nobody')).status).toBe(404);
});

test('a runner in a real container connects, takes its job and ends it', async () => {
  const [id = 0] = queue(github);
  const { jitConfig } = await register(github, { labels: ['Self-Hosted', 'x64'] });
  const { status, body } = await ask('POST', '/_sim/runner/connect', { jitConfig });
  expect(status).toBe(201);
  expect((await ask('POST', '/_sim/runner/connect', { jitConfig })).status).toBe(409);
  expect((await ask('POST', '/_sim/runner/connect', { jitConfig: 'e30=' })).status).toBe(404);
  const session = `/_sim/runner/${body.session}`;
  expect(await ask('GET', `${session}/message`)).toMatchObject({ body: { kind: 'job', job: id } });
  expect(await ask('POST', `${session}/acquire`, { job: id })).toMatchObject({
    body: { id, repository: 'octo-org/app' },
  });
  expect(await ask('GET', '/_sim/runners')).toMatchObject({
    body: [{ name: 'runner-1', online: true, busy: true, repo: null }],
  });
  expect((await ask('POST', `${session}/finish`, { conclusion: 'failure' })).status).toBe(204);
  expect((await ask('DELETE', session)).status).toBe(204);
  expect((await ask('DELETE', session)).status).toBe(404);
  expect(github.service.control.jobs()).toMatchObject([{ state: 'completed', conclusion: 'failure' }]);
});

test('a long poll that waits gets the message when it comes', async () => {
  github.service.control.putInstallation({ owner: 'octo-org', kind: 'Organization' });
  const { jitConfig } = await register(github);
  const { body } = await ask('POST', '/_sim/runner/connect', { jitConfig });
  const polled = ask('GET', `/_sim/runner/${body.session}/message`);
  await ask('GET', '/_sim/runners');
  const [id] = queue(github);
  expect((await polled).body).toEqual({ kind: 'job', job: id });
});

test('a cut connection is one', async () => {
  github.service.control.putInstallation({ owner: 'octo-org', kind: 'Organization' });
  const headers = { authorization: `token ${await tokenOf(github)}` };
  github.service.control.setFaults({ restCut: 1 });
  await expect(fetch(`${served.url}/orgs/octo-org/actions/runners`, { headers })).rejects.toThrow();
  github.service.control.setFaults({ restCut: 0 });
  expect((await fetch(`${served.url}/orgs/octo-org/actions/runners`, { headers })).status).toBe(200);
});

test('webhooks arrive over HTTP, byte for byte, and a redirect is not followed', async () => {
  const got: { url: string | undefined; body: string }[] = [];
  const receiver = createServer(async (request, response) => {
    got.push({ url: request.url, body: await text(request) });
    response.writeHead(302, { location: '/elsewhere' }).end('no');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => receiver.once('listening', resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/webhook`;
  const answer = await deliverByHttp({ url, headers: { 'x-github-event': 'workflow_job' }, body: '{"ä":1}' });
  receiver.close();
  expect(answer).toMatchObject({ status: 302, body: 'no' });
  expect(got).toEqual([{ url: '/webhook', body: '{"ä":1}' }]);
});

test('Octokit’s own clients find the installation, get a token and read, below /api/v3', async () => {
  const service = createGitHubService({
    clock: scaledClock({ origin: 0, speed: 1 }),
    chance: seededChance(1),
    app: { id: APP_ID, publicKey: KEYS.publicKey },
    webhook: { secret: WEBHOOK_SECRET },
    deliver: async () => ({ status: 202 }),
  });
  const own = await serveGitHub({ service, port: 0 });
  service.control.putInstallation({ owner: 'octo-org', kind: 'Organization' });
  const auth = { appId: APP_ID, privateKey: KEYS.privateKey };
  const options = { baseUrl: `${own.url}/api/v3`, authStrategy: createAppAuth };
  const app = new Octokit({ ...options, auth });
  const { data } = await app.request('GET /orgs/{org}/installation', { org: 'octo-org' });
  const octokit = new Octokit({ ...options, auth: { ...auth, installationId: data.id } });
  const made = await octokit.request('POST /orgs/{org}/actions/runners/generate-jitconfig', {
    org: 'octo-org',
    name: 'from-octokit',
    runner_group_id: 1,
    labels: ['self-hosted'],
  });
  expect(made.status).toBe(201);
  const { data: listed } = await octokit.request('GET /orgs/{org}/actions/runners', { org: 'octo-org' });
  expect(listed.runners.map(({ name }) => name)).toEqual(['from-octokit']);
  await expect(octokit.request('GET /orgs/{org}/actions/runners', { org: 'nobody' })).rejects.toMatchObject({
    status: 404,
  });
  await own.close();
});
