/** One repository: which of its runs are active, and what GitHub says of their jobs. */
import { SWEEP_JOB_PAGES_MAX } from '../core/limits.ts';
import type { RunJob } from '../core/sweep.ts';
import { ACTIVE_RUN_STATES, runsOfTurn } from '../core/sweep.ts';
import type { Failure, Repository, World } from '../world.ts';
import { type Budget, type Spent, within } from './sweep-budget.ts';

/** GitHub's pages of runs and of jobs. */
const PAGE_ENTRIES = 100;

export type Visited = { kind: 'ok'; runs: number[] } | Failure | Spent;

/** The newest hundred of each state and, by turns, a hundred of those behind them. */
export async function activeRuns(world: World, budget: Budget, repository: Repository, turn: number): Promise<Visited> {
  const runs: number[] = [];
  for (const state of ACTIVE_RUN_STATES) {
    const first = await within(world.clock, budget, () => world.github.activeRuns(repository, state, 1));
    if (first.kind !== 'ok') return first;
    runs.push(...first.value.items);
    const others = Math.ceil(first.value.total / PAGE_ENTRIES) - 1;
    if (others < 1) continue;
    const page = 2 + (turn % others);
    const further = await within(world.clock, budget, () => world.github.activeRuns(repository, state, page));
    if (further.kind !== 'ok') return further;
    runs.push(...further.value.items);
  }
  return { kind: 'ok', runs: [...new Set(runs)] };
}

/** `isLast`: all runs have had their turn. What was read before it failed counts. */
export type LookedInto = { jobs: RunJob[]; runs: number; isLast: boolean; failed?: Failure | Spent };

/** The jobs of as many runs as take their turn. */
export async function jobsOfTurn(
  world: World,
  budget: Budget,
  repository: Repository,
  turn: number,
): Promise<LookedInto> {
  const active = await activeRuns(world, budget, repository, turn);
  if (active.kind !== 'ok') return { jobs: [], runs: 0, isLast: false, failed: active };
  const { chosen, isLast } = runsOfTurn(active.runs, turn);
  const jobs: RunJob[] = [];
  for (const run of chosen) {
    const failed = await jobsOf(world, budget, repository, run, jobs);
    // A run that was deleted in the meantime has no jobs to tell of.
    if (failed !== undefined && failed.kind !== 'gone')
      return { jobs, runs: active.runs.length, isLast: false, failed };
  }
  return { jobs, runs: active.runs.length, isLast };
}

async function jobsOf(
  world: World,
  budget: Budget,
  repository: Repository,
  run: number,
  jobs: RunJob[],
): Promise<Failure | Spent | undefined> {
  for (let page = 1; page <= SWEEP_JOB_PAGES_MAX; page++) {
    const read = await within(world.clock, budget, () => world.github.runJobs(repository, run, page));
    if (read.kind !== 'ok') return read;
    jobs.push(...read.value.items);
    if (read.value.total <= page * PAGE_ENTRIES) return undefined;
  }
  return undefined;
}
