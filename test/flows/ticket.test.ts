import { describe, expect, test } from '@jest/globals';
import { isReportCredential, isTicket, reportCredentialFor, ticketFor } from '../../lib/flows/ticket.ts';

const NAME = 'sim-default-0-1-1';
const kinds = [
  { kind: 'a ticket', make: ticketFor, check: isTicket, other: isReportCredential },
  { kind: 'a report credential', make: reportCredentialFor, check: isReportCredential, other: isTicket },
];

describe.each(kinds)('$kind', ({ make, check, other }) => {
  const given = make(['new', 'old'], NAME);

  test('is 64 hexadecimal digits, always the same', () => {
    expect(given).toMatch(/^[0-9a-f]{64}$/);
    expect(make(['new'], NAME)).toBe(given);
  });

  test.each([
    ['with the secret that made it', ['new'], NAME, true],
    ['while its secret is the older one', ['newest', 'new'], NAME, true],
    ['no more when its secret was taken away', ['newest', 'other'], NAME, false],
    ['nowhere when there is no secret', [], NAME, false],
    ['for no other launch', ['new'], 'sim-default-0-1-2', false],
    ['for no longer name', ['new'], `${NAME}1`, false],
    ['for no name in another case', ['new'], NAME.toUpperCase(), false],
  ] as [string, string[], string, boolean][])('counts %s', (_, secrets, name, counts) => {
    expect(check(secrets, name, given)).toBe(counts);
  });

  test('is not the other credential', () => expect(other(['new'], NAME, given)).toBe(false));

  test.each(['', 'x', '0'.repeat(64), 'ü'.repeat(32), 'ü'.repeat(64)])('is not %j', (wrong) => {
    expect(check(['new'], NAME, wrong)).toBe(false);
    expect(check(['new'], NAME, given.slice(1))).toBe(false);
    expect(check(['new'], NAME, `${given} `)).toBe(false);
  });

  test('cannot be made without a secret, and says what to do', () => {
    expect(() => make([], NAME)).toThrow(/ticket-secrets/);
  });
});
