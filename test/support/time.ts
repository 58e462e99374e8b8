/** What waits for virtual time, awaited from outside of it. */
import type { Stage } from './stage.ts';

/** Its value or its failure; time passes until it has ended, at most so many minutes. */
export async function whileTimePasses<Value>(stage: Stage, doing: Promise<Value>, minutes = 2): Promise<Value> {
  let hasEnded = false;
  const ended = () => {
    hasEnded = true;
  };
  doing.then(ended, ended);
  if (!(await stage.until(() => hasEnded, minutes))) throw new Error(`not ended after ${minutes} minutes`);
  return doing;
}
