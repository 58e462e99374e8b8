import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MINT_VOID_AFTER_MS, MINTS_BURST, MINTS_MAX, MINTS_PER_MINUTE, SCOPE_KEPT_MS } from '../../lib/core/limits.ts';
import { mayMint, takeMint } from '../../lib/core/registration.ts';
import type { InstallationRecord, Seat } from '../../lib/core/runner.ts';
import { aSeat, NOW } from '../support/builders.ts';

const decisions: [string, Partial<Seat>, string][] = [
  ['a launching runner is registered', {}, 'mint'],
  ['a registered one whose answer was lost is registered again', { state: 'registered', mint: 1 }, 'mint'],
  ['the last mint is still one', { mint: MINTS_MAX - 1 }, 'mint'],
  ['all mints were lost', { mint: MINTS_MAX }, 'exhausted'],
  ['another mint is in flight', { mintingAt: NOW - MINT_VOID_AFTER_MS + 1 }, 'wait'],
  ['… and is void after the function’s time-out', { mintingAt: NOW - MINT_VOID_AFTER_MS }, 'mint'],
  ['the last one is in flight', { mint: MINTS_MAX, mintingAt: NOW }, 'wait'],
  ['one that was told to go is gone', { state: 'gone' }, 'gone'],
  ['one that has a job asks for no other', { state: 'busy' }, 'gone'],
];
test.each(decisions)('%s', (_, seat, decision) => {
  expect(mayMint(aSeat(seat), NOW).decision).toBe(decision);
});

describe('the bucket of an installation', () => {
  const where = { installation: 7, owner: 'octo-org' };
  const first = takeMint(undefined, where, NOW).record;
  const withTokens = (tokens: number, overrides: Partial<InstallationRecord> = {}) => ({
    ...first,
    tokens,
    ...overrides,
  });

  test('is full at first, and one is taken', () => {
    expect(first).toMatchObject({ kind: 'installation', place: 7, tokens: MINTS_BURST - 1, filledAt: NOW });
    expect(first.scopes).toEqual([{ owner: 'octo-org', mintedAt: NOW }]);
  });

  test('an empty one says when there will be one again', () => {
    const { record, waitSeconds } = takeMint(withTokens(0), where, NOW);
    expect(waitSeconds).toBe(Math.ceil(60 / MINTS_PER_MINUTE));
    expect(record.tokens).toBe(0);
    expect(takeMint(record, where, NOW + Number(waitSeconds) * 1000).waitSeconds).toBeUndefined();
  });

  test('a part of one is not one', () => {
    expect(takeMint(withTokens(0.99), where, NOW).waitSeconds).toBe(1);
  });

  test('is never fuller than full, nor emptied by a clock that goes back', () => {
    expect(takeMint(withTokens(5), where, NOW + 3_600_000).record.tokens).toBe(MINTS_BURST - 1);
    expect(takeMint(withTokens(5), where, NOW - 3_600_000).record.tokens).toBe(4);
  });

  test('GitHub’s wish to be left alone is obeyed to the millisecond, and forgotten', () => {
    const quiet = withTokens(50, { notBefore: NOW + 1500 });
    expect(takeMint(quiet, where, NOW)).toMatchObject({ waitSeconds: 2, record: { notBefore: NOW + 1500 } });
    expect(takeMint(quiet, where, NOW + 1499).waitSeconds).toBe(1);
    const after = takeMint(quiet, where, NOW + 1500);
    expect(after.waitSeconds).toBeUndefined();
    expect(after.record).not.toHaveProperty('notBefore');
  });

  test('remembers each place once, for a day', () => {
    const also = { ...where, repository: 'app' };
    const two = takeMint(takeMint(first, also, NOW + 1).record, where, NOW + 2).record;
    expect(two.scopes).toEqual([
      { owner: 'octo-org', repository: 'app', mintedAt: NOW + 1 },
      { owner: 'octo-org', mintedAt: NOW + 2 },
    ]);
    const late = takeMint(two, { ...where, repository: 'web' }, NOW + 1 + SCOPE_KEPT_MS).record;
    expect(late.scopes.map(({ repository }) => repository)).toEqual([undefined, 'web']);
  });

  test('never gives more than the burst and what a minute allows', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2000 }), { maxLength: 400 }), (pauses) => {
        let record: Parameters<typeof takeMint>[0];
        let given = 0;
        let now = NOW;
        for (const pause of pauses) {
          now += pause;
          const taken = takeMint(record, where, now);
          record = taken.record;
          if (taken.waitSeconds === undefined) given += 1;
        }
        expect(given).toBeLessThanOrEqual(MINTS_BURST + ((now - NOW) / 60_000) * MINTS_PER_MINUTE + 1e-6);
      }),
    );
  });
});
