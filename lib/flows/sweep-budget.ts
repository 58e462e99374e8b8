/** Calls of a sweep, counted before they are made: several are under way at a time, and together they stay within the budget. */
import type { Allowance } from '../core/sweep.ts';
import type { Clock, Outcome, Page } from '../world.ts';

/** Changed with every call. `until`: when to stop (ms since 1970). `whole`: what it is a part of. */
export type Budget = { left: Allowance; spent: Allowance; until: number; whole?: Budget };

/** No call was made. */
export type Spent = { kind: 'spent' };

export function budgetOf(allowance: Allowance, until: number): Budget {
  return { left: { ...allowance }, spent: { calls: 0, paid: 0 }, until };
}

/** What is spent of the part is spent of the whole. */
export function partOf(whole: Budget, allowance: Allowance): Budget {
  return { ...budgetOf(allowance, whole.until), whole };
}

/** A call that costs nothing is given back when that is known. */
export async function within<Item>(
  clock: Clock,
  budget: Budget,
  call: () => Promise<Outcome<Page<Item>>>,
): Promise<Outcome<Page<Item>> | Spent> {
  if (budget.left.calls < 1 || budget.left.paid < 1 || clock.now() >= budget.until) return { kind: 'spent' };
  spend(budget, { calls: 1, paid: 1 });
  const answer = await call();
  if (answer.kind === 'ok' && answer.value.unchanged) spend(budget, { calls: 0, paid: -1 });
  return answer;
}

function spend({ left, spent, whole }: Budget, { calls, paid }: Allowance): void {
  left.calls -= calls;
  left.paid -= paid;
  spent.calls += calls;
  spent.paid += paid;
  if (whole !== undefined) spend(whole, { calls, paid });
}
