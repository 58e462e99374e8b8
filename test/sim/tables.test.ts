import { expect, test } from '@jest/globals';
import { virtualClock } from '../../lib/sim/clock.ts';
import { createSimTable, type SimTableSettings } from '../../lib/sim/tables.ts';

type Story = { version: string; job: number; reason: string };
type Key = { job: number };

function aTable(overrides: Partial<SimTableSettings<Key>> = {}) {
  const clock = virtualClock(0);
  return { clock, table: createSimTable<Story, Key>({ clock, name: 'history', key: ['job'], ...overrides }) };
}

test('a call takes its latency, and has its effect in the middle of it', async () => {
  const { clock, table } = aTable({ latencyMs: 10 });
  let done = false;
  table.put({ job: 1, reason: 'slow' }, undefined).then(() => {
    done = true;
  });
  await clock.runUntil(4);
  expect(table.all()).toEqual([]);
  await clock.runUntil(5);
  expect(table.all()).toHaveLength(1);
  expect(done).toBe(false);
  await clock.runUntil(10);
  expect(done).toBe(true);
});

test.each(['get', 'getMany', 'put', 'remove'] as const)(
  'a fault before %s means that nothing was done',
  async (operation) => {
    const asked: string[] = [];
    let failing = false;
    const { table } = aTable({
      before: (each) => {
        asked.push(each);
        if (failing) throw new Error('crash');
      },
    });
    const item = (await table.put({ job: 1, reason: 'first' }, undefined)) as Story;
    failing = true;
    const calls = {
      get: () => table.get({ job: 1 }),
      getMany: () => table.getMany([{ job: 1 }]),
      put: () => table.put({ job: 1, reason: 'second' }, item),
      remove: () => table.remove(item),
    };
    await expect(calls[operation]()).rejects.toThrow('crash');
    expect(table.all()).toEqual([item]);
    expect(asked).toEqual(['history.put', `history.${operation}`]);
  },
);

test('a fault after a write means that only the answer is lost', async () => {
  let failing = true;
  const { table } = aTable({
    after: () => {
      if (failing) throw new Error('crash');
    },
  });
  await expect(table.put({ job: 1, reason: 'first' }, undefined)).rejects.toThrow('crash');
  expect(table.all()).toMatchObject([{ job: 1, reason: 'first' }]);
  failing = false;
  expect(await table.put({ job: 1, reason: 'again' }, undefined)).toBeUndefined();
});
