import { describe, expect, test } from '@jest/globals';
import type { RestAnswer } from '../../lib/sim/github-service/answers.ts';
import { anOwnedGitHub, call, MINUTE, messageOf, SECOND, START, tokenOf } from '../support/github-service.ts';

const NOW = START / 1000;
const JIT = { name: 'a', runner_group_id: 1, labels: ['x'] };
const JIT_PATH = '/orgs/octo-org/actions/runners/generate-jitconfig';
const LIST_PATH = '/orgs/octo-org/actions/runners';

describe('limits', () => {
  test('an hour’s calls: counted in the headers, refused when used up, whole again after the hour', async () => {
    const github = anOwnedGitHub({ faults: { callsPerHourMax: 3 } });
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
    expect(messageOf(last)).toMatch(/API rate limit exceeded/);
    await github.pass(60 * MINUTE);
    expect((await call(github, 'GET', LIST_PATH)).status).toBe(200);
  });

  test('a minute’s points: 180 writes, then a refusal that says when', async () => {
    const github = anOwnedGitHub();
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
    expect(last && messageOf(last)).toMatch(/secondary rate limit/);
    await github.pass(MINUTE);
    expect((await call(github, 'GET', LIST_PATH)).status).toBe(200);
  });

  test('a hundred calls at a time', async () => {
    const github = anOwnedGitHub({ faults: { restDelaySeconds: 1 } });
    const token = tokenOf(github);
    await github.pass(SECOND);
    const headers = { authorization: `token ${await token}` };
    const all = Array.from({ length: 120 }, () => github.service.rest({ method: 'GET', path: LIST_PATH, headers }));
    await github.pass(SECOND);
    const refused = (await Promise.all(all)).filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThanOrEqual(20);
  });

  test('the switch refuses with and without retry-after, with 403 and 429', async () => {
    const github = anOwnedGitHub();
    const authorization = `token ${await tokenOf(github)}`;
    github.service.control.setFaults({ secondaryRateLimit: 1 });
    const kinds = new Set<string>();
    for (let number = 0; number < 40; number += 1) {
      const answer = await github.service.rest({ method: 'GET', path: LIST_PATH, headers: { authorization } });
      expect(messageOf(answer)).toMatch(/secondary rate limit/);
      kinds.add(`${answer.status} ${answer.headers['retry-after']}`);
    }
    expect([...kinds].sort()).toEqual(['403 60', '403 undefined', '429 60', '429 undefined']);
  });
});
