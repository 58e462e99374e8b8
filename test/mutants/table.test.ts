/** The planted bugs fit into the code as it is, and repeat what went wrong elsewhere. Whether they are caught, `npm run mutants` shows. */
import { existsSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { expect, test } from '@jest/globals';
import { transformSync } from 'esbuild';
import { parse } from 'yaml';
import { type Mutant, mutated } from '../../lib/cli/mutants/mutant.ts';
import { MUTANTS } from '../../lib/cli/mutants/table.ts';

/** Why it cannot be planted; `undefined`: it can. */
function misfit(mutant: Mutant): string | undefined {
  const text = existsSync(mutant.file) ? readFileSync(mutant.file, 'utf8') : '';
  const changed = mutated(text, mutant);
  if (changed === undefined) return `what it replaces does not occur exactly once in ${mutant.file}`;
  if (changed === text) return 'it changes nothing';
  const missing = mutant.tests.find((file) => !existsSync(file));
  return missing === undefined ? unreadable(changed, extname(mutant.file)) : `there is no ${missing}`;
}

function unreadable(text: string, extension: string): string | undefined {
  try {
    if (extension === '.ts') transformSync(text, { loader: 'ts' });
    if (extension === '.yml') parse(text);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))('%s can be planted', (_, mutant) => {
  expect(misfit(mutant)).toBeUndefined();
});

test('one that cannot be planted is seen', () => {
  const file = 'lib/core/back-off.ts';
  const mutant: Mutant = { name: 'x', promise: 'asked', file, find: 'return', replace: 'return 1 +', tests: [] };
  expect(misfit(mutant)).toBeUndefined();
  expect(misfit({ ...mutant, find: 'e' })).toMatch('exactly once');
  expect(misfit({ ...mutant, file: 'lib/core/none.ts' })).toMatch('exactly once');
  expect(misfit({ ...mutant, replace: 'return' })).toMatch('nothing');
  expect(misfit({ ...mutant, replace: 'return (' })).toMatch('Transform failed');
  expect(misfit({ ...mutant, tests: ['test/none.test.ts'] })).toMatch('test/none.test.ts');
});

test('each has a name of its own', () => {
  const names = MUTANTS.map(({ name }) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toEqual([]);
  expect(names.length).toBeGreaterThanOrEqual(40);
});

test('every failure that was seen elsewhere is among them', () => {
  const document = readFileSync('docs/mutants.md', 'utf8');
  const numbers = [...document.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));
  const repeated = new Set(MUTANTS.flatMap(({ seen = [] }) => seen));
  expect(numbers).toHaveLength(20);
  expect(numbers.filter((number) => !repeated.has(number))).toEqual([]);
  expect([...repeated].filter((number) => !numbers.includes(number))).toEqual([]);
});
