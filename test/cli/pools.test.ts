/** `npm run pools`, run as a user does. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

type Run = { status: number; stdout: string; stderr: string };

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pools-'));
});
afterAll(() => rm(folder, { recursive: true }));

function run(...parameters: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['lib/cli/pools.ts', ...parameters], (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

async function runOn(text: string): Promise<Run> {
  const path = join(folder, 'some.yml');
  await writeFile(path, text);
  const { status, stdout, stderr } = await run(path);
  return { status, stdout, stderr: stderr.replaceAll(folder, '') };
}

const ONE = 'labels: [a, b], cpu: 1024, memory: 2048, docker: none, max: 3';

test('a sound file is shown as a table', async () => {
  const { status, stdout, stderr } = await run();
  expect(stderr).toBe('');
  expect(stdout).toMatch(/│ pool .*│ labels .*│ vCPU │/);
  expect(stdout).toMatch(/│ default │ self-hosted │ 2 {4}│ 4096 │ dind/);
  expect(status).toBe(0);
});

test('what the App must be allowed for re-runs is said', async () => {
  const { stdout } = await runOn(`pools:\n  x: { ${ONE}, rerun: 2 }\n`);
  expect(stdout).toMatch(/Jobs of x are run again .* Actions: read and write/);
});

test('the group of each pool, and what each group has', async () => {
  const { status, stdout, stderr } = await runOn(`capacity:
  big:
    instanceTypes: [m7g.xlarge, m6g.xlarge]
    max: 9
    onDemandPercent: 25
    pricePerHour: 0.2
    schedules: [{ cron: '0 7 * * 1-5', timeZone: Europe/Zurich, min: 2 }]
pools:
  x: { ${ONE.replace('[a, b]', '[x]')} }
  y: { ${ONE.replace('[a, b]', '[y]')}, architecture: arm64, capacity: big }
  z: { ${ONE.replace('[a, b]', '[z]')}, capacityProvider: own }
`);
  expect(stderr).toBe('');
  const rows = stdout.split('\n').map((line) => line.split('│').map((cell) => cell.trim()));
  const pools = rows.filter(([, name]) => ['x', 'y', 'z'].includes(name ?? ''));
  expect(pools.map((cells) => [cells[1], cells[7]])).toEqual([
    ['x', 'x64-large'],
    ['y', 'big'],
    ['z', 'provider own'],
  ]);
  const schedule = '0 7 * * 1-5 Europe/Zurich: at least 2';
  expect(rows).toContainEqual([
    '',
    'big',
    'arm64',
    'm7g.xlarge',
    '9',
    'first 0, then 25 %',
    '100',
    '0.2',
    schedule,
    '',
  ]);
  expect(rows).toContainEqual(['', '', '', 'm6g.xlarge', '', '', '', '', '', '']);
  expect(rows).toContainEqual([
    '',
    'x64-large',
    'x64',
    'm7i.large',
    '1000',
    'first 1, then 0 %',
    '100',
    '0.116',
    '',
    '',
  ]);
  expect(status).toBe(0);
});

test('warnings do not refuse', async () => {
  const { status, stdout, stderr } = await runOn(
    `unlabelled: x\npools:\n  x: { ${ONE} }\n  y: { ${ONE.replace('b]', 'b, c]')} }\n`,
  );
  expect(stderr).toMatch(/^warning: \/some\.yml:4:8 pools\.y\.labels: contain all labels of x, [^\n]*\n$/);
  expect(stdout).toContain('Jobs without labels go to x.');
  expect(status).toBe(0);
});

test('all problems, one per line', async () => {
  const { status, stdout, stderr } = await runOn(`pools:\n  x: { ${ONE.replace('3', '0').replace('none', 'no')} }\n`);
  expect(stderr.split('\n')).toEqual([
    expect.stringMatching(/^\/some\.yml:2:57 pools\.x\.docker: is "no": it must be /),
    expect.stringMatching(/^\/some\.yml:2:66 pools\.x\.max: is 0: it must be /),
    '',
    '2 problems; nothing uses the file until there is none.',
    '',
  ]);
  expect(stdout).toBe('');
  expect(status).toBe(1);
});

test('a file that is not there', async () => {
  const { status, stderr } = await run('no/such.yml');
  expect(stderr).toMatch(/^cannot read no\/such\.yml: ENOENT[^\n]*\n$/);
  expect(status).toBe(2);
});
