import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { isWorking, workerLogs } from '../../../infra/runner/worker.ts';

const LISTENER = 7;

/** A line per process: id, parent, name in the kernel, state, command line. */
type Row = [id: number, parent: number, name: string, state: string, command: string];

function processes(rows: Row[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'proc-'));
  for (const name of ['self', 'sys', '99']) mkdirSync(join(folder, name)); // 99 has just ended: nothing to read
  for (const [id, parent, name, state, command] of rows) {
    mkdirSync(join(folder, String(id)));
    writeFileSync(join(folder, `${id}/stat`), `${id} (${name}) ${state} ${parent} 1 1 0 -1`);
    writeFileSync(join(folder, `${id}/cmdline`), command.replaceAll(' ', '\0'));
  }
  return folder;
}

const listener: Row = [LISTENER, 1, 'Runner.Listener', 'S', '/home/runner/bin/Runner.Listener run'];
const tables: [string, boolean, Row[]][] = [
  ['a listener alone does not work', false, [listener]],
  [
    'its worker is work',
    true,
    [listener, [8, LISTENER, 'Runner.Worker', 'S', '/home/runner/bin/Runner.Worker spawnclient']],
  ],
  [
    'a worker whose threads rename the process is known by its command',
    true,
    [listener, [8, LISTENER, '.NET Main', 'R', '/home/runner/bin/Runner.Worker spawnclient']],
  ],
  [
    'a worker below scripts is work',
    true,
    [listener, [9, 8, 'Runner.Worker', 'S', ''], [8, LISTENER, 'run-helper.sh', 'S', '']],
  ],
  [
    'a worker that has ended is none, even if nobody waited for it',
    false,
    [listener, [8, LISTENER, 'Runner.Worker', 'Z', '']],
  ],
  ['somebody else’s worker is not ours', false, [listener, [8, 1, 'Runner.Worker', 'S', 'bin/Runner.Worker']]],
  ['a name that only begins so is none', false, [listener, [8, LISTENER, 'Runner.Worker2', 'S', 'bin/Runner.Workers']]],
  ['an argument of that name is none', false, [listener, [8, LISTENER, 'cat', 'S', 'cat bin/Runner.Worker']]],
  ['a name with parentheses is read to its end', false, [listener, [8, LISTENER, 'x) Z (y', 'S', 'x']]],
  [
    'processes in a circle do not hold us',
    false,
    [
      [8, 9, 'Runner.Worker', 'S', ''],
      [9, 8, 'sh', 'S', ''],
    ],
  ],
];

test.each(tables)('%s', (_, expected, rows) => {
  expect(isWorking(LISTENER, processes(rows))).toBe(expected);
});

test('under a listener that could not be started no job runs, whatever else does', () => {
  expect(isWorking(undefined, processes([[8, 0, 'Runner.Worker', 'S', '']]))).toBe(false);
});

test('without processes in sight nothing is known to run', () => {
  expect(isWorking(LISTENER, '/no/such/folder')).toBe(false);
});

test('the logs of workers are counted, others are not', () => {
  const home = mkdtempSync(join(tmpdir(), 'home-'));
  expect(workerLogs(home)).toBe(0);
  mkdirSync(join(home, '_diag'));
  for (const name of ['Runner_1.log', 'Worker_1.log', 'Worker_2.log']) writeFileSync(join(home, '_diag', name), '');
  expect(workerLogs(home)).toBe(2);
});
