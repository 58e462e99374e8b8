/** A pool: a kind of runner, as the functions read it (from the parameter `pools`, which is made from `pools.yml`). */

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
  /** ARN of the task role; absent: the task definition's own. */
  taskRole?: string;
  /** A runner for which no job waits leaves after this long. */
  idleSecondsMax: number;
  /** Revision included: the same request must always make the same call. */
  taskDefinition: string;
  capacityProvider?: string;
};

export type Pools = {
  /** The pool for jobs without labels (`runs-on: {group: …}` sends none); absent: they are ignored. */
  unlabelled?: string;
  /** In file order. */
  pools: readonly Pool[];
};

/** GitHub's rule: every label of the job is among the runner's; case does not matter; order and repetition neither. */
export function covers(runnerLabels: readonly string[], jobLabels: readonly string[]): boolean {
  const have = new Set(runnerLabels.map((label) => label.toLowerCase()));
  return jobLabels.every((label) => have.has(label.toLowerCase()));
}
