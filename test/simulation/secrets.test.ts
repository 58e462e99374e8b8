/** What the simulated services give out as a secret is known wherever it turns up, and nothing else is taken for one. */
import { expect, test } from '@jest/globals';
import { withoutTicket } from '../../lib/cli/simulate/audit.ts';
import { secretFinder, textOf } from '../../lib/sim/judge/secrets.ts';
import { createStage } from '../support/stage.ts';

const secretIn = secretFinder({ 'the secret of all': 'a.b+c' });
const HEX = '0123456789abcdef'.repeat(4);

test.each([
  ['the secret of all', 'see a.b+c.'],
  ['a ticket, a report credential or a signature', `sha256=${HEX}`],
  ['a ticket, a report credential or a signature', HEX.toUpperCase()],
  ['an installation token', `token ghs_${HEX}`],
  ['a JIT configuration, or a JWT', Buffer.from('{".runner":"e30=", ".credentials":"e30="}').toString('base64')],
  ['a private key', '-----BEGIN RSA PRIVATE KEY-----'],
])('%s is found', (what, text) => {
  expect(secretIn(textOf({ decision: 'one', deep: { text } }))).toBe(what);
  expect(secretIn(textOf({ decision: 'one', error: new Error(text) }))).toBe(what);
});

test.each(['a-b+c', HEX.slice(1), `${HEX}0`, 'sim-default-0-50000000001-1-1'])('%s is no secret', (text) => {
  expect(secretIn(textOf({ text }))).toBeUndefined();
});

test('what GitHub, STS and the service itself really give out is found, and nothing that they log or show', async () => {
  const given: string[] = [];
  const stage = await createStage({
    overhear: ({ headers, body }, answer) => given.push(headers['authorization'] ?? '', body, answer.body),
    rest: (rest) => async (request, options) => {
      const answer = await rest(request, options);
      given.push(textOf(request.headers));
      return answer;
    },
  });
  stage.addJobs({ count: 2 });
  expect(await stage.until(stage.allCompleted, 10)).toBe(true);
  const found = new Set(given.map((text) => secretIn(text)));
  expect(found).toContain('an installation token');
  expect(found).toContain('a ticket, a report credential or a signature');
  expect(secretIn(/"jitConfig":"[^"]*"/.exec(given.join())?.[0] ?? '')).toBe('a JIT configuration, or a JWT');
  expect(secretIn(/token\/[^"]*/.exec(given.join())?.[0] ?? '')).toBe('a session token');
  expect(stage.lines.map((line) => secretIn(textOf(line))).filter(Boolean)).toEqual([]);
  for (const task of stage.ecs.tasks()) {
    const shown = { ...task, containers: [] };
    expect(secretIn(textOf(withoutTicket(shown)))).toBeUndefined();
    expect(secretIn(textOf(shown))).toBe('a ticket, a report credential or a signature');
  }
});

test('of a task, the ticket alone may be shown, and only where it belongs', () => {
  const shows = (name: string, value: string) => secretIn(textOf(withoutTicket({ environment: [{ name, value }] })));
  expect(shows('ECS_RUNNERS_TICKET', HEX)).toBeUndefined();
  expect(shows('ECS_RUNNERS_TICKET', 'a.b+c')).toBe('the secret of all');
  expect(shows('ECS_RUNNERS_URL', HEX)).toBe('a ticket, a report credential or a signature');
});
