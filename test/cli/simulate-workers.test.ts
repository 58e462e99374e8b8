/** Seeds on several threads: their order, and what becomes of a seed that throws, never ends, or takes its thread with it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, jest, test } from '@jest/globals';
import { type Ended, endSeed } from '../../lib/cli/simulate/seed.ts';
import { endedSeeds, type Work } from '../../lib/cli/simulate/workers.ts';

jest.setTimeout(120_000);

const FIXTURE = pathToFileURL('test/fixtures/simulate-worker.ts');
const WORK: Work = { from: 0, seeds: 6, workers: 1, days: 1, fault: {} };

async function reported(work: Partial<Work>, runMsMax?: number): Promise<{ seed: number; detail?: string }[]> {
  const all: { seed: number; detail?: string }[] = [];
  for await (const { run } of endedSeeds({ ...WORK, ...work }, FIXTURE, runMsMax)) {
    const detail = run.breaches[0]?.detail.split('\n')[0];
    all.push({ seed: run.seed, ...(detail !== undefined && { detail }) });
  }
  return all;
}

test.each([1, 3, 9])(
  'seeds come in their order from %i threads; one that kills its thread fails, and the next goes on',
  async (workers) => {
    expect(await reported({ workers })).toEqual([
      { seed: 0 },
      { seed: 1 },
      { seed: 2, detail: 'Error: its thread ended with 7' },
      { seed: 3, detail: 'Error: out of the harness' },
      { seed: 4 },
      { seed: 5 },
    ]);
  },
);

test('a seed of which a run never ends fails, and the next goes on; one of many runs is given the time for each', async () => {
  expect(await reported({ from: 6, seeds: 3, workers: 2 }, 3000)).toEqual([
    { seed: 6, detail: 'Error: it did not end within 0.05 minutes' },
    { seed: 7 },
    { seed: 8 },
  ]);
});

test('whoever has seen enough is given no other seed, and none is begun', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'seeds-'));
  const begun = join(folder, 'begun');
  for await (const { run } of endedSeeds({ ...WORK, seeds: 20, ...{ begun } }, FIXTURE)) {
    expect(run.seed).toBe(0);
    break;
  }
  // Seed 1 was at work. Meanwhile another hunt ends, so whoever had begun would have written it down.
  await reported({});
  expect(['0\n', '0\n1\n']).toContain(readFileSync(begun, 'utf8'));
  rmSync(folder, { recursive: true });
});

test('a thread simulates what a process does', async () => {
  const day = { days: 0.01, fault: {} };
  const ended: Ended[] = [];
  for await (const seed of endedSeeds({ ...WORK, ...day, from: 5, seeds: 1 })) ended.push(seed);
  expect(ended).toEqual([await endSeed(5, day)]);
});

test('a seed out of which something is thrown has failed, and needs its faults', async () => {
  const { run, smallest } = await endSeed(5, { days: 0.001, fault: { weather: 1 } });
  expect(run.breaches).toMatchObject([
    { promise: 'nothing throws', detail: expect.stringContaining('There is no fault weather') },
  ]);
  expect(smallest?.faults).toEqual({ weather: 1 });
});
