/** Jobs that were not launched say why they wait. */
import type { BacklogRecord } from '../core/job.ts';
import { JOBS_TOLD_MAX } from '../core/limits.ts';
import type { PoolHealth } from '../core/pool-health.ts';
import { heldBy } from '../core/refusal.ts';
import type { World } from '../world.ts';
import type { Own } from './look.ts';

/** Those whose events are in hand; and those that wait for a refusal and do not say so yet, some in each look. */
export async function explainAll(
  world: World,
  { own, backlog, health }: { own: Own; backlog: readonly BacklogRecord[]; health: PoolHealth },
  launched: ReadonlySet<number>,
  why: string,
): Promise<void> {
  const isFree = (job: { installation: number; repository: string }) => heldBy(health.refusals, job) === undefined;
  await Promise.all([
    ...[...own.values()].filter(({ job }) => isFree(job)).map(({ item }) => explain(world, item, launched, why)),
    ...toBeTold(backlog, health).map(({ item, because }) => explain(world, item, launched, because)),
  ]);
}

function toBeTold(
  backlog: readonly BacklogRecord[],
  { refusals }: PoolHealth,
): { item: BacklogRecord; because: string }[] {
  const held = backlog.flatMap((item) => {
    const because = heldBy(refusals, item)?.reason;
    return because === undefined || because === item.reason ? [] : [{ item, because }];
  });
  return held.slice(0, JOBS_TOLD_MAX);
}

/** Those of other events said so when they were recorded. */
export async function explain(
  world: World,
  item: BacklogRecord | undefined,
  launched: ReadonlySet<number>,
  why: string,
): Promise<void> {
  if (item === undefined || item.state !== 'queued' || launched.has(item.job) || item.reason === why) return;
  world.log({ decision: 'job waits', reason: why, job: item.job, pool: item.pool });
  await world.backlog.put({ ...item, reason: why }, item);
}
