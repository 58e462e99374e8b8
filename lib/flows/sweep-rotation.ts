/** All repositories in turn: which of them have active runs? */
import { SWEEP_PARALLEL, SWEEP_REFUSALS_MAX } from '../core/limits.ts';
import type { SweepRecord } from '../core/sweep.ts';
import { inTurn, stuckAt } from '../core/sweep.ts';
import type { Failure, Installation, InstalledRepository, World } from '../world.ts';
import type { Budget } from './sweep-budget.ts';
import { activeRuns } from './sweep-visit.ts';

/** `cursor`: every repository up to there has been looked into. */
export type Rotated = Pick<SweepRecord, 'cursor' | 'stuck'> & { found: number[]; visited: number; failed?: Failure };

export async function rotate(
  world: World,
  budget: Budget,
  installation: Installation,
  repositories: readonly InstalledRepository[],
  { cursor, stuck }: Pick<SweepRecord, 'cursor' | 'stuck'>,
): Promise<Rotated> {
  const rotated: Rotated = { cursor, found: [], visited: 0 };
  let refusals = 0;
  const turns = inTurn(repositories, cursor);
  for (let start = 0; start < turns.length; start += SWEEP_PARALLEL) {
    const batch = turns.slice(start, start + SWEEP_PARALLEL);
    const visits = await Promise.all(
      batch.map(async (one) => ({ id: one.id, seen: await activeRuns(world, budget, placeOf(installation, one), 0) })),
    );
    for (const { id, seen } of visits) {
      if (seen.kind === 'spent') return rotated;
      const isPassed = seen.kind === 'ok' || seen.kind === 'gone' || seen.kind === 'refused';
      if (!isPassed) return { ...rotated, ...stopAt(id, seen, rotated.cursor, stuck) };
      rotated.cursor = id;
      rotated.visited += 1;
      if (seen.kind === 'ok' && seen.runs.length > 0) rotated.found.push(id);
      if (seen.kind === 'refused') refusals += 1;
      if (seen.kind === 'refused' && refusals === SWEEP_REFUSALS_MAX) return { ...rotated, failed: seen };
    }
  }
  return rotated;
}

export function placeOf({ id }: Installation, { owner, name }: InstalledRepository) {
  return { installation: id, owner, repository: name };
}

/** A limit of GitHub's is not the repository's fault. */
function stopAt(
  repository: number,
  failed: Failure,
  cursor: number,
  previous: SweepRecord['stuck'],
): Pick<Rotated, 'cursor' | 'stuck' | 'failed'> {
  if (failed.retryAfterSeconds !== undefined) return { cursor, failed };
  const { stuck, passOver } = stuckAt(repository, previous);
  return passOver ? { cursor: repository, failed } : { cursor, stuck, failed };
}
