/** What must hold between the settings of a pool, and between pools. */
import { fold, labelSet } from '../core/label.ts';
import { covers } from '../core/pool.ts';
import { type Finding, problem, warning } from './findings.ts';
import { repositoriesOverlap } from './overlap.ts';
import type { SoundPool } from './schema.ts';

/** Settings that are missing or have problems of their own are left alone. */
export function checkRules(pools: readonly SoundPool[]): Finding[] {
  const pairs = pools.flatMap((later, index) => pools.slice(0, index).map((earlier) => [earlier, later] as const));
  return [...pools.flatMap(checkRole), ...pools.flatMap(checkGroup), ...pairs.flatMap(checkPair)];
}

/** The job that runs `runs-on: {group: …}` must be able to reach the runner through that group. */
export function checkUnlabelled(unlabelled: string, pools: readonly SoundPool[]): Finding[] {
  const pool = pools.find(({ name }) => name === unlabelled);
  if (pool?.register !== 'repository') return [];
  const message = `jobs without labels name a runner group, but the runners of ${unlabelled} are registered on a repository, in no group: set register: organization there`;
  return [warning(['unlabelled'], message)];
}

/** Any job that reaches the runner gets its role, whatever `repositories` says: GitHub assigns jobs, not we. */
function checkRole({ name, taskRole, repositories, register, group }: SoundPool): Finding[] {
  if (!taskRole || !repositories || register === 'repository') return [];
  if (register === undefined || group === undefined || !isDefault(group)) return [];
  const message =
    'this role is for certain repositories only, but every repository of the organisation may use runners in the group Default: add register: repository, or a group that is restricted to these repositories';
  return [problem(['pools', name, 'taskRole'], message)];
}

function checkGroup({ name, register, group }: SoundPool): Finding[] {
  if (register !== 'repository' || group === undefined || isDefault(group)) return [];
  const message = 'has no effect: runners that are registered on a repository are in no group; remove one of the two';
  return [warning(['pools', name, 'group'], message)];
}

function isDefault(group: string): boolean {
  return fold(group) === fold('Default');
}

function checkPair([earlier, later]: readonly [SoundPool, SoundPool]): Finding[] {
  if (!earlier.labels || !later.labels) return [];
  const same = labelSet(earlier.labels).size === labelSet(later.labels).size && covers(earlier.labels, later.labels);
  if (same && repositoriesOverlap(earlier.repositories, later.repositories)) return [sameLabels(earlier, later)];
  const taker = [later, earlier].find((pool) => mayTake(pool, pool === later ? earlier : later));
  return taker ? [mayTakeJobs(taker, taker === later ? earlier : later)] : [];
}

function sameLabels(earlier: SoundPool, later: SoundPool): Finding {
  const message = `are the labels of ${earlier.name} too, for repositories that both serve, so no job of theirs would ever reach ${later.name}: give it a label of its own, or repositories of its own`;
  return problem(['pools', later.name, 'labels'], message);
}

function mayTake(taker: SoundPool, owner: SoundPool): boolean {
  return covers(taker.labels ?? [], owner.labels ?? []) && repositoriesOverlap(reach(taker), owner.repositories);
}

/** Who can use the runners: those repositories on which they are registered, or every one of the organisations. */
function reach({ register, repositories }: SoundPool): readonly string[] | undefined {
  return register === 'repository' ? repositories : repositories?.map((pattern) => pattern.replace(/\/.*/, '/*'));
}

function mayTakeJobs(taker: SoundPool, owner: SoundPool): Finding {
  const message = `contain all labels of ${owner.name}, so these runners may take jobs meant for ${owner.name}: if that matters, leave out a label that the two share`;
  return warning(['pools', taker.name, 'labels'], message);
}
