import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Budget, Heard, Limit, Quiet, Use } from '../../lib/core/budget.ts';
import { afterHearing, heldBack, needsProbe, withProbe } from '../../lib/core/budget.ts';
import {
  LIMIT_AGAIN_FIRST_MS,
  LIMIT_AGAIN_MAX_MS,
  PROBE_MS,
  RESERVE_SHARES,
  SILENCE_FIRST_MS,
  SILENCE_MAX_MS,
  SWEEP_AFTER_LIMIT_MS,
  UNANSWERED_MAX,
} from '../../lib/core/limits.ts';
import { NOW } from '../support/builders.ts';

const MINUTE = 60_000;
const RESET = NOW + 30 * MINUTE;
const ANSWER: Heard = { kind: 'answer' };
const SILENCE: Heard = { kind: 'no answer', reason: '502' };

function left(remaining: number, overrides: Partial<Limit> = {}): Limit {
  return { limit: 1000, remaining, resetsAt: RESET, ...overrides };
}

function refusedFor(seconds: number, kind: 'primary limit' | 'secondary limit' = 'secondary limit'): Heard {
  return { kind, seconds, reason: 'limited' };
}

function quiet(overrides: Partial<Quiet> = {}): Quiet {
  return { why: 'secondary limit', since: NOW, until: NOW + MINUTE, times: 1, reason: 'limited', ...overrides };
}

function hear(budget: Budget, ...heard: [Heard, number][]): Budget {
  return heard.reduce((before, [what, at]) => afterHearing(before, what, at), budget);
}

describe('what may be asked', () => {
  const uses = Object.keys(RESERVE_SHARES) as Use[];
  const allowedAt = (remaining: number) =>
    uses.filter((use) => heldBack({ limit: left(remaining) }, undefined, use, NOW) === undefined);

  test.each<[number, Use[]]>([
    [501, ['registration', 'removal', 'question', 'list', 'sweep']],
    [500, ['registration', 'removal', 'question', 'list']],
    [100, ['registration', 'removal', 'question']],
    [50, ['registration']],
    [1, ['registration']],
    [0, []],
  ])('with %i of 1,000 calls left: %j', (remaining, allowed) => {
    expect(allowedAt(remaining)).toEqual(allowed);
  });

  test('what this process has heard itself counts like what is noted', () => {
    expect(heldBack({}, left(100), 'list', NOW)).toMatchObject({ until: RESET });
    expect(heldBack({}, left(100), 'question', NOW)).toBeUndefined();
    expect(heldBack({}, left(0), 'registration', RESET)).toBeUndefined();
  });

  test('after its reset all is there again, whatever was noted', () => {
    expect(heldBack({ limit: left(0) }, undefined, 'sweep', RESET)).toBeUndefined();
    expect(heldBack({ limit: left(0) }, undefined, 'sweep', RESET - 1)).toMatchObject({ until: RESET });
  });

  test('what this process has heard counts too: the less of one hour, and the later of two', () => {
    expect(heldBack({ limit: left(900) }, left(0), 'removal', NOW)).toBeDefined();
    expect(heldBack({ limit: left(0) }, left(900), 'removal', NOW)).toBeDefined();
    expect(heldBack({ limit: left(0) }, left(900, { resetsAt: RESET + 60 * MINUTE }), 'removal', NOW)).toBeUndefined();
  });

  test('while GitHub wants to be left alone: nothing', () => {
    for (const use of uses) {
      expect(heldBack({ quiet: quiet() }, undefined, use, NOW)).toEqual({ reason: 'limited', until: NOW + MINUTE });
    }
  });

  test('afterwards launching comes first: a sweep waits until somebody has had an answer, or for two minutes', () => {
    const over = NOW + MINUTE;
    expect(heldBack({ quiet: quiet() }, undefined, 'registration', over)).toBeUndefined();
    expect(heldBack({ quiet: quiet() }, undefined, 'sweep', over)).toMatchObject({
      until: over + SWEEP_AFTER_LIMIT_MS,
    });
    expect(heldBack({ quiet: quiet() }, undefined, 'sweep', over + SWEEP_AFTER_LIMIT_MS)).toBeUndefined();
    expect(heldBack({ quiet: quiet({ why: 'no answer' }) }, undefined, 'sweep', over)).toBeUndefined();
  });
});

describe('what is noted of the primary limit', () => {
  test('nothing above the highest reserve, and within a reserve nothing twice', () => {
    const none: Budget = {};
    expect(afterHearing(none, { kind: 'answer', limit: left(501) }, NOW)).toBe(none);
    const noted = afterHearing(none, { kind: 'answer', limit: left(500) }, NOW);
    expect(noted.limit).toEqual(left(500));
    expect(afterHearing(noted, { kind: 'answer', limit: left(101) }, NOW)).toBe(noted);
    expect(afterHearing(noted, { kind: 'answer', limit: left(100) }, NOW).limit).toEqual(left(100));
  });

  test('never upwards within an hour, nor from an hour that is over', () => {
    const noted = { limit: left(50) };
    expect(afterHearing(noted, { kind: 'answer', limit: left(400, { resetsAt: RESET + 1000 }) }, NOW)).toBe(noted);
    expect(afterHearing(noted, { kind: 'answer', limit: left(0, { resetsAt: RESET - 10 * MINUTE }) }, NOW)).toBe(noted);
    expect(afterHearing(noted, { kind: 'answer', limit: left(0, { resetsAt: NOW }) }, NOW)).toBe(noted);
  });

  test('of a new hour what is there, though it is more', () => {
    const next = left(400, { resetsAt: RESET + 60 * MINUTE });
    expect(afterHearing({ limit: left(0) }, { kind: 'answer', limit: next }, RESET + 1).limit).toEqual(next);
  });

  test('a thousand calls of an hour are a handful of notes', () => {
    let budget: Budget = {};
    let notes = 0;
    for (let remaining = 1000; remaining >= 0; remaining--) {
      const after = afterHearing(budget, { kind: 'answer', limit: left(remaining) }, NOW);
      if (after !== budget) notes += 1;
      budget = after;
    }
    expect(notes).toBe(new Set(Object.values(RESERVE_SHARES)).size);
  });
});

describe('GitHub wants to be left alone', () => {
  test('for as long as it says', () => {
    expect(hear({}, [refusedFor(90), NOW]).quiet).toMatchObject({ since: NOW, until: NOW + 90_000, times: 1 });
  });

  test('who was under way is answered, or refused for less: that changes nothing', () => {
    const before = hear({}, [refusedFor(90), NOW]);
    expect(hear(before, [ANSWER, NOW + 1000])).toBe(before);
    expect(hear(before, [refusedFor(60), NOW + 1000])).toBe(before);
    expect(hear(before, [SILENCE, NOW + 1000])).toBe(before);
    expect(hear(before, [refusedFor(90), NOW + 1000]).quiet).toMatchObject({ times: 1, until: NOW + 91_000 });
  });

  test('refused again without an answer in between, longer each time, up to a limit', () => {
    let budget: Budget = {};
    let now = NOW;
    const waits = Array.from({ length: 6 }, () => {
      budget = hear(budget, [refusedFor(60), now]);
      const wait = (budget.quiet?.until ?? 0) - now;
      now += wait;
      return wait;
    });
    expect(waits.slice(0, 3)).toEqual([60_000, 2 * LIMIT_AGAIN_FIRST_MS, 4 * LIMIT_AGAIN_FIRST_MS]);
    expect(Math.max(...waits)).toBe(LIMIT_AGAIN_MAX_MS);
    expect(budget.quiet?.since).toBe(NOW);
  });

  test('the reset of the primary limit is what it is', () => {
    const again = hear({ quiet: quiet({ times: 3, until: NOW }) }, [refusedFor(10, 'primary limit'), NOW]);
    expect(again.quiet?.until).toBe(NOW + 10_000);
  });

  test('an answer afterwards ends it', () => {
    expect(hear({}, [refusedFor(60), NOW], [ANSWER, NOW + MINUTE])).toEqual({});
  });
});

describe('GitHub does not answer', () => {
  const times = (count: number): [Heard, number][] => Array.from({ length: count }, () => [SILENCE, NOW]);
  const out = hear({}, ...times(UNANSWERED_MAX));

  test('once is chance: it may be asked on', () => {
    const once = hear({}, ...times(UNANSWERED_MAX - 1));
    expect(once).toEqual({ unanswered: UNANSWERED_MAX - 1 });
    expect(hear(once, [ANSWER, NOW])).toEqual({});
  });

  test('several times in a row: one at a time tries, and holds all others back', () => {
    expect(out.quiet).toMatchObject({ why: 'no answer', until: NOW + SILENCE_FIRST_MS, times: 1 });
    const later = NOW + SILENCE_FIRST_MS;
    expect([needsProbe(out, later - 1), needsProbe(out, later)]).toEqual([false, true]);
    const probing = withProbe(out, later);
    expect(needsProbe(probing, later)).toBe(false);
    expect(heldBack(probing, undefined, 'registration', later)).toMatchObject({ until: later + PROBE_MS });
    // Whoever tried was never heard of again.
    expect(needsProbe(probing, later + PROBE_MS)).toBe(true);
  });

  test('in vain: less and less often, but every two minutes', () => {
    let budget = out;
    let now = NOW;
    const waits = Array.from({ length: 8 }, () => {
      now = budget.quiet?.until ?? now;
      budget = hear(withProbe(budget, now), [SILENCE, now + 100]);
      return (budget.quiet?.until ?? 0) - now - 100;
    });
    expect(waits.slice(0, 2)).toEqual([2 * SILENCE_FIRST_MS, 4 * SILENCE_FIRST_MS]);
    expect(Math.max(...waits)).toBe(SILENCE_MAX_MS);
    expect(budget.quiet?.since).toBe(NOW);
  });

  test('who was under way before changes nothing; any answer ends it', () => {
    expect(hear(out, [SILENCE, NOW + 1])).toBe(out);
    expect(hear(out, [ANSWER, NOW + 1])).toEqual({});
  });

  test('it answers that a limit is reached: then that counts', () => {
    expect(hear(out, [refusedFor(60), NOW + 1]).quiet).toMatchObject({
      why: 'secondary limit',
      times: 1,
      since: NOW + 1,
    });
  });
});

test('whatever is heard in whatever order: GitHub is never left alone for longer than it says, or than the limits', () => {
  const heard = fc.oneof(
    fc.constant(ANSWER),
    fc.constant(SILENCE),
    fc.integer({ min: 1, max: 3600 }).map((seconds) => refusedFor(seconds)),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(heard, fc.integer({ min: 0, max: 300_000 })), { maxLength: 60 }), (story) => {
      let budget: Budget = {};
      let now = NOW;
      for (const [what, pause] of story) {
        now += pause;
        budget = afterHearing(needsProbe(budget, now) ? withProbe(budget, now) : budget, what, now);
        const said = what.kind === 'secondary limit' ? what.seconds * 1000 : 0;
        const until = budget.quiet?.until ?? 0;
        if (what.kind === 'secondary limit') expect(until).toBeGreaterThanOrEqual(now + said);
        expect(until - now).toBeLessThanOrEqual(Math.max(3600_000, LIMIT_AGAIN_MAX_MS));
      }
    }),
  );
});
