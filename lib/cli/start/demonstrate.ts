/** The demonstration: jobs are queued, their progress is shown, and at the end what happened. */
import { setTimeout as sleep } from 'node:timers/promises';
import { countJobs, leftovers, queueJobs } from '../../local/demonstration.ts';
import type { Stack } from '../../local/stack.ts';
import type { PoolsFile } from '../../pools-file/schema.ts';
import type { StartOptions } from './options.ts';
import { addressesText, jobsTable, progress } from './report.ts';

/** How often it is looked at, in real milliseconds. */
const LOOK_MS = 200;
/** It is given up after so long without any change: real time for slow machines, simulated time for slow services. */
const STALLED_REAL_MS = 60_000;
const STALLED_SIMULATED_MS = 1_800_000;

/** Gives what is left behind; without `--once` it does not look for it, and waits as long as it takes. */
export async function demonstrate(stack: Stack, pools: PoolsFile, options: StartOptions): Promise<string[]> {
  if (options.jobs === 0) return options.once ? leftovers(stack) : [];
  queueJobs(stack.github, pools, options.jobs);
  const shown = progress(process.stdout);
  const counts = () => countJobs(stack.github.control.jobs());
  const left = await untilDone(stack, options, () => shown.show(counts()));
  shown.end(counts());
  console.log(`\n${jobsTable(stack.github.control.jobs())}\n`);
  if (left.length > 0) console.error(`Left behind:\n${left.map((line) => `  ${line}`).join('\n')}`);
  else if (options.once) console.log('Nothing is left behind.');
  else console.log(addressesText(stack));
  return left;
}

async function untilDone(stack: Stack, { once, speed }: StartOptions, look: () => void): Promise<string[]> {
  const stalledMs = Math.max(STALLED_REAL_MS, STALLED_SIMULATED_MS / speed);
  let last = { what: '', since: Date.now() };
  for (;;) {
    look();
    const open = stack.github.control.jobs().filter(({ state }) => state !== 'completed').length;
    const left = once && open === 0 ? await leftovers(stack) : [];
    if (open + left.length === 0) return [];
    const what = `${open} ${left.length}`;
    if (what !== last.what) last = { what, since: Date.now() };
    if (once && Date.now() - last.since > stalledMs) return leftovers(stack);
    await sleep(LOOK_MS);
  }
}
