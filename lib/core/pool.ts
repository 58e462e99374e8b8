/** A pool: a kind of runner, as the functions read it (from the parameter `pools`, which is made from `pools.yml`). */

import { fold, labelSet, matchesRepository } from './label.ts';

export type Pool = {
  name: string;
  /** Registered exactly as written; compared without case. */
  labels: readonly string[];
  docker: 'dind' | 'socket' | 'none';
  /** The most runners at a time; it has that many places. */
  max: number;
  /** `owner/name` patterns with `*`, compared without case; empty: every repository. */
  repositories: readonly string[];
  /** Repositories owned by a user have repository runners only, whatever stands here. */
  register: 'organization' | 'repository';
  /** Runner group of the organisation, by name. */
  group: string;
  /** Its runners get a registration token; absent: a JIT configuration. */
  registration?: 'token';
  /** ARN of the task role; absent: the task definition's own. */
  taskRole?: string;
  /**
   * ARN of the role that its tasks have, whoever named it: their containers prove with it who they are. Absent: the pool's
   * task definition is of a version that did not prove anything.
   */
  role?: string;
  /** So many runners wait for jobs, booted and not registered; at most `max`. */
  warm: number;
  /** A runner for which no job waits leaves after this long. */
  idleSecondsMax: number;
  /** The longest job that it allows; absent: as long as GitHub does. */
  jobHours?: number;
  /** A job that died with its instance is run again in so many attempts of its run; absent: never. */
  rerunsMax?: number;
  /** Revision included: the same request must always make the same call. */
  taskDefinition: string;
  capacityProvider?: string;
  /** Where its runners' containers log. */
  logGroup?: string;
};

export type Pools = {
  /** The pool for jobs without labels (`runs-on: {group: …}` sends none); absent: they are ignored. */
  unlabelled?: string;
  /** In file order. */
  pools: readonly Pool[];
};

/** What matching needs to know of a job. */
export type Asked = { labels: readonly string[]; owner: string; repository: string };

/** The pool that serves a job, or why none does. */
export type Match = { pool: Pool } | { ignored: string };

/**
 * Every label of the job must be among the pool's, and its repository admitted. Among several pools the one with the
 * fewest extra labels wins, so that a job does not take a runner that is more special than it asked for; then the
 * first in the file.
 */
export function poolFor({ pools, unlabelled }: Pools, job: Asked): Match {
  const able = job.labels.length > 0 ? covering(pools, job.labels) : pools.filter(({ name }) => name === unlabelled);
  const admitting = able.filter((pool) => admits(pool, job));
  const pool = admitting.toSorted((one, other) => labelSet(one.labels).size - labelSet(other.labels).size)[0];
  return pool ? { pool } : { ignored: able.length > 0 ? notAdmitted(able, job) : notCovered(pools, job.labels) };
}

/** The backlog that a job is in: its pool's, or UNSERVED with the reason. */
export type Home = { pool: string; reason?: string };

/** Where jobs stay in sight that no pool serves, as the pools are now; no pool can have this name. */
export const UNSERVED = '#unserved';

/** A job that was in some pool's backlog, or came for one, belongs here now that the pools are these. */
export function homeOf(pools: Pools, job: Asked): Home {
  const match = poolFor(pools, job);
  if ('pool' in match) return { pool: match.pool.name };
  return { pool: UNSERVED, reason: `no pool serves it any more: ${match.ignored}` };
}

/** GitHub's rule: every label of the job is among the runner's; case does not matter; order and repetition neither. */
export function covers(runnerLabels: readonly string[], jobLabels: readonly string[]): boolean {
  const have = labelSet(runnerLabels);
  return jobLabels.every((label) => have.has(fold(label)));
}

/** Whether the pool serves jobs of this repository. */
export function admits(pool: Pick<Pool, 'repositories'>, { owner, repository }: Omit<Asked, 'labels'>): boolean {
  const patterns = pool.repositories;
  return patterns.length === 0 || patterns.some((pattern) => matchesRepository(pattern, owner, repository));
}

function covering(pools: readonly Pool[], jobLabels: readonly string[]): readonly Pool[] {
  return pools.filter((pool) => covers(pool.labels, jobLabels));
}

function notAdmitted(able: readonly Pool[], { owner, repository }: Asked): string {
  return `the repository ${owner}/${repository} is not admitted by ${listed(able.map(({ name }) => `pool ${name}`))}`;
}

function notCovered(pools: readonly Pool[], labels: readonly string[]): string {
  if (labels.length === 0) return 'the job names no labels, and no pool is set for such jobs (unlabelled)';
  const known = labelSet(pools.flatMap((pool) => pool.labels));
  const distinct = [...new Map(labels.map((label) => [fold(label), JSON.stringify(label)]))];
  const unknown = distinct.filter(([folded]) => !known.has(folded));
  if (unknown.length === 0) return `no pool has all of the labels ${listed(distinct.map(([, label]) => label))}`;
  return `no pool has the label ${listed(unknown.map(([, label]) => label))}`;
}

/** Names in one reason, which becomes a log line and an answer; a job may have any number of labels. */
const NAMES_LISTED_MAX = 10;
/** Letters per name in a reason; GitHub allows labels of 256. */
const NAME_LETTERS_MAX = 300;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_LISTED_MAX).map((name) => name.slice(0, NAME_LETTERS_MAX));
  const more = names.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
