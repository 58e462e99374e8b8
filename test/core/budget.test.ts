/** What of the primary limit is left for which calls. */
import { expect, test } from '@jest/globals';
import { heldBack, type Use } from '../../lib/core/budget.ts';
import { NOW } from '../support/builders.ts';

const RESETS_AT = NOW + 50 * 60_000;

const rows: [remaining: number, held: Use[]][] = [
  [501, []],
  [500, ['sweep']],
  [100, ['list', 'sweep']],
  [50, ['removal', 'question', 'list', 'sweep']],
  [1, ['removal', 'question', 'list', 'sweep']],
  [0, ['registration', 'removal', 'question', 'list', 'sweep']],
];
test.each(rows)('with %i of 1,000 calls left wait: %j', (remaining, held) => {
  const limit = { limit: 1000, remaining, resetsAt: RESETS_AT };
  const uses: Use[] = ['registration', 'removal', 'question', 'list', 'sweep'];
  const waiting = uses.filter((use) => heldBack({ limit }, undefined, use, NOW)?.until === RESETS_AT);
  expect(waiting).toEqual(held);
  // What this process has heard itself counts as well; after the reset, neither.
  expect(uses.filter((use) => heldBack({}, limit, use, NOW) !== undefined)).toEqual(held);
  expect(uses.filter((use) => heldBack({ limit }, limit, use, RESETS_AT) !== undefined)).toEqual([]);
});
