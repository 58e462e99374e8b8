/** `npm run simulate`: its options, how it makes a failing seed smaller, and what it says of one. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { expect, test } from '@jest/globals';
import { parse as parseYaml } from 'yaml';
import { type SimulateOptions, simulateCommand } from '../../lib/cli/simulate/options.ts';
import { failure } from '../../lib/cli/simulate/report.ts';
import type { Run } from '../../lib/cli/simulate/run.ts';
import { shrink } from '../../lib/cli/simulate/shrink.ts';
import { summary } from '../../lib/cli/simulate/summary.ts';
import type { FaultList } from '../../lib/sim/faults/table.ts';

function parse(...argv: string[]): SimulateOptions | string {
  const command = simulateCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  try {
    return command.parse(['node', 'simulate', ...argv]).opts<SimulateOptions>();
  } catch (error) {
    return (error as Error).message;
  }
}

test('without options: twenty seeds of a day each, with drawn faults', () => {
  const workers = availableParallelism();
  expect(parse()).toEqual({ seeds: 20, from: 1, workers, days: 1, trace: false, list: false });
});

test('faults by hand replace the drawn ones; none is none', () => {
  expect(parse('--fault', 'jitconfig.502=0.2', '--fault', 'github.down=1')).toMatchObject({
    fault: { 'jitconfig.502': 0.2, 'github.down': 1 },
  });
  expect(parse('--fault', 'none')).toMatchObject({ fault: {} });
});

test.each([
  ['jitcofnig.502=0.2', 'There is no fault jitcofnig.502. Did you mean jitconfig.502?'],
  ['weather=1', 'There is no fault weather. npm run simulate -- --list shows them all.'],
  ['jitconfig.502=2', 'jitconfig.502 is a share, from 0 to 1.'],
  ['jitconfig.502=much', 'jitconfig.502 is a share, from 0 to 1.'],
  ['jitconfig.502', 'It is written name=value, for example jitconfig.502=0.2.'],
])('--fault %s: %s', (fault, message) => {
  expect(parse('--fault', fault)).toContain(message);
});

test.each([
  ['--seeds', '0'],
  ['--seed', '-1'],
  ['--workers', '0'],
  ['--days', '0'],
  ['--days', 'many'],
])('%s %s is refused', (option, value) => {
  expect(parse(option, value)).toMatch(/It must be a/);
});

function aRun(faults: FaultList, promise?: string): Run {
  const breaches = promise === undefined ? [] : [{ at: Date.UTC(2026, 0, 1), promise, detail: 'job 7 is queued' }];
  const counts = { jobs: 1, judged: 1, tasks: 1, calls: 1, stops: 0, deaths: 0, lost: 0 };
  return { seed: 3, faults, breaches, ...counts, waits: [], story: [], fingerprint: '' };
}

test('faults that do not matter are left out, and those stay that break another promise', async () => {
  const failed = aRun({ one: 1, two: 2, three: 3, four: 4 }, 'the promise');
  const smallest = await shrink(failed, async (faults) => {
    if (!('two' in faults)) return aRun(faults);
    return aRun(faults, 'four' in faults ? 'the promise' : 'another promise');
  });
  expect(smallest.faults).toEqual({ two: 2, four: 4 });
});

test('a failing seed prints itself, its faults, the broken promise and the command that repeats it', () => {
  const text = failure(aRun({ one: 1, two: 0.5 }, 'the promise'), aRun({ two: 0.5 }, 'the promise'), 0.5);
  expect(text.split('\n')).toEqual([
    'seed 3 broke: the promise',
    '  2026-01-01T00:00:00.000Z job 7 is queued',
    '  faults: one=1 two=0.5',
    '  of which it needs: two=0.5',
    '  npm run simulate -- --seed 3 --days 0.5 --fault two=0.5 --trace',
  ]);
});

test('the summary shows how the figures are distributed, and which faults the seeds had', () => {
  const runs = Array.from({ length: 10 }, (_, index) => ({
    ...aRun({}),
    jobs: 2,
    calls: 2 * index,
    waits: [index, 1200],
  }));
  const text = summary([...runs, aRun({ 'github.down': 1, 'jitconfig.502': 0.1 }, 'the promise')], 0.5, 60);
  expect(text).toMatch(/^11 seeds, 5.5 days with faults, 11 seeds a minute:\n21 jobs, of which 11 are for our pools/);
  expect(text).toMatch(/GitHub calls per job, by seed +│ +4.0 │ +8.0 │ +9.0 │ +9.0 /);
  expect(text).toMatch(/seconds from queued to running, by job +│ +1,200 │/);
  expect(text).toMatch(/after the faults: minutes until all jobs had ended +│ +– │/);
  expect(text).toMatch(/^Seeds with each fault: none 10, github.down 1, jitconfig.502 1, \d+ in no seed$/m);
  expect(text.split('\n').every((line) => line.length <= 120)).toBe(true);
  expect(text).toMatch(/\n1 of 11 seeds broke a promise.$/);
});

test('the command ends with 2 where an option is wrong, and with 0 after a seed that holds', () => {
  const ended = (...argv: string[]) =>
    spawnSync(process.execPath, ['lib/cli/simulate.ts', ...argv], { encoding: 'utf8' });
  expect(ended('--fault', 'weather=1').status).toBe(2);
  const held = ended('--seed', '1', '--days', '0.005', '--fault', 'none', '--trace');
  expect(held.stdout).toMatch(/faults +are over/);
  expect(held.stdout).toMatch(/No promise was broken/);
  expect(held.status).toBe(0);
});

test('each night thousands of seeds run that ran in no night before, and the workflow may write nothing', () => {
  const workflow = parseYaml(readFileSync('.github/workflows/simulate.yml', 'utf8'));
  expect(workflow).toMatchObject({ permissions: { contents: 'read' } });
  const { strategy, steps } = workflow.jobs.hunt;
  const { run } = steps.at(-1);
  const [, seeds, perRun, perPart] =
    /--seeds (\d+) --from \$\(\( RUN \* (\d+) \+ PART \* (\d+) \+ 1 \)\)/.exec(run) ?? [];
  expect(perPart).toBe(seeds);
  expect(Number(perRun)).toBe(Number(seeds) * strategy.matrix.part.length);
});
