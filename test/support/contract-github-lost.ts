/** What every implementation of the port `GitHub` keeps where lost events are looked for. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { GitHub, Outcome, Repository } from '../../lib/world.ts';
import type { MadeGitHub } from './contract-github.ts';
import { aGitHub, type GitHubUnderTest, installationOf, MINUTE, queue, register, takeJob } from './github-service.ts';

export function githubLostContract(name: string, make: (simulated: GitHubUnderTest) => Promise<MadeGitHub>): void {
  describe(name, () => {
    let simulated: GitHubUnderTest;
    let made: MadeGitHub;
    let github: GitHub;
    let app: Repository;
    let status: number;

    beforeEach(async () => {
      status = 202;
      simulated = aGitHub({ deliver: async () => ({ status, body: '{}' }) });
      put({ owner: 'octo-org', kind: 'Organization', repositories: ['app', 'other'] });
      put({ owner: 'mona', kind: 'User', repositories: ['dotfiles'] });
      put({ owner: 'late-org', kind: 'Organization', suspended: true });
      app = { installation: installationOf(simulated), owner: 'octo-org', repository: 'app' };
      made = await make(simulated);
      github = made.github;
    });
    afterEach(() => made.close());

    function put(owner: Record<string, unknown>): void {
      expect(simulated.service.control.putInstallation(owner)).not.toHaveProperty('problems');
    }

    async function pass(milliseconds: number): Promise<void> {
      await simulated.pass(milliseconds);
      made.passed?.(milliseconds);
    }

    const charged = () => simulated.service.charged(app.installation);
    const runs = async (state: 'queued' | 'in_progress' | 'waiting' | 'pending' = 'queued', page = 1) =>
      value(await github.activeRuns(app, state, page));

    test('all installations but the suspended ones, and whether their owners are users', async () => {
      expect(value(await github.installations())).toEqual([
        { id: installationOf(simulated), owner: 'octo-org', ownerIsUser: false },
        { id: installationOf(simulated, 'mona'), owner: 'mona', ownerIsUser: true },
      ]);
    });

    describe('repositories', () => {
      test('all of the installation, over many pages', async () => {
        put({
          owner: 'octo-org',
          kind: 'Organization',
          repositories: Array.from({ length: 205 }, (_, index) => `r${index}`),
        });
        const found = value(await github.repositories(app.installation));
        expect(found).toHaveLength(207);
        const { id } = simulated.service.books.owners.get('octo-org')?.repositories.get('app') ?? {};
        expect(found[0]).toEqual({ id, owner: 'octo-org', name: 'app' });
      });

      test('they are read again after a quarter of an hour', async () => {
        const count = async () => value(await github.repositories(app.installation)).length;
        expect(await count()).toBe(2);
        put({ owner: 'octo-org', kind: 'Organization', repositories: ['new'] });
        await pass(14 * MINUTE);
        expect(await count()).toBe(2);
        await pass(MINUTE);
        expect(await count()).toBe(3);
      });

      test('a failure is not kept', async () => {
        await runs();
        simulated.service.control.setFaults({ restFailBefore: 1 });
        expect((await github.repositories(app.installation)).kind).toBe('retry');
        simulated.service.control.setFaults({ restFailBefore: 0 });
        expect(value(await github.repositories(app.installation))).toHaveLength(2);
      });
    });

    describe('active runs', () => {
      test('by their state, newest first', async () => {
        const jobs = [...queue(simulated), ...queue(simulated)];
        queue(simulated, { repo: 'other' });
        const [first, second] = jobs.map((job) => simulated.service.books.jobs.get(job)?.run.id);
        expect(await runs()).toMatchObject({ items: [second, first], total: 2 });
        expect(await runs('in_progress')).toMatchObject({ items: [], total: 0 });
        await takeJob(simulated, await register(simulated));
        expect(await runs()).toMatchObject({ items: [second], total: 1 });
        expect(await runs('in_progress')).toMatchObject({ items: [first], total: 1 });
      });

      test('those of which a job is held, though another is queued', async () => {
        const [job = 0] = queue(simulated, { count: 2, held: true });
        simulated.service.control.release(job);
        simulated.service.control.setFaults({ heldRunsWaiting: true });
        expect(await runs()).toMatchObject({ items: [] });
        expect(await runs('waiting')).toMatchObject({ items: [simulated.service.books.jobs.get(job)?.run.id] });
      });

      test('a hundred at a time', async () => {
        for (let run = 0; run < 101; run++) queue(simulated);
        expect((await runs('queued', 1)).items).toHaveLength(100);
        expect(await runs('queued', 2)).toMatchObject({ items: [expect.any(Number)], total: 101 });
      });

      test('what has not changed costs nothing, and is given again', async () => {
        queue(simulated);
        const first = await runs();
        const before = charged();
        expect(await runs()).toEqual({ ...first, unchanged: true });
        expect(charged()).toBe(before);
        queue(simulated);
        expect(await runs()).toMatchObject({ total: 2, unchanged: false });
        expect(charged()).toBe(before + 1);
      });

      test('what is unchanged for one question says nothing of another', async () => {
        queue(simulated);
        await runs('queued');
        expect(await runs('waiting')).toEqual({ items: [], total: 0, unchanged: false });
        const other = await github.activeRuns({ ...app, repository: 'other' }, 'queued', 1);
        expect(other).toEqual({ kind: 'ok', value: { items: [], total: 0, unchanged: false } });
      });

      test('an hour long: with a new token all is read anew', async () => {
        await runs();
        await pass(58 * MINUTE);
        expect((await runs()).unchanged).toBe(true);
        await pass(3 * MINUTE);
        expect((await runs()).unchanged).toBe(false);
        expect((await runs()).unchanged).toBe(true);
      });

      test('after a failure the last good answer still counts', async () => {
        queue(simulated);
        const first = await runs();
        simulated.service.control.setFaults({ restFailBefore: 1 });
        expect((await github.activeRuns(app, 'queued', 1)).kind).toBe('retry');
        simulated.service.control.setFaults({ restFailBefore: 0 });
        expect(await runs()).toEqual({ ...first, unchanged: true });
      });

      test('a repository that is not there is gone, a suspended installation refuses', async () => {
        expect((await github.activeRuns({ ...app, repository: 'nothing' }, 'queued', 1)).kind).toBe('gone');
        put({ owner: 'octo-org', kind: 'Organization', suspended: true });
        expect((await github.activeRuns(app, 'queued', 1)).kind).toBe('refused');
      });

      test('at the limit it says for how long', async () => {
        await runs();
        simulated.service.control.setFaults({ callsPerHourMax: 1 });
        queue(simulated);
        expect(await github.activeRuns(app, 'in_progress', 1)).toMatchObject({
          kind: 'retry',
          retryAfterSeconds: 3600,
        });
      });
    });

    describe('the jobs of a run', () => {
      const runOf = (job: number) => simulated.service.books.jobs.get(job)?.run.id ?? 0;
      const jobs = async (run: number, page = 1) => value(await github.runJobs(app, run, page));

      test('with all that an event says, and when each came into its state', async () => {
        const [first = 0, second = 0] = queue(simulated, { count: 2, labels: ['self-hosted', 'Linux'] });
        const queuedAt = simulated.clock.now();
        await pass(MINUTE);
        await takeJob(simulated, await register(simulated, { name: 'r-1', labels: ['self-hosted', 'linux'] }));
        const common = { attempt: 1, run: runOf(first), labels: ['self-hosted', 'Linux'], createdAt: queuedAt };
        expect((await jobs(runOf(first))).items).toEqual([
          {
            ...common,
            job: first,
            name: 'build (1)',
            state: 'in_progress',
            changedAt: queuedAt + MINUTE,
            runnerName: 'r-1',
          },
          { ...common, job: second, name: 'build (2)', state: 'queued', changedAt: queuedAt },
        ]);
        simulated.service.control.cancel(second);
        expect((await jobs(runOf(first))).items[1]).toEqual({
          ...common,
          job: second,
          name: 'build (2)',
          state: 'completed',
          conclusion: 'cancelled',
          changedAt: queuedAt + MINUTE,
        });
      });

      test('held ones are neither queued nor ended', async () => {
        const [job = 0] = queue(simulated, { held: true });
        expect((await jobs(runOf(job))).items).toMatchObject([{ job, state: 'held' }]);
      });

      test('of its latest attempt', async () => {
        const [job = 0] = queue(simulated);
        simulated.service.control.cancel(job);
        const again = simulated.service.control.rerun(job);
        expect((await jobs(runOf(job))).items).toMatchObject([{ job: again, attempt: 2, state: 'queued' }]);
      });

      test('a hundred at a time, and free while nothing changes', async () => {
        const [job = 0] = queue(simulated, { count: 205 });
        const pages = [await jobs(runOf(job), 1), await jobs(runOf(job), 2), await jobs(runOf(job), 3)];
        expect(pages.map(({ items, total }) => [items.length, total])).toEqual([
          [100, 205],
          [100, 205],
          [5, 205],
        ]);
        expect((await jobs(runOf(job), 2)).unchanged).toBe(true);
      });
    });

    describe('deliveries', () => {
      const failed = async (cursor?: string) => value(await github.failedDeliveries(cursor));

      test('those that failed, newest first, with what went wrong', async () => {
        status = 503;
        const [job = 0] = queue(simulated);
        await pass(MINUTE);
        status = 202;
        simulated.service.control.cancel(job);
        await pass(MINUTE);
        const [taken] = simulated.service.webhooks.deliveries;
        expect(await failed()).toEqual({
          deliveries: [
            {
              id: taken?.id,
              guid: taken?.guid,
              deliveredAt: taken?.deliveredAt,
              event: 'workflow_job',
              action: 'queued',
              status: 'Invalid HTTP Response: 503',
              statusCode: 503,
            },
          ],
        });
      });

      test('over many pages, each once', async () => {
        status = 500;
        queue(simulated, { count: 205 });
        await pass(MINUTE);
        const guids = new Set<string>();
        let cursor: string | undefined;
        let pages = 0;
        do {
          const page = await failed(cursor);
          for (const { guid } of page.deliveries) guids.add(guid);
          cursor = page.next;
          pages += 1;
        } while (cursor !== undefined);
        expect([guids.size, pages]).toEqual([205, 3]);
      });

      test('a place in the list that is none', async () => {
        expect((await github.failedDeliveries('v1_x')).kind).toBe('bug');
      });

      test('one that is asked for again is sent again, under the same GUID', async () => {
        status = 500;
        queue(simulated);
        await pass(MINUTE);
        const [first] = (await failed()).deliveries;
        status = 202;
        expect(await github.redeliver(first?.id ?? 0)).toEqual({ kind: 'ok', value: undefined });
        await pass(MINUTE);
        expect(simulated.service.webhooks.deliveries.map(({ guid, status }) => [guid, status])).toEqual([
          [first?.guid, 'Invalid HTTP Response: 500'],
          [first?.guid, 'OK'],
        ]);
      });

      test('one that is not there any more is gone', async () => {
        expect((await github.redeliver(1)).kind).toBe('gone');
      });

      test.each<{ name: string; faults: object; list: string; again: string }>([
        { name: 'nothing is done', faults: { restFailBefore: 1 }, list: 'retry', again: 'unknown' },
        { name: 'the answer is lost', faults: { restCut: 1 }, list: 'retry', again: 'unknown' },
      ])(
        'when $name, a list is to be asked for later and a repetition may have been made',
        async ({ faults, list, again }) => {
          simulated.service.control.setFaults(faults);
          expect((await github.failedDeliveries()).kind).toBe(list);
          expect((await github.redeliver(1)).kind).toBe(again);
          expect((await github.installations()).kind).toBe(list);
        },
      );
    });
  });
}

function value<Value>(outcome: Outcome<Value>): Value {
  if (outcome.kind !== 'ok') throw new Error(outcome.reason);
  return outcome.value;
}
