/**
 * What GitHub refuses until somebody changes something: the App is suspended, a group is not there, a policy forbids it. It is held
 * once, in the pool's record, for all jobs that it concerns: they wait with its reason, cost nothing, and GitHub is asked now
 * and then whether it still refuses.
 */
import type { BacklogRecord } from './job.ts';
import { JOB_WAIT_MAX_MS, REFUSAL_ASKED_EVERY_MS, REFUSED_REPOSITORIES_MAX } from './limits.ts';
import type { PoolHealth } from './pool-health.ts';
import type { Seat } from './runner.ts';

export type Refusal = {
  installation: number;
  owner: string;
  /** Only its jobs are concerned, unless `everywhere`; absent: all of the owner's in this pool. */
  repository?: string;
  /** So many repositories of the owner were refused that all are taken to be. */
  everywhere?: true;
  /** `registration`: a runner is not registered. `group`: it is, and its group does not admit the repository. */
  what: 'registration' | 'group';
  reason: string;
  /** Milliseconds since 1970. */
  since: number;
  askAt: number;
};

type Asked = Pick<BacklogRecord, 'installation' | 'repository'>;
type Placed = Pick<BacklogRecord, 'installation' | 'owner' | 'repository'>;

/** The refusal for which the job waits. */
export function heldBy(refusals: readonly Refusal[] = [], { installation, repository }: Asked): Refusal | undefined {
  return refusals.find((one) => {
    const isConcerned = one.everywhere || one.repository === undefined || one.repository === repository;
    return one.installation === installation && isConcerned;
  });
}

/** Nothing is done for a job whose owner is refused, whatever GitHub says of it; until it is so old that it is given up. */
export function isWorthAsking(refusals: readonly Refusal[] | undefined, item: BacklogRecord, now: number): boolean {
  if (item.state !== 'queued' || now - item.recordedAt >= JOB_WAIT_MAX_MS) return true;
  return heldBy(refusals, item)?.what !== 'registration';
}

/** The runner group does not admit the job's repository: GitHub gives no job of it to the pool's runners. */
export function notAdmitted(group: string, { installation, owner, repository }: Placed, now: number): Refusal {
  const reason = `the runner group "${group}" does not admit the repository ${owner}/${repository}`;
  const askAt = now + REFUSAL_ASKED_EVERY_MS;
  return { installation, owner, repository, what: 'group', reason, since: now, askAt };
}

/** GitHub refused to register this runner, and would refuse others for the same jobs. */
export function refusalOf(seat: Seat, reason: string, now: number): Refusal | undefined {
  const { installation, owner, repository } = seat;
  if (installation === undefined || owner === undefined) return undefined;
  const where = { installation, owner, ...(repository !== undefined && { repository }) };
  return { ...where, what: 'registration', reason, since: now, askAt: now + REFUSAL_ASKED_EVERY_MS };
}

/** The record with it: one for the same jobs takes its place, and keeps since when. */
export function withRefusal(record: PoolHealth, refusal: Refusal): PoolHealth {
  const known = record.refusals ?? [];
  const others = known.filter((one) => !isSame(one, refusal));
  const same = known.find((one) => isSame(one, refusal));
  const added = {
    ...refusal,
    since: same?.since ?? refusal.since,
    ...(same?.everywhere && { everywhere: true as const }),
  };
  const ofOwner = others.filter((one) => one.installation === added.installation);
  if (added.repository === undefined || added.everywhere || ofOwner.length + 1 < REFUSED_REPOSITORIES_MAX) {
    return { ...record, refusals: [...others, added] };
  }
  const rest = others.filter((one) => one.installation !== added.installation);
  return { ...record, refusals: [...rest, { ...added, everywhere: true }] };
}

/** The record without it: GitHub refuses no more, or nobody waits. */
export function withoutRefusal(record: PoolHealth, refusal: Refusal): PoolHealth {
  const { refusals: known = [], ...rest } = record;
  const others = known.filter((one) => !isSame(one, refusal));
  if (others.length === known.length) return record;
  return { ...rest, ...(others.length > 0 && { refusals: others }) };
}

/** The record without any refusal of the owner under this name in this installation. */
export function withoutOwner(
  record: PoolHealth,
  { installation, owner }: Pick<Refusal, 'installation' | 'owner'>,
): PoolHealth {
  const { refusals: known = [], ...rest } = record;
  const others = known.filter((one) => one.installation !== installation || one.owner !== owner);
  if (others.length === known.length) return record;
  return { ...rest, ...(others.length > 0 && { refusals: others }) };
}

function isSame(one: Refusal, other: Refusal): boolean {
  const isSameOwner = one.installation === other.installation;
  return isSameOwner && (one.everywhere === true || one.repository === other.repository);
}
