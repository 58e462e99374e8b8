/** Jobs of which GitHub tells nobody, over the simulated GitHub: where they hide, and what stands in the way. */
import { describe, expect, test } from '@jest/globals';
import { MINTS_BURST, SWEEP_CALLS_MAX } from '../../lib/core/limits.ts';
import type { SweepRecord } from '../../lib/core/sweep.ts';
import { ACTIVE_RUN_STATES, SWEEPS } from '../../lib/core/sweep.ts';
import { sweepRepositories } from '../../lib/flows/sweep.ts';
import type { Outcome, World } from '../../lib/world.ts';
import { aPool } from '../support/pools.ts';
import { CLEAN, createStage, type Stage } from '../support/stage.ts';
import { whileTimePasses } from '../support/time.ts';

const named = (count: number) => Array.from({ length: count }, (_, index) => `repository-${index}`);

async function aStage(repositories: readonly string[], options: Parameters<typeof createStage>[0] = {}) {
  const stage = await createStage(options);
  stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', repositories });
  return stage;
}

const silence = { loseWebhooks: 1 };

describe('where jobs hide', () => {
  const hidden: { name: string; hide: (stage: Stage) => Promise<number[]> }[] = [
    {
      name: 'in a repository that was never heard of',
      hide: async (stage) => {
        stage.github.control.setFaults(silence);
        return stage.addJobs({ repo: 'app' });
      },
    },
    {
      name: 'in a repository that was made a moment ago',
      hide: async (stage) => {
        await stage.minutes(2);
        stage.github.control.setFaults(silence);
        return stage.addJobs({ repo: 'new' });
      },
    },
    {
      name: 'in a repository of a user',
      hide: async (stage) => {
        stage.github.control.setFaults(silence);
        return stage.addJobs({ owner: 'mona', user: true, repo: 'dotfiles' });
      },
    },
    {
      name: 'in a run of which another job runs',
      hide: async (stage) => {
        const [first = 0, second = 0] = stage.addJobs({ count: 2, held: true, durationSeconds: 1200 });
        stage.github.control.release(first);
        await stage.until(() => stage.github.control.jobs().some(({ state }) => state === 'in_progress'), 5);
        stage.github.control.setFaults(silence);
        stage.github.control.release(second);
        return [second];
      },
    },
    {
      name: 'in thirty runs of a repository, all of which go on for hours',
      hide: async (stage) => {
        const runs = Array.from({ length: 30 }, () => stage.addJobs({ count: 2, held: true, durationSeconds: 1800 }));
        for (const [first = 0] of runs) stage.github.control.release(first);
        await stage.minutes(5);
        stage.github.control.setFaults(silence);
        for (const [, second = 0] of runs) stage.github.control.release(second);
        return runs.flatMap(([, second = 0]) => second);
      },
    },
    {
      name: 'in a run that is shown as waiting, since another job is held',
      hide: async (stage) => {
        stage.github.control.setFaults({ ...silence, heldRunsWaiting: true });
        const [first = 0] = stage.addJobs({ count: 2, held: true });
        stage.github.control.release(first);
        return [first];
      },
    },
    {
      name: 'in the second attempt of an old run',
      hide: async (stage) => {
        const [job = 0] = stage.addJobs({ durationSeconds: 5 });
        await stage.minutes(30);
        stage.github.control.setFaults(silence);
        const again = stage.github.control.rerun(job);
        return typeof again === 'number' ? [again] : [];
      },
    },
    {
      name: 'among the 256 of a matrix',
      hide: async (stage) => {
        stage.github.control.setFaults(silence);
        return stage.addJobs({ count: 256, durationSeconds: 20 });
      },
    },
    {
      name: 'behind the hundred newest runs of a repository',
      hide: async (stage) => {
        stage.github.control.setFaults(silence);
        return Array.from({ length: 250 }, () => stage.addJobs({ durationSeconds: 20 })).flat();
      },
    },
  ];

  test.each(hidden)('$name', async ({ hide }) => {
    const stage = await aStage(['app', 'other']);
    const jobs = await hide(stage);
    expect(jobs.length).toBeGreaterThan(0);
    const { books } = stage.github;
    const areDone = () => jobs.every((job) => books.jobs.get(job)?.state === 'completed');
    expect(await stage.until(areDone, 90)).toBe(true);
    expect(jobs.map((job) => books.jobs.get(job)?.conclusion)).toEqual(jobs.map(() => 'success'));
  });

  test('a job that no pool serves is left alone', async () => {
    const stage = await aStage(['app']);
    stage.github.control.setFaults(silence);
    stage.addJobs({ labels: ['ubuntu-latest'] });
    await stage.minutes(10);
    expect([stage.history.all(), stage.ecs.tasks()]).toEqual([[], []]);
  });

  test('a job that no pool serves any more, but that is known, has its end found', async () => {
    const stage = await aStage(['app']);
    stage.ecs.setFaults({ noCapacity: 1 });
    const [first = 0] = stage.addJobs({ count: 2 });
    await stage.minutes(1);
    stage.configure([aPool({ labels: ['elsewhere'] })]);
    await stage.minutes(3);
    stage.github.control.setFaults(silence);
    stage.github.control.cancel(first);
    await stage.minutes(4);
    expect(stage.history.all().find(({ job }) => job === first)).toMatchObject({ state: 'completed' });
  });

  test('what is known already is not reported again', async () => {
    const stage = await aStage(['app']);
    stage.addJobs({ durationSeconds: 600 });
    await stage.minutes(9);
    expect(stage.lines.filter(({ decision }) => decision === 'lost event found')).toEqual([]);
  });

  test('an end of which nobody told, in a run that goes on, is found', async () => {
    const stage = await aStage(['app']);
    const [first = 0, second = 0] = stage.addJobs({ count: 2, durationSeconds: 1200 });
    await stage.minutes(2);
    stage.github.control.setFaults(silence);
    stage.github.control.cancel(first);
    await stage.minutes(8);
    expect(stage.history.all().find(({ job }) => job === first)).toMatchObject({
      state: 'completed',
      conclusion: 'cancelled',
    });
    expect(stage.history.all().find(({ job }) => job === second)).toMatchObject({ state: 'in_progress' });
  });
});

describe('one owner’s trouble is its own', () => {
  test.each<{ name: string; trouble: (stage: Stage) => unknown }>([
    {
      name: 'may not be read',
      trouble: ({ github }) =>
        github.control.putInstallation({ owner: 'bad-org', kind: 'Organization', permissions: { metadata: 'read' } }),
    },
    {
      name: 'is suspended',
      trouble: ({ github }) =>
        github.control.putInstallation({ owner: 'bad-org', kind: 'Organization', suspended: true }),
    },
    { name: 'has removed the App', trouble: ({ github }) => github.control.removeInstallation('bad-org') },
  ])('an owner that $name, and another one whose jobs are found', async ({ trouble }) => {
    const stage = await createStage();
    stage.github.control.putInstallation({ owner: 'bad-org', kind: 'Organization', repositories: named(5) });
    stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', repositories: ['app'] });
    await stage.minutes(2);
    trouble(stage);
    stage.github.control.setFaults(silence);
    stage.addJobs({ owner: 'octo-org' });
    expect(await stage.until(stage.allCompleted, 10)).toBe(true);
  });

  test('a table that cannot be reached for one owner: another one’s jobs are found', async () => {
    const stage = await createStage({ janitor: false, tableLatencyMs: 0 });
    stage.github.control.putInstallation({ owner: 'bad-org', kind: 'Organization', repositories: ['app'] });
    stage.github.control.setFaults(silence);
    const jobs = stage.addJobs({ owner: 'octo-org' });
    await stage.minutes(1);
    const bad = stage.github.books.owners.get('bad-org')?.installation.id;
    const { runners } = stage.world;
    const world: World = {
      ...stage.world,
      runners: {
        ...runners,
        get: (key) => (key.place === bad ? Promise.reject(new Error('no answer')) : runners.get(key)),
      },
    };
    await whileTimePasses(stage, sweepRepositories(world, stage.config, [], stage.clock.now() + 40_000));
    expect(found(stage)).toEqual(jobs);
  });

  test('an installation that is no more is forgotten', async () => {
    const stage = await aStage(['app']);
    await stage.minutes(3);
    expect(records(stage)).toHaveLength(1);
    stage.github.control.removeInstallation('octo-org');
    await stage.minutes(2);
    expect(records(stage)).toEqual([]);
  });
});

describe('GitHub has its limits', () => {
  const runsCalls = ({ github }: Stage) => github.calls.get('/repos/{owner}/{repo}/actions/runs') ?? 0;

  test('it asks us to be quiet: we are, and go on when it is over', async () => {
    const stage = await aStage(['app', 'other']);
    await stage.minutes(2);
    stage.github.control.setFaults({ ...silence, pointsPerMinuteMax: 1 });
    await stage.minutes(10);
    const before = runsCalls(stage);
    await stage.minutes(10);
    // One sweep of two side by side finds out, and then waits for the rest of the minute at least.
    expect(runsCalls(stage) - before).toBeLessThanOrEqual(2 * 10);
    stage.github.control.setFaults({ pointsPerMinuteMax: 900 });
    stage.addJobs({});
    expect(await stage.until(stage.allCompleted, 10)).toBe(true);
  });

  test('it asked the registrar to be quiet: the sweep is quiet too', async () => {
    const stage = await aStage(['app'], { tableLatencyMs: 0 });
    stage.addJobs({ durationSeconds: 1200 });
    await stage.minutes(3);
    const stored = stage.runners.all().find(({ kind }) => kind === 'installation');
    if (stored?.kind !== 'installation') throw new Error('nothing was registered');
    const now = stage.clock.now();
    const quiet = { why: 'primary limit', since: now, until: now + 10 * 60_000, times: 1, reason: 'limited' } as const;
    const limited = { ...stored, quiet };
    await stage.runners.put(limited, stored);
    const before = runsCalls(stage);
    await stage.minutes(9);
    expect(runsCalls(stage)).toBe(before);
    await stage.minutes(5);
    expect(runsCalls(stage)).toBeGreaterThan(before);
  });

  test('below the reserve nothing is asked', async () => {
    const stage = await aStage(named(20));
    await stage.minutes(2);
    stage.github.control.setFaults({ callsPerHourMax: 60 });
    await stage.minutes(2);
    const before = runsCalls(stage);
    await stage.minutes(10);
    expect(runsCalls(stage)).toBe(before);
  });

  test('it takes nine seconds for each answer: the run ends in its time all the same, and the next ones go on', async () => {
    const stage = await aStage(named(40));
    await stage.minutes(1);
    stage.github.control.setFaults({ restDelaySeconds: 9 });
    await stage.minutes(10);
    const swept = stage.lines.filter(({ decision }) => decision === 'repositories swept');
    expect(swept.length).toBeGreaterThanOrEqual(10);
    for (const { at } of swept.slice(1)) expect((at - START) % 60_000).toBeLessThan(55_000);
  });
});

const START = Date.UTC(2026, 10, 23, 8);

describe('how far it got', () => {
  const REPOSITORIES = named(120);

  /** Without a janitor; `spy` sees each list of runs that is asked for. */
  async function quietStage() {
    const stage = await aStage(REPOSITORIES, { janitor: false, tableLatencyMs: 0 });
    stage.github.control.setFaults(silence);
    return stage;
  }

  async function sweep(stage: Stage, world: World = stage.world): Promise<void> {
    await whileTimePasses(stage, sweepRepositories(world, stage.config, [], stage.clock.now() + 40_000));
    await stage.minutes(1);
  }

  /** Each list of runs goes through `look` first, which may answer in GitHub's place, or throw. */
  function watched(stage: Stage, look: (repository: string) => Outcome<never> | undefined): World {
    const { github } = stage.world;
    const activeRuns: World['github']['activeRuns'] = async (place, state, page) =>
      look(place.repository) ?? github.activeRuns(place, state, page);
    return { ...stage.world, github: { ...github, activeRuns } };
  }

  test('its calls come out of the bucket of registrations, and what it has not made goes back', async () => {
    const stage = await aStage(['app'], { janitor: false, tableLatencyMs: 0 });
    const tokens = () => {
      const stored = stage.runners.all().find(({ kind }) => kind === 'installation');
      return stored?.kind === 'installation' ? stored.tokens : Number.NaN;
    };
    let meanwhile = Number.NaN;
    const world = watched(stage, () => {
      meanwhile = tokens();
      return undefined;
    });
    await sweep(stage, world);
    expect(meanwhile).toBeCloseTo(MINTS_BURST - SWEEP_CALLS_MAX / 5);
    expect(tokens()).toBeCloseTo(MINTS_BURST - ACTIVE_RUN_STATES.length / 5);
  });

  test('every repository has its turn, before any has another', async () => {
    const stage = await quietStage();
    const asked: string[] = [];
    const world = watched(stage, (repository) => {
      asked.push(repository);
      return undefined;
    });
    let sweeps = 0;
    for (; new Set(asked).size < REPOSITORIES.length; sweeps++) await sweep(stage, world);
    // What is new is not free: 30 repositories in a sweep, as long as this lasts.
    expect(sweeps).toBeLessThanOrEqual(5);
    expect(records(stage)[0]?.sweptAt).toBeGreaterThan(START);
  });

  test.each([1, 3, 10, 40, 100])(
    'a sweep that dies before its call %i skips nothing: the next one looks there',
    async (deadly) => {
      const stage = await quietStage();
      const jobs = ['repository-3', 'repository-20'].flatMap((repo) => stage.addJobs({ repo }));
      await stage.minutes(1);
      let calls = 0;
      const dying = watched(stage, () => {
        calls += 1;
        if (calls >= deadly) throw new Error('killed');
        return undefined;
      });
      await sweep(stage, dying);
      await sweep(stage);
      await sweep(stage);
      expect(found(stage)).toEqual(jobs);
    },
  );

  test('GitHub fails in the middle: the next sweep begins there', async () => {
    const stage = await quietStage();
    const jobs = ['repository-10', 'repository-20'].flatMap((repo) => stage.addJobs({ repo }));
    await stage.minutes(1);
    await sweep(
      stage,
      watched(stage, (name) => (name === 'repository-10' ? { kind: 'retry', reason: 'no answer' } : undefined)),
    );
    expect(found(stage)).toEqual([]);
    await sweep(stage);
    await sweep(stage);
    expect(found(stage)).toEqual(jobs);
  });

  test('a repository that can never be read does not stop the others', async () => {
    const stage = await quietStage();
    const jobs = stage.addJobs({ repo: 'repository-20' });
    await stage.minutes(1);
    const world = watched(stage, (name) =>
      name === 'repository-10' ? { kind: 'retry', reason: 'no answer' } : undefined,
    );
    for (let run = 0; run < 6; run++) await sweep(stage, world);
    expect(new Set(found(stage))).toEqual(new Set(jobs));
  });

  test('a repository that is gone does not stop the others', async () => {
    const stage = await quietStage();
    const jobs = stage.addJobs({ repo: 'repository-20' });
    await stage.minutes(1);
    const world = watched(stage, (name) =>
      name === 'repository-10' ? { kind: 'gone', reason: 'not there' } : undefined,
    );
    await sweep(stage, world);
    await sweep(stage, world);
    expect(found(stage)).toEqual(jobs);
  });

  test('repositories that GitHub refuses do not stop the others', async () => {
    const stage = await quietStage();
    const jobs = stage.addJobs({ repo: 'repository-20' });
    await stage.minutes(1);
    const world = watched(stage, (name) =>
      /^repository-1[0-3]$/.test(name) ? { kind: 'refused', reason: 'no Actions here' } : undefined,
    );
    await sweep(stage, world);
    await sweep(stage, world);
    expect(found(stage)).toEqual(jobs);
  });

  test('an installation that refuses everything is asked a few times a minute', async () => {
    const stage = await quietStage();
    let asked = 0;
    const world = watched(stage, () => {
      asked += 1;
      return { kind: 'refused', reason: 'no permission' };
    });
    for (let run = 0; run < 10; run++) await sweep(stage, world);
    expect(asked).toBeLessThanOrEqual(10 * 5);
  });

  test('two sweeps at once report a job twice, and one task is started', async () => {
    const stage = await quietStage();
    const [job] = stage.addJobs({ repo: 'repository-3' });
    await stage.minutes(1);
    await sweep(stage);
    await Promise.all([sweep(stage), sweep(stage)]);
    await stage.minutes(1);
    expect(new Set(found(stage))).toEqual(new Set([job]));
    expect(stage.ecs.tasks()).toHaveLength(1);
  });

  test('the record of an installation with 5,000 repositories, all of them active, fits into an item', async () => {
    const stage = await aStage(named(5000), { janitor: false, tableLatencyMs: 0 });
    const world: World = {
      ...stage.world,
      github: {
        ...stage.world.github,
        activeRuns: async () => ({ kind: 'ok', value: { items: [1], total: 1, unchanged: true } }),
        runJobs: async () => ({ kind: 'ok', value: { items: [], total: 0, unchanged: true } }),
      },
    };
    for (let run = 0; run < 50; run++) await sweep(stage, world);
    expect(records(stage)[0]?.active.length).toBeGreaterThan(100);
    expect(JSON.stringify(records(stage)[0]).length).toBeLessThan(100_000);
  });
});

function records({ runners }: Stage): SweepRecord[] {
  return runners.all().filter((one): one is SweepRecord => one.pool === SWEEPS && one.kind === 'sweep');
}

function found({ lines }: Stage): unknown[] {
  return lines.filter(({ decision }) => decision === 'lost event found').map(({ job }) => job);
}

test('nothing is left of a day of lost words', async () => {
  const stage = await aStage(named(10));
  stage.github.control.setFaults({
    loseWebhooks: 0.3,
    failWebhooks: 0.2,
    duplicateWebhooks: 0.1,
    reorderWebhooks: 0.2,
  });
  for (let hour = 0; hour < 6; hour++) {
    for (const repo of named(10)) stage.addJobs({ repo, count: 2, durationSeconds: 120 });
    await stage.minutes(60);
  }
  stage.github.control.setFaults({ loseWebhooks: 0, failWebhooks: 0, duplicateWebhooks: 0, reorderWebhooks: 0 });
  expect(await stage.until(stage.allCompleted, 60)).toBe(true);
  await stage.minutes(120);
  expect(stage.leftovers()).toEqual(CLEAN);
});
