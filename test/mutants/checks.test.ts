/** What counts as caught. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runTests, type Verdict } from '../../lib/cli/mutants/checks.ts';
import { runNode } from '../../lib/cli/mutants/child.ts';
import { type Mutant, whilePlanted } from '../../lib/cli/mutants/mutant.ts';
import { markdown, report, type Tried, uncaught } from '../../lib/cli/mutants/report.ts';

const PRODUCT = 'export const most = 3;\n';
const bug: Mutant = {
  name: 'one-more',
  promise: 'asked',
  file: 'product.ts',
  find: '= 3',
  replace: '= 4',
  tests: ['test/product.test.ts'],
};
const never = new AbortController().signal;

/** A repository with a product and its test. */
let folder = '';
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'mutants-')));
  mkdirSync(join(folder, 'test'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'jest.config.mjs'), readFileSync('jest.config.mjs'));
  writeFileSync(join(folder, 'product.ts'), PRODUCT);
  writeFileSync(
    join(folder, 'test/product.test.ts'),
    `import { expect, test } from '@jest/globals';
     import { most } from '../product.ts';
     test('three at most', () => expect(most).toBe(3));`,
  );
  symlinkSync(realpathSync('node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function tried(mutant: Mutant): Promise<Verdict | undefined> {
  return whilePlanted(folder, mutant, () => runTests(folder, mutant.tests, never));
}

describe('a test', () => {
  test('catches a bug, and the product is as before', async () => {
    expect(await tried(bug)).toEqual({ is: 'caught', by: 'product: three at most' });
    expect(readFileSync(join(folder, 'product.ts'), 'utf8')).toBe(PRODUCT);
  });

  test('that passes does not', async () => {
    expect(await tried({ ...bug, replace: '= 2 + 1' })).toEqual({ is: 'not caught' });
  });

  test('that cannot be loaded proves nothing', async () => {
    expect(await tried({ ...bug, replace: '= (' })).toMatchObject({ is: 'not run' });
  });

  test('is not run when the bug has no place', async () => {
    expect(await tried({ ...bug, find: '= 5' })).toBeUndefined();
  });
});

test('a check that is told to end ends, with all that it has started', async () => {
  const told = new AbortController();
  const script = "require('node:child_process').spawn('sleep', ['60'], { stdio: 'inherit' })";
  const running = runNode(folder, ['-e', script], told.signal);
  told.abort();
  expect(await running).toEqual({ output: '' });
});

describe('the report', () => {
  const caught: Tried = {
    mutant: bug,
    seconds: 1,
    tests: { is: 'caught', by: 'a test' },
    simulation: { is: 'not caught' },
  };
  const missed: Tried = { mutant: { ...bug, name: 'missed' }, seconds: 1, tests: { is: 'not caught' } };
  const misplaced: Tried = { mutant: { ...bug, name: 'misplaced' }, seconds: 0, misplaced: true };

  test('names what nothing catches, and what has no place', () => {
    const all = [caught, missed, misplaced];
    expect(uncaught(all)).toEqual([missed, misplaced]);
    expect(report(all)).toMatch('3 planted, 1 caught by a test, 0 by the simulation, 2 by neither.');
    expect(report(all)).toMatch('missed: nothing catches it');
    expect(report(all)).toMatch('misplaced: its text does not occur exactly once in product.ts');
  });

  test('of a document has a row for each', () => {
    expect(markdown([caught])).toMatch('| one-more | no more than asked | a test | no |');
  });
});
