import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  LAUNCH_AHEAD_MS,
  MINTS_BURST,
  MINTS_PER_MINUTE,
  SCOPE_KEPT_MS,
  SILENCE_MAX_MS,
  TURN_KEPT_MS,
} from '../../lib/core/limits.ts';
import { isItsTurn, launchHold, nextTurnAt, refill, takeCalls, takeTurn, waitsForTurn } from '../../lib/core/pacing.ts';
import type { InstallationRecord } from '../../lib/core/runner.ts';
import { NOW } from '../support/builders.ts';

const where = { installation: 7, owner: 'octo-org' };
const first = takeTurn(undefined, where, NOW).record;
const GAP_MS = 60_000 / MINTS_PER_MINUTE;
const MINUTE_MS = 60_000;

function withTokens(tokens: number, overrides: Partial<InstallationRecord> = {}) {
  return { ...first, tokens, ...overrides };
}

function quietFor(ms: number) {
  return { why: 'secondary limit', since: NOW, until: NOW + ms, times: 1, reason: 'limited' } as const;
}

describe('the bucket of an installation', () => {
  test('is full at first, and one is taken', () => {
    expect(first).toMatchObject({ kind: 'installation', place: 7, tokens: MINTS_BURST - 1, filledAt: NOW });
    expect(first.scopes).toEqual([{ owner: 'octo-org', mintedAt: NOW }]);
  });

  test('an empty one gives turns of their own, one after the other', () => {
    const one = takeTurn(withTokens(0), where, NOW);
    const two = takeTurn(one.record, where, NOW);
    expect([one.at - NOW, two.at - NOW]).toEqual([GAP_MS, 2 * GAP_MS]);
  });

  test('a part of one is not one', () => {
    expect(takeTurn(withTokens(0.5), where, NOW).at).toBe(NOW + GAP_MS / 2);
  });

  test('is never fuller than full, nor emptied by a clock that goes back', () => {
    expect(takeTurn(withTokens(5), where, NOW + 60 * MINUTE_MS).record.tokens).toBe(MINTS_BURST - 1);
    expect(takeTurn(withTokens(5), where, NOW - 60 * MINUTE_MS).record.tokens).toBe(4);
  });

  test('while GitHub is left alone, turns begin after it, and no more at once than ever', () => {
    let record: Parameters<typeof takeTurn>[0] = withTokens(0, { quiet: quietFor(50 * MINUTE_MS) });
    const turns = Array.from({ length: MINTS_BURST + 10 }, () => {
      const taken = takeTurn(record, where, NOW);
      record = taken.record;
      return taken.at - NOW - 50 * MINUTE_MS;
    });
    expect(turns.filter((at) => at === 0)).toHaveLength(MINTS_BURST);
    expect(Math.min(...turns)).toBe(0);
    expect(Math.max(...turns)).toBe(10 * GAP_MS);
  });

  test('nothing is registered while nothing of the primary limit is left', () => {
    const record = withTokens(5, { limit: { limit: 5000, remaining: 0, resetsAt: NOW + MINUTE_MS } });
    expect(nextTurnAt(record, NOW)).toBe(NOW + MINUTE_MS);
    expect(nextTurnAt(record, NOW + MINUTE_MS)).toBe(NOW + MINUTE_MS);
  });

  test('a sweep takes a fifth of a registration for each call, and may leave others waiting', () => {
    expect(takeCalls(withTokens(MINTS_BURST), 200, NOW).tokens).toBe(MINTS_BURST - 40);
    expect(refill(takeCalls(withTokens(MINTS_BURST), 200, NOW), NOW + MINUTE_MS).tokens).toBe(MINTS_BURST);
  });

  test('remembers each place once, for a day', () => {
    const also = { ...where, repository: 'app' };
    const two = takeTurn(takeTurn(first, also, NOW + 1).record, where, NOW + 2).record;
    expect(two.scopes).toEqual([
      { owner: 'octo-org', repository: 'app', mintedAt: NOW + 1 },
      { owner: 'octo-org', mintedAt: NOW + 2 },
    ]);
    const late = takeTurn(two, { ...where, repository: 'web' }, NOW + 1 + SCOPE_KEPT_MS).record;
    expect(late.scopes.map(({ repository }) => repository)).toEqual([undefined, 'web']);
  });

  test('never gives more turns than the burst and what a minute allows, whenever who asks', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 400 }), (pauses) => {
        let record: Parameters<typeof takeTurn>[0];
        let now = NOW;
        const turns = pauses.map((pause) => {
          now += pause;
          const taken = takeTurn(record, where, now);
          record = taken.record;
          return taken.at;
        });
        for (const start of turns) {
          const inMinute = turns.filter((at) => at >= start && at < start + MINUTE_MS).length;
          expect(inMinute).toBeLessThanOrEqual(MINTS_BURST + MINTS_PER_MINUTE + 1);
        }
      }),
    );
  });
});

describe('a turn', () => {
  const turn = { turnAt: NOW };
  test.each<[string, Partial<InstallationRecord>, number, boolean]>([
    ['has come', {}, NOW, true],
    ['has not come yet', {}, NOW - 1, false],
    ['is missed by whoever comes much too late', {}, NOW + TURN_KEPT_MS, false],
    ['is void while GitHub is left alone', { quiet: quietFor(1000) }, NOW + 500, false],
    ['is good when that is over', { quiet: quietFor(1000) }, NOW + 1000, true],
  ])('%s', (_, record, now, isIts) => {
    expect(isItsTurn(turn, withTokens(0, record), now)).toBe(isIts);
  });

  test('who has none has not come in it', () => {
    expect(isItsTurn({}, first, NOW)).toBe(false);
    expect(waitsForTurn({}, first, NOW)).toBe(false);
  });

  test('who comes before it keeps it, unless GitHub is to be left alone for longer', () => {
    expect(waitsForTurn(turn, first, NOW - 1)).toBe(true);
    expect(waitsForTurn(turn, withTokens(0, { quiet: quietFor(1) }), NOW - 1)).toBe(false);
  });
});

describe('whether a container may be launched', () => {
  const silent = (sinceMs: number, untilMs: number) =>
    withTokens(5, {
      quiet: { why: 'no answer', since: NOW - sinceMs, until: NOW + untilMs, times: 1, reason: '502' },
    });

  test.each<[string, InstallationRecord | typeof first, number | undefined]>([
    ['there is a turn at once', first, undefined],
    ['the turn comes while it boots', withTokens(-MINTS_PER_MINUTE + 1), undefined],
    ['there is no turn before', withTokens(-2 * MINTS_PER_MINUTE), MINUTE_MS + GAP_MS],
    ['a limit holds for as long as a boot takes', withTokens(5, { quiet: quietFor(LAUNCH_AHEAD_MS) }), undefined],
    ['a limit holds for longer', withTokens(5, { quiet: quietFor(50 * MINUTE_MS) }), 49 * MINUTE_MS],
    ['GitHub has not answered for a moment', silent(10_000, 10_000), undefined],
    ['GitHub has not answered for a while', silent(LAUNCH_AHEAD_MS, 10_000), 10_000 + SILENCE_MAX_MS],
    ['… and somebody is about to try', silent(LAUNCH_AHEAD_MS, -1000), SILENCE_MAX_MS - 1000],
    ['… and nobody has', silent(LAUNCH_AHEAD_MS, -SILENCE_MAX_MS), undefined],
  ])('%s', (_, record, heldMs) => {
    expect(launchHold(record, NOW)?.until).toBe(heldMs === undefined ? undefined : NOW + heldMs);
  });
});
