/** `npm run mutants` as a command; what it does with a bug, `test/mutants` shows. */
import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { MUTANTS } from '../../lib/cli/mutants/table.ts';

function mutants(...args: string[]): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['lib/cli/mutants.ts', ...args], { encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

test('it lists every bug', () => {
  const { status, said } = mutants('--list');
  expect(status).toBe(0);
  expect(MUTANTS.filter(({ name }) => !said.includes(name))).toEqual([]);
});

test.each([
  [['--only', 'no-such-bug'], 'There is no such bug'],
  [['--check', 'luck'], 'Allowed choices are tests, simulate, both'],
  [['--seeds', '0'], 'whole number from 1'],
  [['--days', 'many'], 'number of days'],
  [['--workers', '1.5'], 'whole number'],
  [['--sometimes'], 'unknown option'],
  [['stop-before-delete'], 'too many arguments'],
])('%j is refused: %s', (args, says) => {
  const { status, said } = mutants(...args);
  expect(status).toBe(2);
  expect(said).toContain(says);
});
