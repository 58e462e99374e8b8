/** Where the simulation takes place: pools whose labels contain each other, owners of both kinds, and who may have which role. */
import type { Pool } from '../../core/pool.ts';
import type { Job } from '../../sim/github-service/books.ts';
import type { Source } from '../../sim/workload.ts';

/** The longest job of the workload takes five. */
export const JOB_HOURS = 6;

const ROLES = 'arn:aws:iam::123456789012:role/runners';
const EVERYBODY = `${ROLES}/sim-task`;
const DEPLOYING = `${ROLES}/sim-deploy`;

export const POOLS: readonly Pool[] = [
  aPool({ name: 'default', labels: ['self-hosted', 'linux', 'x64', 'ecs'], max: 20, rerunsMax: 2 }),
  aPool({ name: 'large', labels: ['self-hosted', 'linux', 'x64', 'ecs', 'large'], max: 5 }),
  aPool({
    name: 'deploy',
    labels: ['self-hosted', 'linux', 'x64', 'ecs', 'deploy'],
    max: 3,
    repositories: ['octo-org/deploy-*'],
    register: 'repository',
    taskRole: DEPLOYING,
    role: DEPLOYING,
  }),
  aPool({ name: 'quick', labels: ['self-hosted', 'quick'], max: 4, warm: 1, group: 'Fast' }),
];

const PLAIN = [['self-hosted', 'linux', 'ecs'], ['ecs'], ['self-hosted', 'linux', 'x64', 'ecs']];
const LARGE = ['self-hosted', 'ecs', 'large'];
/** Somebody else's runners: GitHub's own, or another tool's. */
const FOREIGN = [['ubuntu-latest'], ['self-hosted', 'windows']];
/** What only repositories that deploy are served: others ask in vain. */
const DEPLOY = 'deploy';
const IN_VAIN = ['self-hosted', 'ecs', DEPLOY];

export const SOURCES: readonly Source[] = [
  { owner: 'octo-org', repo: 'app', weight: 5, asks: [...PLAIN, ...PLAIN, LARGE, ...FOREIGN, IN_VAIN] },
  { owner: 'octo-org', repo: 'web', weight: 3, asks: [...PLAIN, ['self-hosted', 'quick']] },
  { owner: 'octo-org', repo: 'deploy-tools', weight: 1, asks: [['self-hosted', 'deploy'], ['ecs']] },
  { owner: 'octo-org', repo: 'secret', weight: 0.6, asks: PLAIN, outside: true, slowness: 8 },
  { owner: 'other-org', repo: 'service', weight: 2, asks: [...PLAIN, LARGE] },
  { owner: 'octocat', repo: 'dotfiles', weight: 0.5, asks: PLAIN, user: true },
];

export const WARM = POOLS.reduce((sum, { warm }) => sum + warm, 0);

/** The family of its task definitions. */
export function familyNameOf({ name }: Pool): string {
  return `sim-${name}`;
}

/** The most living tasks of a pool's family; 0: there is no such pool. */
export function maxIn(pools: readonly Pool[], family: string): number {
  return pools.find((pool) => family === familyNameOf(pool))?.max ?? 0;
}

/** In how many attempts jobs of the family's pool are run again when they died with their instance. */
export function rerunsMaxOf(family: string): number {
  return POOLS.find((pool) => family === familyNameOf(pool))?.rerunsMax ?? 0;
}

/** What the App is granted: to run jobs again, too. */
export const PERMISSIONS = {
  metadata: 'read',
  actions: 'write',
  organization_self_hosted_runners: 'write',
  administration: 'write',
};

/** The role for deploying is for the repositories that deploy, the other one for all. */
export function mayHave(role: string | undefined, owner: string, repository: string): boolean {
  if (role === EVERYBODY) return true;
  return role === DEPLOYING && owner === 'octo-org' && repository.startsWith('deploy-');
}

/** The family of the pool that is to run it: of those whose labels cover what it asks for, the one with the fewest. */
export function familyOf({ labels, run: { repository } }: Job): string {
  const wanted = labels.map((label) => label.toLowerCase());
  const place = `${repository.owner.login}/${repository.name}`;
  const [pool] = POOLS.filter((pool) => wanted.every((label) => pool.labels.includes(label)))
    .filter(({ repositories: [only] }) => only === undefined || place.startsWith(only.replace('*', '')))
    .toSorted((one, other) => one.labels.length - other.labels.length);
  return pool === undefined ? 'none' : familyNameOf(pool);
}

/** Whether some pool is there for jobs of the repository that ask for this. */
export function isServed(labels: readonly string[], repository: string): boolean {
  const wanted = labels.map((label) => label.toLowerCase()).filter((label) => label !== 'self-hosted');
  if (wanted.includes(DEPLOY) && !repository.startsWith('deploy-')) return false;
  return !wanted.some((label) => FOREIGN.flat().includes(label));
}

function aPool(own: Partial<Pool> & Pick<Pool, 'name' | 'labels' | 'max'>): Pool {
  return {
    docker: 'none',
    repositories: [],
    register: 'organization',
    group: 'Default',
    role: EVERYBODY,
    warm: 0,
    idleSecondsMax: 60,
    jobHours: JOB_HOURS,
    taskDefinition: `sim-${own.name}:1`,
    capacityProvider: 'sim',
    ...own,
  };
}
