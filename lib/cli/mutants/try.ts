/** Tries bugs side by side, each worker in a copy of its own. */
import { type Days, runSeeds, runTests, type Verdict } from './checks.ts';
import { isSimulated, type Mutant, whilePlanted } from './mutant.ts';
import type { Tried } from './report.ts';

export type Checks = { tests: boolean; simulation: Days | undefined; signal: AbortSignal };

/** Why the unchanged copy fails, so that nothing could be proved with it; `undefined`: it passes. */
export async function troubleUnchanged(
  copy: string,
  mutants: readonly Mutant[],
  checks: Checks,
): Promise<string | undefined> {
  const files = [...new Set(mutants.flatMap(({ tests }) => tests))];
  const all: Verdict[] = [
    ...(checks.tests && files.length > 0 ? [await runTests(copy, files, checks.signal)] : []),
    ...(checks.simulation ? [await runSeeds(copy, checks.simulation, checks.signal)] : []),
  ];
  const [failed] = all.flatMap((one) => (one.is === 'not caught' ? [] : [one.is === 'caught' ? one.by : one.why]));
  return failed;
}

/** In the order of the table; told to end, only those that were done. `done` hears of each. */
export async function tryAll(
  copies: readonly string[],
  mutants: readonly Mutant[],
  checks: Checks,
  done: (one: Tried) => void,
): Promise<Tried[]> {
  const left = [...mutants];
  const tried = new Map<Mutant, Tried>();
  await Promise.all(
    copies.map(async (copy) => {
      for (let next = left.shift(); next !== undefined && !checks.signal.aborted; next = left.shift()) {
        const one = await tryOne(copy, next, checks);
        if (checks.signal.aborted) return;
        tried.set(next, one);
        done(one);
      }
    }),
  );
  return mutants.flatMap((mutant) => tried.get(mutant) ?? []);
}

async function tryOne(copy: string, mutant: Mutant, { tests, simulation, signal }: Checks): Promise<Tried> {
  const startedAt = performance.now();
  const verdicts = await whilePlanted(copy, mutant, async () => ({
    ...(tests && { tests: await runTests(copy, mutant.tests, signal) }),
    ...(simulation && { simulation: await simulated(copy, mutant, simulation, signal) }),
  }));
  const seconds = (performance.now() - startedAt) / 1000;
  return { mutant, seconds, ...(verdicts ?? { misplaced: true }) };
}

async function simulated(copy: string, mutant: Mutant, days: Days, signal: AbortSignal): Promise<Verdict> {
  return isSimulated(mutant) ? runSeeds(copy, days, signal) : { is: 'not run', why: 'not simulated' };
}
