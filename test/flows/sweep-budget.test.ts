/** What a sweep may spend, and what an answer that nothing has changed costs. */
import { expect, test } from '@jest/globals';
import { budgetOf, partOf, within } from '../../lib/flows/sweep-budget.ts';
import { virtualClock } from '../../lib/sim/clock.ts';

const clock = virtualClock(0);

function answering(unchanged: boolean) {
  return async () => ({ kind: 'ok' as const, value: { items: [], total: 0, unchanged } });
}

test.each([
  [false, { calls: 3, paid: 2 }, 2],
  [true, { calls: 3, paid: 2 }, 3],
])('answers (unchanged: %s) within %j: %i calls', async (unchanged, allowance, made) => {
  const whole = budgetOf({ calls: 100, paid: 100 }, 1000);
  const budget = partOf(whole, allowance);
  const kinds: string[] = [];
  for (let call = 0; call < 5; call += 1) kinds.push((await within(clock, budget, answering(unchanged))).kind);
  expect(kinds.filter((kind) => kind === 'ok')).toHaveLength(made);
  expect(whole.spent).toEqual({ calls: made, paid: unchanged ? 0 : made });
});

test('after its time no call is made', async () => {
  const budget = budgetOf({ calls: 1, paid: 1 }, 0);
  expect(await within(clock, budget, answering(false))).toEqual({ kind: 'spent' });
});
