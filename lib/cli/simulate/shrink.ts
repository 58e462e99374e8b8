/** Fewer faults that still break the same promise: each is left out once, and stays out if the seed fails without it. */
import type { FaultList } from '../../sim/faults/table.ts';
import type { Run } from './run.ts';

export type Runner = (faults: FaultList) => Promise<Run>;

export async function shrink(failed: Run, runWith: Runner): Promise<Run> {
  let smallest = failed;
  for (const name of Object.keys(failed.faults)) {
    const { [name]: _, ...others } = smallest.faults;
    const tried = await runWith(others);
    if (isSame(tried, failed)) smallest = tried;
  }
  return smallest;
}

/** Another broken promise would be another story. */
function isSame(one: Run, other: Run): boolean {
  return one.breaches[0]?.promise === other.breaches[0]?.promise;
}
