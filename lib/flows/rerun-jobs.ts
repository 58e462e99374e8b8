/** What became of the jobs of a run, in its latest attempt. */
import { RERUN_JOB_PAGES_MAX } from '../core/limits.ts';
import type { RunJob } from '../core/sweep.ts';
import type { Outcome, Repository, World } from '../world.ts';

/** GitHub's pages of jobs. */
const PAGE_ENTRIES = 100;

/** `isWhole`: these are all. */
export async function jobsOfRun(
  world: World,
  repository: Repository,
  run: number,
): Promise<Outcome<{ jobs: RunJob[]; isWhole: boolean }>> {
  const jobs: RunJob[] = [];
  for (let page = 1; page <= RERUN_JOB_PAGES_MAX; page += 1) {
    const read = await world.github.runJobs(repository, run, page);
    if (read.kind !== 'ok') return read;
    jobs.push(...read.value.items);
    if (read.value.total <= page * PAGE_ENTRIES) return { kind: 'ok', value: { jobs, isWhole: true } };
  }
  return { kind: 'ok', value: { jobs, isWhole: false } };
}
