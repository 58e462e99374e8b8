/** What a step needs to say about what it found. */
import { deepStrictEqual } from 'node:assert';

export type Step = { name: string; run: () => Promise<void> };
export type Result = { passed: number; failed: number };
/** With where its logs are, which a part that passed does not need any more. */
export type PartResult = Result & { folder?: string };

/** One after the other; the first failure stops, and the ones after it count as failed: nothing is known of them. */
export async function runSteps(steps: readonly Step[], say: (line: string) => void): Promise<Result> {
  for (const [index, step] of steps.entries()) {
    if (!(await passes(step, say))) return { passed: index, failed: steps.length - index };
  }
  return { passed: steps.length, failed: 0 };
}

/** Groups of steps, so many at once, each in its order. What fails stops nothing: the steps after it say more about it. */
export async function runGroups(
  groups: readonly (readonly Step[])[],
  atOnce: number,
  say: (line: string) => void,
): Promise<Result> {
  const left = [...groups];
  const result = { passed: 0, failed: 0 };
  const work = async () => {
    for (let group = left.shift(); group !== undefined; group = left.shift()) {
      for (const step of group) result[(await passes(step, say)) ? 'passed' : 'failed'] += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return result;
}

async function passes({ name, run }: Step, say: (line: string) => void): Promise<boolean> {
  const startedAt = performance.now();
  const seconds = () => Math.round((performance.now() - startedAt) / 1000);
  say(`… ${name}`);
  try {
    await run();
    say(`✓ ${name} (${seconds()} s)`);
    return true;
  } catch (error) {
    say(`✗ ${name} (${seconds()} s)\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return false;
  }
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
