import { describe, expect, test } from '@jest/globals';
import { aGitHub, anOwnedGitHub, call, type Given, queue, tokenOf } from '../support/github-service.ts';

const JIT = { name: 'a', runner_group_id: 1, labels: ['x'] };
const JIT_PATH = '/orgs/octo-org/actions/runners/generate-jitconfig';

describe('what goes wrong on the wire', () => {
  const rows: [sentence: string, faults: Given['faults'], done: boolean, status: number][] = [
    ['restFailBefore', { restFailBefore: 1 }, false, 502],
    ['restFailAfter', { restFailAfter: 1 }, true, 502],
    ['restCut', { restCut: 1 }, true, 0],
    ['secondaryRateLimit', { secondaryRateLimit: 1 }, false, 403],
  ];
  test.each(rows)('%s', async (_sentence, faults, done, status) => {
    const github = anOwnedGitHub();
    const authorization = `token ${await tokenOf(github)}`;
    github.service.control.setFaults(faults);
    const answer = await github.service.rest({ method: 'POST', path: JIT_PATH, body: JIT, headers: { authorization } });
    expect([status, status === 403 ? 429 : status]).toContain(answer.status);
    expect(github.service.control.runners()).toHaveLength(done ? 1 : 0);
  });
});

test('a stale job shows its state before the last change', async () => {
  const github = anOwnedGitHub({ faults: { staleJobs: 1 } });
  const [id = 0] = queue(github);
  github.service.control.cancel(id);
  const { body } = await call(github, 'GET', `/repos/octo-org/app/actions/jobs/${id}`);
  expect(body).toMatchObject({ status: 'queued', conclusion: null });
});

test('a conditional read that is not news is free', async () => {
  const github = anOwnedGitHub();
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
