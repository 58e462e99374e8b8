import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mintedName, PREFIX_PATTERN, parseMintedName, parseRunnerName, runnerName } from '../../lib/core/name.ts';

/** What the check of pools.yml lets a pool be called, digits and dashes in every combination. */
const pools = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$/);
const names = fc.record({
  pool: fc.oneof(pools, fc.constantFrom('1-2-3', '0', 'a-1', 'a--1', '9-9-9-9-9')),
  place: fc.integer({ min: 0, max: 9999 }),
  job: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  launch: fc.integer({ min: 1, max: 9_999_999_999 }),
});
const prefixes = fc.stringMatching(PREFIX_PATTERN);

test('every name says what it was made of', () => {
  fc.assert(
    fc.property(prefixes, names, (prefix, name) => {
      expect(parseRunnerName(prefix, runnerName(prefix, name))).toEqual(name);
    }),
  );
});

test('every minted name does, too', () => {
  fc.assert(
    fc.property(prefixes, names, fc.integer({ min: 1, max: 999 }), (prefix, parts, mint) => {
      const name = runnerName(prefix, parts);
      expect(parseMintedName(prefix, mintedName(name, mint))).toEqual({ ...parts, name, mint });
    }),
  );
});

test('no name is read under another prefix', () => {
  fc.assert(
    fc.property(prefixes, prefixes, names, (one, other, parts) => {
      fc.pre(one !== other);
      expect(parseRunnerName(other, runnerName(one, parts))).toBeUndefined();
    }),
  );
});

test.each([
  'sim-default-0-1',
  'sim-default-x-1-1',
  'sim--0-1-1',
  'sim-Default-0-1-1',
  'SIM-default-0-1-1',
  'simulation-default-0-1-1',
  'sim-default-0-1-1 ',
  ' sim-default-0-1-1',
  'sim-default-0-1-1\n',
  'sim-default--1-1-',
  'sim-default-0-1-12345678901',
  'ecs-svc/1234567890',
  '',
])('%j is no name of ours', (name) => {
  expect(parseRunnerName('sim', name)).toBeUndefined();
});

test.each([
  '',
  '-',
  '1',
  'sim-default-0-1',
  'sim-default-0-1-1',
  'sim-default-0-1-1-',
  'sim-default-0-1-1-x',
  'sim-default-0-1-1-1000',
])('%j is no name of ours at GitHub', (name) => {
  expect(parseMintedName('sim', name)).toBeUndefined();
});

test('a minted name is another runner’s name only for a pool that ends in a number', () => {
  expect(parseRunnerName('sim', 'sim-default-0-1-1-1')).toEqual({ pool: 'default-0', place: 1, job: 1, launch: 1 });
});

test.each([
  ['the longest of everything that GitHub gives today', { job: 99_999_999_999_999, launch: 999 }],
  ['a job id of 16 digits in its first nine launches', { job: 9_007_199_254_740_991, launch: 9 }],
  ['a warm runner of the next two centuries', { job: 0, launch: 9_999_999_999 }],
])('%s fits into GitHub’s 64 characters', (_, { job, launch }) => {
  const name = runnerName('p'.repeat(12), { pool: 'q'.repeat(20), place: 9999, job, launch });
  expect(mintedName(name, 3).length).toBeLessThanOrEqual(64);
});

test.each([
  ['sim', true],
  ['a1b2c3d4e5f6', true],
  ['', false],
  ['a1b2c3d4e5f6g', false],
  ['a-b', false],
  ['Sim', false],
])('the prefix %j: %s', (prefix, fits) => {
  expect(PREFIX_PATTERN.test(prefix)).toBe(fits);
});
