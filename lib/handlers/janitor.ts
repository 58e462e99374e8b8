/** The schedule: one run a minute, one at a time. Who invokes it with `{"dryRun": true}` gets the decisions, and nothing is done. */
import type { BacklogRecord } from '../core/job.ts';
import { withinBudget } from '../flows/budgeted.ts';
import { clean } from '../flows/clean.ts';
import type { Config } from '../flows/config.ts';
import { dryWorld } from '../flows/dry-run.ts';
import { findLost } from '../flows/find-lost.ts';
import { worldFor } from '../flows/observe.ts';
import type { LogLine, World } from '../world.ts';

/** Lambda's answers have 6 MB at most; a line has a few hundred bytes. */
const DECISIONS_ANSWERED_MAX = 5000;

export type DryAnswer = { dryRun: true; decisions: LogLine[]; notShown: number };

export function janitorHandler(
  world: World,
  readConfig: () => Promise<Config>,
): (event?: unknown) => Promise<DryAnswer | undefined> {
  return async (event) => {
    const config = await readConfig();
    if (!isDryRun(event)) {
      await run(withinBudget(worldFor(world, config)), config);
      return undefined;
    }
    const said: LogLine[] = [];
    await run(withinBudget(dryWorld(world, (line) => said.push(line))), config);
    const decisions = said.slice(0, DECISIONS_ANSWERED_MAX);
    return { dryRun: true, decisions, notShown: said.length - decisions.length };
  };
}

/** Lost events are looked for also when the first half fails, each time perhaps: then no job is known to be waiting. */
async function run(world: World, config: Config): Promise<void> {
  const beganAt = world.clock.now();
  let backlog: BacklogRecord[] = [];
  try {
    backlog = await clean(world, config, beganAt);
  } finally {
    await findLost(world, config, backlog, beganAt);
  }
}

/** What the schedule sends has no such field. */
function isDryRun(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'dryRun' in event && event.dryRun === true;
}
