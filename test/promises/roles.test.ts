/**
 * A job never gets a role that is not for its repository, whichever runner GitHub gives it to. Small worlds by the hundred, in which
 * nearly everything is drawn; judged by which role ECS gave to the task in which GitHub says that the job ran.
 *
 * More of them: `SEEDS=1000 npm test -- test/promises/roles`.
 */
import { expect, test } from '@jest/globals';
import type { Pool } from '../../lib/core/pool.ts';
import { type Chance, seededChance } from '../../lib/sim/chance.ts';
import { aPool } from '../support/pools.ts';
import { createStage, type Stage } from '../support/stage.ts';

const ROLES = 'arn:aws:iam::123456789012:role/runners';
/** Whose jobs may have it; every other role is for all. */
const FOR: Readonly<Record<string, (place: string) => boolean>> = {
  [`${ROLES}/sim-deploy`]: (place) => place.startsWith('octo-org/deploy-'),
  [`${ROLES}/sim-secret`]: (place) => place === 'octo-org/secret-x',
};
const REPOSITORIES = [
  'octo-org/app',
  'octo-org/deploy-a',
  'octo-org/deploy-b',
  'octo-org/secret-x',
  'other-org/deploy-a',
];
const GROUPS = [
  { name: 'deployers', visibility: 'selected', repositories: ['deploy-a', 'deploy-b'] },
  { name: 'vault', visibility: 'selected', repositories: ['secret-x'] },
];

const SEEDS = Number(process.env['SEEDS'] ?? 100);
/** No limit that says anything: a busy machine takes its time. */
const PATIENCE_MS = 60 * 60 * 1000;

test(
  `${SEEDS} worlds: no job runs in a task with a role that is not for its repository`,
  async () => {
    const broken: string[] = [];
    let ran = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const stage = await played(seed);
      const starts = startsOf(stage);
      ran += starts.filter(({ role }) => role in FOR).length;
      broken.push(...starts.filter(isWrong).map((start) => `seed ${seed}: ${JSON.stringify(start)}`));
    }
    expect(broken).toEqual([]);
    // Else nothing would have been tried.
    expect(ran).toBeGreaterThan(SEEDS / 2);
  },
  PATIENCE_MS,
);

type Start = { job: number; place: string; role: string; runner: string };

function isWrong({ place, role }: Start): boolean {
  return FOR[role]?.(place) === false;
}

/** Of all that ran on runners of ours. */
function startsOf({ github, ecs }: Stage): Start[] {
  const roles = new Map(ecs.books().tasks.map(({ startedBy = '', role = '' }) => [startedBy, role]));
  return [...github.books.jobs.values()].flatMap(({ id, run: { repository }, runner }) => {
    const name = runner?.name.replace(/-\d+$/, '') ?? '';
    const role = roles.get(name);
    const place = `${repository.owner.login}/${repository.name}`;
    return role === undefined ? [] : [{ job: id, place, role, runner: name }];
  });
}

async function played(seed: number): Promise<Stage> {
  const chance = seededChance(seed);
  const stage = await createStage({ seed, pools: drawnPools(chance), tableLatencyMs: 1 });
  stage.github.control.setFaults({ jobsInAnyOrder: true });
  stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', groups: GROUPS });
  stage.github.control.putInstallation({ owner: 'other-org', kind: 'Organization', groups: GROUPS });
  for (let push = 0; push < 8; push += 1)
    stage.clock.after(chance.between(0, 240) * 1000, () => addSome(stage, chance));
  stage.clock.after(chance.between(30, 240) * 1000, () => stage.configure(drawnPools(chance)));
  await stage.minutes(7);
  return stage;
}

function addSome(stage: Stage, chance: Chance): void {
  const [owner, repo] = drawn(chance, REPOSITORIES).split('/');
  const labels = drawn(chance, [['ecs'], ['self-hosted', 'ecs'], ['ecs', 'deploy'], ['ecs', 'secret']]);
  stage.addJobs({ owner, repo, labels, count: chance.between(1, 2), durationSeconds: chance.between(5, 90) });
  if (chance.happens(0.3)) stage.addJobs({ repo: 'foreign', outside: true, labels, durationSeconds: 30 });
}

/** Each as the check of `pools.yml` allows it: a role for some repositories is registered where only they can take it. */
function drawnPools(chance: Chance): Pool[] {
  const special = chance.happens(0.5) ? ['deploy'] : ['deploy', 'secret'];
  return [
    aPool({
      name: 'plain',
      labels: ['self-hosted', 'ecs'],
      warm: chance.between(0, 1),
      taskDefinition: 'sim-plain:1',
      max: 4,
    }),
    bound(chance, 'deploy', ['self-hosted', 'ecs', 'deploy'], 'octo-org/deploy-*', 'deployers'),
    bound(chance, 'secret', ['self-hosted', 'ecs', 'secret', ...special], 'octo-org/secret-x', 'vault'),
  ];
}

/** Or, for a while, a pool like any other. */
function bound(chance: Chance, name: string, labels: string[], repositories: string, group: string): Pool {
  const pool = aPool({ name, labels, taskDefinition: `sim-${name}:1`, max: 4, warm: chance.between(0, 1) });
  if (chance.happens(0.2)) return pool;
  const role = `${ROLES}/sim-${name}`;
  const own = { ...pool, taskRole: role, role, repositories: [repositories] };
  return chance.happens(0.5) ? { ...own, register: 'repository' } : { ...own, group };
}

function drawn<Thing>(chance: Chance, things: readonly Thing[]): Thing {
  return things[chance.between(0, things.length - 1)] as Thing;
}
