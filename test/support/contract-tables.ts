/** What every implementation of the tables keeps: run on DynamoDB's wire and on the simulated ones. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ListTable, Table } from '../../lib/world.ts';

export type Story = {
  version: string;
  job: number;
  reason: string;
  labels?: string[];
  /** Reserved words of DynamoDB, all of them. */
  pool?: string;
  state?: string;
  name?: string;
  owner?: string;
  times?: { startedAt?: number; zones: (string | null)[] };
  done?: boolean;
  expiresAt?: number;
};
export type Entry = { version: string; pool: string; job: number; reason: string; expiresAt?: number };

export type TablesUnderTest = {
  table: Table<Story, { job: number }>;
  list: ListTable<Entry, { pool: string; job: number }>;
  /** Milliseconds since 1970, as the tables see it. */
  now(): number;
  advance(milliseconds: number): Promise<void>;
  close(): Promise<void>;
};

export function tablesContract(name: string, make: () => Promise<TablesUnderTest>): void {
  describe(name, () => {
    let world: TablesUnderTest;
    let key = 1_000;
    const nextJob = () => ++key;
    beforeAll(async () => {
      world = await make();
    });
    afterAll(() => world.close());

    test('what was put is what is read, with fields that are undefined left out', async () => {
      const job = nextJob();
      const item = { job, reason: '', labels: ['a', 'b'], times: { startedAt: 1.5, zones: ['ä', null] }, done: false };
      const put = await world.table.put({ ...item, owner: undefined } as never, undefined);
      expect(put).toEqual({ ...item, version: expect.any(String) });
      const read = await world.table.get({ job });
      expect(read).toStrictEqual(put);
      expect(Object.keys(read ?? {})).not.toContain('owner');
    });

    test('fields may be called as DynamoDB calls its own words', async () => {
      const job = nextJob();
      const item = { job, reason: 'because', pool: 'default', state: 'queued', name: 'build', owner: 'octo-org' };
      const put = await world.table.put(item, undefined);
      expect(await world.table.put({ ...item, state: 'completed' }, put)).toMatchObject({ state: 'completed' });
    });

    test('there is nothing where nothing was put', async () => {
      expect(await world.table.get({ job: nextJob() })).toBeUndefined();
      expect(await world.list.get({ pool: 'nobody', job: 1 })).toBeUndefined();
      expect(await world.list.list('nobody')).toEqual([]);
    });

    test('only the first of two makes an item', async () => {
      const job = nextJob();
      const [one, other] = await Promise.all([
        world.table.put({ job, reason: 'one' }, undefined),
        world.table.put({ job, reason: 'other' }, undefined),
      ]);
      expect([one, other].filter((item) => item !== undefined)).toHaveLength(1);
      expect(await world.table.get({ job })).toStrictEqual(one ?? other);
    });

    test('only the first of two changes what both have read', async () => {
      const job = nextJob();
      const first = await world.table.put({ job, reason: 'first' }, undefined);
      const second = await world.table.put({ job, reason: 'second' }, first);
      expect(second?.version).not.toBe(first?.version);
      expect(await world.table.put({ job, reason: 'late' }, first)).toBeUndefined();
      expect(await world.table.get({ job })).toStrictEqual(second);
    });

    test('every write gives a new version, also of the same item', async () => {
      const job = nextJob();
      const first = await world.table.put({ job, reason: 'same' }, undefined);
      const second = await world.table.put({ job, reason: 'same' }, first);
      expect(second).toMatchObject({ job, reason: 'same' });
      expect(second?.version).not.toBe(first?.version);
    });

    test('an item that was read with its version is written with a new one', async () => {
      const job = nextJob();
      const first = await world.table.put({ job, reason: 'first' }, undefined);
      const second = await world.table.put({ ...first, job, reason: 'second' } as Story, first);
      expect(second?.version).not.toBe(first?.version);
    });

    test('nothing changes an item that is not there', async () => {
      const job = nextJob();
      const ghost = { version: 'never', job, reason: 'ghost' };
      expect(await world.table.put({ job, reason: 'changed' }, ghost)).toBeUndefined();
      expect(await world.table.remove(ghost)).toBe(false);
      expect(await world.table.get({ job })).toBeUndefined();
    });

    test('only what was read is removed, and once', async () => {
      const job = nextJob();
      const first = (await world.table.put({ job, reason: 'first' }, undefined)) as Story;
      const second = (await world.table.put({ job, reason: 'second' }, first)) as Story;
      expect(await world.table.remove(first)).toBe(false);
      expect(await world.table.remove(second)).toBe(true);
      expect(await world.table.remove(second)).toBe(false);
      expect(await world.table.get({ job })).toBeUndefined();
    });

    test('who read before an item was removed and made again is too late', async () => {
      const job = nextJob();
      const read = (await world.table.put({ job, reason: 'same' }, undefined)) as Story;
      await world.table.remove(read);
      const again = await world.table.put({ job, reason: 'same' }, undefined);
      expect(await world.table.put({ job, reason: 'late' }, read)).toBeUndefined();
      expect(await world.table.remove(read)).toBe(false);
      expect(await world.table.get({ job })).toStrictEqual(again);
    });

    test('what the caller does to its copies changes nothing', async () => {
      const job = nextJob();
      const labels = ['a'];
      const put = await world.table.put({ job, reason: 'mine', labels }, undefined);
      labels.push('b');
      put?.labels?.push('c');
      (await world.table.get({ job }))?.labels?.push('d');
      expect((await world.table.get({ job }))?.labels).toEqual(['a']);
    });

    test('more than a hundred are read together, each once, absent ones left out', async () => {
      const jobs = Array.from({ length: 230 }, nextJob);
      await Promise.all(jobs.map((job) => world.table.put({ job, reason: `${job}` }, undefined)));
      const keys = [...jobs, ...jobs.slice(0, 20), nextJob()].map((job) => ({ job }));
      const read = await world.table.getMany(keys);
      expect(read.map(({ job }) => job).sort((one, other) => one - other)).toEqual(jobs);
      expect(await world.table.getMany([])).toEqual([]);
    });

    describe('expiry', () => {
      const expiresIn = (seconds: number) => Math.floor(world.now() / 1000) + seconds;

      test('an expired item is not there, in no way of reading', async () => {
        const job = nextJob();
        await world.table.put({ job, reason: 'soon', expiresAt: expiresIn(60) }, undefined);
        await world.list.put({ pool: 'expiring', job, reason: 'soon', expiresAt: expiresIn(60) }, undefined);
        expect(await world.table.get({ job })).toBeDefined();
        expect(await world.list.list('expiring')).toHaveLength(1);
        await world.advance(61_000);
        expect(await world.table.get({ job })).toBeUndefined();
        expect(await world.table.getMany([{ job }])).toEqual([]);
        expect(await world.list.list('expiring')).toEqual([]);
      });

      test('an item can be made in the place of an expired one', async () => {
        const job = nextJob();
        await world.table.put({ job, reason: 'old', expiresAt: expiresIn(60) }, undefined);
        expect(await world.table.put({ job, reason: 'early' }, undefined)).toBeUndefined();
        await world.advance(61_000);
        expect(await world.table.put({ job, reason: 'new' }, undefined)).toMatchObject({ reason: 'new' });
        expect(await world.table.get({ job })).toMatchObject({ reason: 'new' });
      });

      test('expired items do not use up the limit of a list', async () => {
        const pool = 'mostly expired';
        for (const job of [1, 2, 3, 5]) {
          await world.list.put({ pool, job, reason: 'old', expiresAt: expiresIn(60) }, undefined);
        }
        for (const job of [4, 6, 7]) await world.list.put({ pool, job, reason: 'new' }, undefined);
        await world.advance(61_000);
        expect((await world.list.list(pool, { limit: 2 })).map(({ job }) => job)).toEqual([4, 6]);
      });
    });

    describe('lists', () => {
      const jobsOf = (entries: Entry[]) => entries.map(({ job }) => job);
      const numbers = [10, -1, 9, 2_000_000_000_000, 0, 100];
      beforeAll(async () => {
        for (const job of numbers) await world.list.put({ pool: 'listed', job, reason: 'here' }, undefined);
        await world.list.put({ pool: 'other', job: 5, reason: 'elsewhere' }, undefined);
      });

      test.each<{ name: string; options?: { limit?: number; after?: number }; jobs: number[] }>([
        { name: 'all, by rising number and not by text', jobs: [-1, 0, 9, 10, 100, 2_000_000_000_000] },
        { name: 'the first ones', options: { limit: 3 }, jobs: [-1, 0, 9] },
        { name: 'those after one that is there', options: { after: -1 }, jobs: [0, 9, 10, 100, 2_000_000_000_000] },
        { name: 'those after one that is not there', options: { after: 50 }, jobs: [100, 2_000_000_000_000] },
        { name: 'the first after one', options: { after: 9, limit: 2 }, jobs: [10, 100] },
        { name: 'no more than there are', options: { limit: 1000, after: 10 }, jobs: [100, 2_000_000_000_000] },
        { name: 'none after the last', options: { after: 2_000_000_000_000 }, jobs: [] },
        { name: 'none when none is asked for', options: { limit: 0 }, jobs: [] },
      ])('$name', async ({ options, jobs }) => {
        expect(jobsOf(await world.list.list('listed', options))).toEqual(jobs);
      });

      test('an item removed is no longer listed, and listed once when made again', async () => {
        const first = (await world.list.put({ pool: 'changing', job: 1, reason: 'one' }, undefined)) as Entry;
        const changed = (await world.list.put({ pool: 'changing', job: 1, reason: 'two' }, first)) as Entry;
        expect(await world.list.list('changing')).toEqual([changed]);
        await world.list.remove(changed);
        expect(await world.list.list('changing')).toEqual([]);
        const again = await world.list.put({ pool: 'changing', job: 1, reason: 'three' }, undefined);
        expect(await world.list.list('changing')).toEqual([again]);
      });

      test('a list longer than one answer (1 MB) is whole', async () => {
        const reason = 'x'.repeat(60_000);
        const jobs = Array.from({ length: 25 }, (_, index) => index);
        await Promise.all(jobs.map((job) => world.list.put({ pool: 'long', job, reason }, undefined)));
        expect(jobsOf(await world.list.list('long'))).toEqual(jobs);
        expect(jobsOf(await world.list.list('long', { limit: 20, after: 2 }))).toEqual(jobs.slice(3, 23));
      });

      test('several are read by their keys', async () => {
        const read = await world.list.getMany([
          { pool: 'listed', job: 9 },
          { pool: 'other', job: 5 },
          { pool: 'other', job: 9 },
        ]);
        expect(read.map(({ pool, job }) => `${pool} ${job}`).sort()).toEqual(['listed 9', 'other 5']);
      });
    });
  });
}
