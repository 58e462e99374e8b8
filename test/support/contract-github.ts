/** What every implementation of the port `GitHub` keeps: run over the wire of the simulated GitHub and in process. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Faults } from '../../lib/sim/github-service/faults.ts';
import type { FailureKind, GitHub, Outcome, Scope } from '../../lib/world.ts';
import { aGitHub, type GitHubUnderTest, installationOf, MINUTE, SECOND, takeJob } from './github-service.ts';

/** `passed`: so much time has passed in the simulated GitHub. */
export type MadeGitHub = { github: GitHub; passed?(milliseconds: number): void; close(): Promise<void> };

const RUNNER = { name: 'r-default-0-1-1', labels: ['self-hosted', 'Linux'], group: 'Default' };

export function githubContract(name: string, make: (simulated: GitHubUnderTest) => Promise<MadeGitHub>): void {
  describe(name, () => {
    let simulated: GitHubUnderTest;
    let made: MadeGitHub;
    let organization: Scope;
    let repository: Scope & { repository: string };
    let user: Scope & { repository: string };

    beforeEach(async () => {
      simulated = aGitHub();
      const { control } = simulated.service;
      put({ owner: 'octo-org', kind: 'Organization', groups: [{ name: 'Build machines' }], repositories: ['app'] });
      put({ owner: 'mona', kind: 'User', repositories: ['dotfiles'] });
      organization = { installation: installationOf(simulated), owner: 'octo-org' };
      repository = { ...organization, repository: 'app' };
      user = { installation: installationOf(simulated, 'mona'), owner: 'mona', repository: 'dotfiles' };
      made = await make(simulated);
      expect(control.runners()).toEqual([]);
    });
    afterEach(() => made.close());

    function put(owner: Record<string, unknown>): void {
      expect(simulated.service.control.putInstallation(owner)).not.toHaveProperty('problems');
    }

    async function pass(milliseconds: number): Promise<void> {
      await simulated.pass(milliseconds);
      made.passed?.(milliseconds);
    }

    /** With a token at hand, so that the faults meet the call itself. */
    async function withFaults(faults: Partial<Faults>): Promise<void> {
      await value(made.github.listRunners(organization));
      expect(simulated.service.control.setFaults(faults)).not.toHaveProperty('problems');
    }

    const heal = () =>
      simulated.service.control.setFaults({
        restFailBefore: 0,
        restFailAfter: 0,
        restCut: 0,
        secondaryRateLimit: 0,
        pointsPerMinuteMax: 900,
        callsPerHourMax: 5000,
      });

    const register = (scope = organization, runner: Partial<typeof RUNNER> = {}) =>
      made.github.registerRunner(scope, { ...RUNNER, ...runner });
    const names = () => simulated.service.control.runners().map((runner) => runner.name);

    describe('registering', () => {
      test('in an organisation, with exactly the labels that were asked for', async () => {
        const { id, jitConfig } = await value(register());
        expect(jitConfig).toMatch(/^[\w+/=]{100,}$/);
        expect(simulated.service.control.runners()).toEqual([
          { id, name: RUNNER.name, labels: RUNNER.labels, online: false, busy: false, owner: 'octo-org', repo: null },
        ]);
        expect(await simulated.service.runnerSide.connect(jitConfig)).toMatchObject({ kind: 'connected' });
      });

      test('on a repository, and on one that belongs to a user', async () => {
        await value(register(repository));
        await value(register(user));
        expect(simulated.service.control.runners()).toMatchObject([
          { owner: 'octo-org', repo: 'app' },
          { owner: 'mona', repo: 'dotfiles' },
        ]);
      });

      test('users have no runners of their own', async () => {
        const { repository: _, ...owner } = user;
        expect(await kind(register(owner))).toBe('gone');
      });

      test.each(['Build machines', 'BUILD MACHINES', 'Default', 'default'])('in the group %s', async (group) => {
        const { id } = await value(register(organization, { group }));
        expect(simulated.service.books.runners.get(id)?.group.name.toLowerCase()).toBe(group.toLowerCase());
      });

      test('a group that is not there is refused by its name', async () => {
        const refused = await register(organization, { group: 'No such machines' });
        expect(refused).toEqual({ kind: 'refused', reason: expect.stringContaining('No such machines') });
        expect(names()).toEqual([]);
      });

      test('a group that was made after all is found', async () => {
        await register(organization, { group: 'Late machines' });
        put({ owner: 'octo-org', kind: 'Organization', groups: [{ name: 'Late machines' }] });
        await pass(2 * MINUTE);
        await value(register(organization, { group: 'Late machines' }));
      });

      test('repositories know no groups', async () => {
        await value(register(repository, { group: 'No such machines' }));
      });

      test('a name that is taken is a conflict, in any case', async () => {
        await value(register());
        expect(await kind(register())).toBe('conflict');
        expect(await kind(register(organization, { name: RUNNER.name.toUpperCase() }))).toBe('conflict');
        expect(names()).toEqual([RUNNER.name]);
      });

      test.each<{ name: string; runner: Partial<typeof RUNNER> }>([
        { name: 'a name of 65 characters', runner: { name: 'x'.repeat(65) } },
        { name: 'a name with a slash', runner: { name: 'a/b' } },
        { name: 'no labels', runner: { labels: [] } },
      ])('$name is refused', async ({ runner }) => {
        expect(await kind(register(organization, runner))).toBe('refused');
        expect(names()).toEqual([]);
      });

      test('an organisation that is not there is gone', async () => {
        expect(await kind(register({ ...organization, owner: 'nobody' }))).toBe('gone');
        expect(await kind(register({ ...organization, repository: 'nothing' }))).toBe('gone');
      });
    });

    describe('runners that register themselves', () => {
      const configure = (token: string, name: string) =>
        simulated.service.runnerSide.configure({ token, name, labels: RUNNER.labels });

      test('in an organisation, with a token that is good for any number of them, for an hour', async () => {
        const { token, url } = await value(made.github.registrationToken(organization));
        expect(url).toMatch(/^https?:\/\/[^/]+\/octo-org$/);
        for (const name of ['one', 'other']) expect(await configure(token, name)).toMatchObject({ kind: 'configured' });
        expect(simulated.service.control.runners()).toMatchObject([
          { name: 'one', labels: RUNNER.labels, owner: 'octo-org', repo: null },
          { name: 'other' },
        ]);
        await pass(61 * MINUTE);
        expect(await configure(token, 'late')).toEqual({ kind: 'refused' });
        expect(await configure(token.replace(/./, 'G'), 'forged')).toEqual({ kind: 'refused' });
      });

      test('on a repository, also of a user', async () => {
        for (const [scope, path] of [
          [repository, 'octo-org/app'],
          [user, 'mona/dotfiles'],
        ] as const) {
          const { token, url } = await value(made.github.registrationToken(scope));
          expect(url.endsWith(`/${path}`)).toBe(true);
          expect(await configure(token, path.replace('/', '-'))).toMatchObject({ kind: 'configured' });
        }
        expect(simulated.service.control.runners()).toMatchObject([{ repo: 'app' }, { repo: 'dotfiles' }]);
      });

      test('users have no tokens of their own, nor has what is not there', async () => {
        const { repository: _, ...owner } = user;
        expect(await kind(made.github.registrationToken(owner))).toBe('gone');
        expect(await kind(made.github.registrationToken({ ...organization, owner: 'nobody' }))).toBe('gone');
      });
    });

    test('a runner works where it is told to', async () => {
      const workFolder = '/var/lib/ecs-runners/r-default-0-1-1/work';
      const folderOf = (jitConfig: string) => {
        const files = JSON.parse(Buffer.from(jitConfig, 'base64').toString()) as Record<string, string>;
        return JSON.parse(Buffer.from(files['.runner'] ?? '', 'base64').toString()).WorkFolder;
      };
      const told = await value(made.github.registerRunner(organization, { ...RUNNER, workFolder }));
      expect(folderOf(told.jitConfig)).toBe(workFolder);
      const { jitConfig } = await value(register(organization, { name: 'r-default-0-1-2' }));
      expect(folderOf(jitConfig)).toBe('_work');
    });

    describe('what the App may not do', () => {
      const everything: [string, (github: GitHub, scope: Scope) => Promise<Outcome<unknown>>][] = [
        ['registerRunner', (github, scope) => github.registerRunner(scope, RUNNER)],
        ['registrationToken', (github, scope) => github.registrationToken(scope)],
        ['removeRunner', (github, scope) => github.removeRunner(scope, 1)],
        ['findRunner', (github, scope) => github.findRunner(scope, 'a')],
        ['listRunners', (github, scope) => github.listRunners(scope)],
        ['runnerDeprecation', (github, scope) => github.runnerDeprecation(scope, '2.337.0')],
        ['admittingGroups', (github, scope) => github.admittingGroups({ ...scope, repository: 'app' })],
        ['job', (github, scope) => github.job({ ...scope, repository: 'app' }, 1)],
        ['run', (github, scope) => github.run({ ...scope, repository: 'app' }, 1)],
      ];

      test.each(everything)('a suspended installation refuses %s, until it is suspended no longer', async (_, use) => {
        put({ owner: 'octo-org', kind: 'Organization', suspended: true });
        expect(await use(made.github, organization)).toEqual({
          kind: 'refused',
          reason: expect.stringMatching(/suspended/),
        });
        put({ owner: 'octo-org', kind: 'Organization', suspended: false });
        expect(await kind(use(made.github, organization))).not.toBe('refused');
      });

      test.each(everything)('suspended with a token at hand, %s is refused too', async (_, use) => {
        await value(made.github.listRunners(organization));
        put({ owner: 'octo-org', kind: 'Organization', suspended: true });
        expect(await kind(use(made.github, organization))).toBe('refused');
      });

      test.each(everything)('where the App was uninstalled, nothing is gone: %s is refused', async (_, use) => {
        await value(made.github.listRunners(organization));
        await pass(10 * SECOND);
        simulated.service.control.removeInstallation('octo-org');
        expect(await kind(use(made.github, organization))).toBe('refused');
      });

      test('a missing permission is named, and is the trouble of that owner only', async () => {
        const permissions = { organization_self_hosted_runners: 'read', actions: 'read', metadata: 'read' };
        put({ owner: 'octo-org', kind: 'Organization', permissions });
        expect(await register()).toMatchObject({ kind: 'refused', reason: expect.stringMatching(/not accessible/) });
        expect(await kind(register(repository))).toBe('refused');
        await value(made.github.listRunners(organization));
        await value(register(user));
      });

      test('a permission that an owner has accepted counts at once, though the token was made before', async () => {
        const permissions = { organization_self_hosted_runners: 'read', actions: 'read', metadata: 'read' };
        put({ owner: 'octo-org', kind: 'Organization', permissions });
        await value(made.github.listRunners(organization));
        put({
          owner: 'octo-org',
          kind: 'Organization',
          permissions: { ...permissions, organization_self_hosted_runners: 'write' },
        });
        await pass(10 * SECOND);
        await value(register());
      });

      test('a repository is admitted by some groups, and by others with certain workflows only', async () => {
        const groups = [
          { name: 'all' },
          { name: 'Chosen', visibility: 'selected', repositories: ['APP'] },
          { name: 'others', visibility: 'selected', repositories: ['web'] },
          { name: 'certain', onlyWorkflows: true },
        ];
        put({ owner: 'octo-org', kind: 'Organization', groups, repositories: ['app', 'web'] });
        const admitting = await value(made.github.admittingGroups(repository));
        expect(admitting.filter(({ name }) => groups.some((group) => group.name === name))).toEqual([
          { name: 'all', onlyWorkflows: false },
          { name: 'Chosen', onlyWorkflows: false },
          { name: 'certain', onlyWorkflows: true },
        ]);
        expect(await kind(made.github.admittingGroups({ ...repository, repository: 'nowhere' }))).toBe('gone');
      });

      test('an organisation may forbid runners on repositories', async () => {
        put({ owner: 'octo-org', kind: 'Organization', repositoryRunners: false });
        expect(await kind(register(repository))).toBe('refused');
        await value(register());
      });
    });

    describe('removing', () => {
      test('a runner once; then it is gone', async () => {
        const { id } = await value(register());
        expect(await made.github.removeRunner(organization, id)).toEqual({ kind: 'ok', value: undefined });
        expect(names()).toEqual([]);
        expect(await kind(made.github.removeRunner(organization, id))).toBe('gone');
      });

      test('not by the way of another scope', async () => {
        const { id } = await value(register(repository));
        expect(await kind(made.github.removeRunner(organization, id))).toBe('gone');
        expect(names()).toEqual([RUNNER.name]);
      });

      test('not while it executes a job', async () => {
        const runner = await value(register());
        queueJobs({ labels: ['linux'] });
        await takeJob(simulated, runner);
        expect(await kind(made.github.removeRunner(organization, runner.id))).toBe('busy');
        expect(names()).toEqual([RUNNER.name]);
      });
    });

    describe('looking', () => {
      test('a scope without runners has none', async () => {
        expect(await value(made.github.listRunners(organization))).toEqual([]);
        expect(await value(made.github.findRunner(organization, RUNNER.name))).toBeUndefined();
      });

      test('what is registered, online and busy', async () => {
        const runner = await value(register());
        const shown = { id: runner.id, name: RUNNER.name, online: false, busy: false };
        expect(await value(made.github.findRunner(organization, RUNNER.name))).toEqual(shown);
        queueJobs({ labels: ['linux'] });
        await takeJob(simulated, runner);
        expect(await value(made.github.listRunners(organization))).toEqual([
          { ...shown, online: true, busy: true, version: '2.337.0' },
        ]);
      });

      test('only a runner of exactly that name is found', async () => {
        await value(register());
        expect(await value(made.github.findRunner(organization, RUNNER.name.toUpperCase()))).toBeUndefined();
        expect(await value(made.github.findRunner(organization, RUNNER.name.slice(0, -1)))).toBeUndefined();
        expect(await value(made.github.findRunner(repository, RUNNER.name))).toBeUndefined();
      });

      test('a list of several pages is whole', async () => {
        const wanted = Array.from({ length: 205 }, (_, index) => `r-default-${index}-1-1`);
        for (const name of wanted) {
          await value(register(organization, { name }));
          if (names().length % 100 === 0) await pass(MINUTE);
        }
        const listed = await value(made.github.listRunners(organization));
        expect(listed.map((runner) => runner.name).sort()).toEqual(wanted.sort());
      });
    });

    describe('how long GitHub takes a version', () => {
      const START = Date.parse('2026-12-16T17:40:26Z');
      const ends: [string, { jobsUntil?: number; registrationUntil?: number }][] = [
        ['no end', {}],
        ['an end of jobs', { jobsUntil: START }],
        ['an end of registrations', { registrationUntil: START }],
        ['both', { jobsUntil: START, registrationUntil: START + MINUTE }],
      ];

      test.each(ends)('%s', async (_, release) => {
        simulated.service.control.useRelease('2.330.0', release);
        expect(await value(made.github.runnerDeprecation(organization, '2.330.0'))).toEqual(release);
        expect(await value(made.github.runnerDeprecation(repository, '2.330.0'))).toEqual(release);
        expect(await value(made.github.runnerDeprecation(user, '2.330.0'))).toEqual(release);
      });

      test('a version that was never released is gone', async () => {
        expect(await kind(made.github.runnerDeprecation(organization, '9.9.9'))).toBe('gone');
      });

      test('runners show the version with which they have connected', async () => {
        const [early, late] = [
          await value(register()),
          await value(register(organization, { name: 'r-default-1-2-1' })),
        ];
        await simulated.service.runnerSide.connect(early.jitConfig);
        simulated.service.control.useRelease('2.338.0', {});
        await simulated.service.runnerSide.connect(late.jitConfig);
        const listed = await value(made.github.listRunners(organization));
        expect(listed.map(({ version }) => version)).toEqual(['2.337.0', '2.338.0']);
      });
    });

    describe('jobs', () => {
      const job = (id: number) => made.github.job(repository, id);

      test('queued, in progress, completed', async () => {
        const [id = 0] = queueJobs({ labels: ['linux'] });
        expect(await value(job(id))).toEqual({ state: 'queued' });
        const runner = await value(register());
        const { connection } = await takeJob(simulated, runner);
        expect(await value(job(id))).toEqual({ state: 'in_progress', runnerName: RUNNER.name });
        await connection.finish('success');
        await pass(5 * SECOND);
        expect(await value(job(id))).toEqual({ state: 'completed', runnerName: RUNNER.name, conclusion: 'success' });
      });

      test('held back', async () => {
        const [id = 0] = queueJobs({ held: true });
        expect(await value(job(id))).toEqual({ state: 'held' });
      });

      test('cancelled before anybody took it', async () => {
        const [id = 0] = queueJobs({});
        simulated.service.control.cancel(id);
        await pass(MINUTE);
        expect(await value(job(id))).toEqual({ state: 'completed', conclusion: 'cancelled' });
      });

      test('one that is not there, or elsewhere, is gone', async () => {
        const [id = 0] = queueJobs({});
        expect(await kind(job(1))).toBe('gone');
        expect(await kind(made.github.job({ ...repository, repository: 'other' }, id))).toBe('gone');
      });
    });

    describe('a run, and its jobs again', () => {
      const mayRerun = () =>
        put({
          owner: 'octo-org',
          kind: 'Organization',
          permissions: { actions: 'write', organization_self_hosted_runners: 'write', administration: 'write' },
        });
      const runOf = (job: number) => simulated.service.books.jobs.get(job)?.run.id ?? 0;
      const run = (job: number) => made.github.run(repository, runOf(job));

      test('whether it has ended, how, and in which attempt it is', async () => {
        mayRerun();
        const [id = 0] = queueJobs({ labels: ['linux'] });
        const createdAt = Date.parse('2026-11-24T10:00:00Z');
        expect(await value(run(id))).toEqual({ hasEnded: false, attempt: 1, createdAt });
        const { connection } = await takeJob(simulated, await value(register()));
        await connection.finish('failure');
        expect(await value(run(id))).toEqual({ hasEnded: true, conclusion: 'failure', attempt: 1, createdAt });
        expect(await value(made.github.rerunJob(repository, id))).toBeUndefined();
        expect(await value(run(id))).toEqual({ hasEnded: false, attempt: 2, createdAt });
        const jobs = simulated.service.control.jobs();
        expect(jobs.map(({ state }) => state)).toEqual(['completed', 'queued']);
      });

      test('one that goes on is run again later, one job of it or all that failed', async () => {
        mayRerun();
        const [id = 0] = queueJobs({});
        expect(await kind(made.github.rerunJob(repository, id))).toBe('retry');
        expect(await kind(made.github.rerunFailedJobs(repository, runOf(id)))).toBe('retry');
      });

      test('all jobs that failed, and no others', async () => {
        mayRerun();
        const ids = queueJobs({ labels: ['linux'], count: 3 });
        for (const [index] of ids.entries()) {
          const { connection } = await takeJob(simulated, await value(register(organization, { name: `r-${index}` })));
          await connection.finish(index === 0 ? 'success' : 'failure');
        }
        expect(await value(made.github.rerunFailedJobs(repository, runOf(ids[0] ?? 0)))).toBeUndefined();
        const states = simulated.service.control.jobs().map(({ state }) => state);
        expect(states).toEqual(['completed', 'completed', 'completed', 'queued', 'queued']);
        expect(simulated.service.books.reruns).toMatchObject([{ by: 'app', attempt: 2, jobs: { length: 2 } }]);
      });

      test('without the permission it is refused, and what is not there is gone', async () => {
        const [id = 0] = queueJobs({});
        expect(await kind(made.github.rerunJob(repository, id))).toBe('refused');
        expect(await kind(made.github.rerunFailedJobs(repository, runOf(id)))).toBe('refused');
        expect(await kind(made.github.run(repository, 1))).toBe('gone');
        expect(await kind(made.github.run({ ...repository, repository: 'other' }, runOf(id)))).toBe('gone');
      });

      test.each([
        ['restFailAfter', 'unknown'],
        ['restFailBefore', 'unknown'],
        ['restCut', 'unknown'],
      ] as const)('%s says nothing of what was done', async (fault, expected) => {
        mayRerun();
        const [id = 0] = queueJobs({});
        simulated.service.control.cancel(id);
        await withFaults({ [fault]: 1 });
        expect(await kind(made.github.rerunJob(repository, id))).toBe(expected);
        expect(await kind(made.github.rerunFailedJobs(repository, runOf(id)))).toBe(expected);
        expect(await kind(run(id))).toBe('retry');
      });
    });

    describe('the rate limit', () => {
      const limits = () => made.github.rateLimits();

      test('nothing is known before the first answer', async () => {
        expect(await limits()).toEqual([]);
      });

      test('each answer says it, of its own installation', async () => {
        await value(made.github.listRunners(organization));
        await value(made.github.listRunners(organization));
        await value(register(user));
        const seen = await limits();
        expect(seen).toHaveLength(2);
        expect(seen).toContainEqual({
          installation: organization.installation,
          limit: 5000,
          remaining: 4998,
          resetsAt: simulated.clock.now() + 60 * MINUTE,
        });
        expect(seen).toContainEqual(expect.objectContaining({ installation: user.installation, remaining: 4999 }));
      });

      test('a refusal says it too', async () => {
        await withFaults({ callsPerHourMax: 1 });
        expect(await kind(register())).toBe('retry');
        expect(await limits()).toMatchObject([{ limit: 1, remaining: 0 }]);
      });
    });

    describe('when GitHub fails', () => {
      const reads: [string, (github: GitHub) => Promise<Outcome<unknown>>][] = [
        ['findRunner', (github) => github.findRunner(organization, 'a')],
        ['listRunners', (github) => github.listRunners(organization)],
        ['job', (github) => github.job(repository, 1)],
      ];

      test.each<{ fault: keyof Faults; done: boolean }>([
        { fault: 'restFailBefore', done: false },
        { fault: 'restFailAfter', done: true },
        { fault: 'restCut', done: true },
      ])('$fault: nobody knows whether a registration was made', async ({ fault, done }) => {
        await withFaults({ [fault]: 1 });
        expect(await kind(register())).toBe('unknown');
        expect(names()).toEqual(done ? [RUNNER.name] : []);
        heal();
        expect(await kind(register())).toBe(done ? 'conflict' : 'ok');
      });

      test.each<{ fault: keyof Faults; done: boolean }>([
        { fault: 'restFailBefore', done: false },
        { fault: 'restFailAfter', done: true },
        { fault: 'restCut', done: true },
      ])('$fault: nobody knows whether a removal was made', async ({ fault, done }) => {
        const { id } = await value(register());
        await withFaults({ [fault]: 1 });
        expect(await kind(made.github.removeRunner(organization, id))).toBe('unknown');
        heal();
        expect(await kind(made.github.removeRunner(organization, id))).toBe(done ? 'gone' : 'ok');
      });

      test.each(reads)('%s has done nothing, and may be tried again', async (_, read) => {
        for (const fault of ['restFailBefore', 'restFailAfter', 'restCut']) {
          await withFaults({ [fault]: 1 });
          expect(await kind(read(made.github))).toBe('retry');
          heal();
        }
      });

      test('without a token nothing was asked for', async () => {
        simulated.service.control.setFaults({ restFailBefore: 1 });
        expect(await kind(register())).toBe('retry');
        expect(names()).toEqual([]);
      });

      test('a secondary limit without and with a time', async () => {
        await withFaults({ secondaryRateLimit: 1 });
        for (let call = 0; call < 8; call++) {
          expect(await register()).toMatchObject({ kind: 'retry', retryAfterSeconds: 60 });
        }
        expect(names()).toEqual([]);
        heal();
        await pass(20 * SECOND);
        simulated.service.control.setFaults({ pointsPerMinuteMax: 1 });
        const limited = await made.github.listRunners(organization);
        expect(limited).toMatchObject({ kind: 'retry', retryAfterSeconds: 40 });
      });

      test('the primary limit lasts until its reset', async () => {
        await withFaults({ callsPerHourMax: 1 });
        await pass(10 * MINUTE);
        expect(await register()).toMatchObject({ kind: 'retry', retryAfterSeconds: 50 * 60 });
      });

      test('a token that GitHub no longer accepts is replaced', async () => {
        await value(register());
        await pass(61 * MINUTE);
        expect(await kind(register())).toBe('conflict');
        await value(register(organization, { name: 'r-default-0-1-2' }));
      });
    });

    function queueJobs(jobs: Record<string, unknown>): number[] {
      const added = simulated.service.control.addJobs({
        owner: 'octo-org',
        repo: 'app',
        labels: ['self-hosted'],
        ...jobs,
      });
      if ('problems' in added) throw new Error(added.problems.join(' '));
      return added.ids;
    }
  });
}

/** The value; anything else fails the test with its reason. */
async function value<Value>(outcome: Promise<Outcome<Value>>): Promise<Value> {
  const given = await outcome;
  if (given.kind !== 'ok') throw new Error(`${given.kind}: ${given.reason}`);
  return given.value;
}

async function kind(outcome: Promise<Outcome<unknown>>): Promise<'ok' | FailureKind> {
  return (await outcome).kind;
}
