/** What a step needs to say about what it found. */
import { deepStrictEqual } from 'node:assert';

export type Step = { name: string; run: () => Promise<void> };

/** One after the other; the first failure stops, and the ones after it count as failed: nothing is known of them. */
export async function runSteps(
  steps: readonly Step[],
  say: (line: string) => void,
): Promise<{ passed: number; failed: number }> {
  for (const [index, { name, run }] of steps.entries()) {
    const startedAt = performance.now();
    say(`… ${name}`);
    try {
      await run();
    } catch (error) {
      say(`✗ ${name}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      return { passed: index, failed: steps.length - index };
    }
    say(`✓ ${name} (${Math.round((performance.now() - startedAt) / 1000)} s)`);
  }
  return { passed: steps.length, failed: 0 };
}

/** Throws with both when they differ. */
export function same(what: string, actual: unknown, expected: unknown): void {
  try {
    deepStrictEqual(actual, expected);
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.message : ''}`, { cause: error });
  }
}

export function holds(what: string, condition: boolean): void {
  if (!condition) throw new Error(`does not hold: ${what}`);
}
