import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fold, matchesRepository } from '../../lib/core/label.ts';
import { admits, covers, type Pool, poolFor } from '../../lib/core/pool.ts';

function aPool(overrides: Partial<Pool> = {}): Pool {
  return {
    name: 'default',
    labels: ['self-hosted', 'linux', 'x64', 'ecs'],
    docker: 'dind',
    max: 100,
    repositories: [],
    register: 'organization',
    group: 'Default',
    warm: 0,
    idleSecondsMax: 60,
    taskDefinition: 'runner:1',
    ...overrides,
  };
}

const deploy = aPool({
  name: 'deploy',
  labels: ['self-hosted', 'linux', 'x64', 'ecs', 'deploy'],
  repositories: ['octo-org/deploy-*'],
  register: 'repository',
});
const pools = { pools: [aPool(), deploy] };

function chosen(labels: readonly string[], name = 'octo-org/web', from: Parameters<typeof poolFor>[0] = pools): string {
  const [owner = '', repository = ''] = name.split('/');
  const match = poolFor(from, { labels, owner, repository });
  return 'pool' in match ? match.pool.name : match.ignored;
}

const coverings: [string, string[], string[], boolean][] = [
  ['a superset covers', ['A', 'b'], ['a'], true],
  ['the same labels cover, whatever their order', ['a', 'b'], ['b', 'a'], true],
  ['a label that is missing is not covered', ['a', 'b'], ['a', 'c'], false],
  ['case does not matter on either side', ['Linux', 'X64'], ['lINUX', 'x64'], true],
  ['a label that is asked for twice is needed once', ['a'], ['a', 'a', 'A'], true],
  ['no labels are covered by any', ['a'], [], true],
  ['a prefix is another label', ['ecs-large'], ['ecs'], false],
  ['the empty label is a label like any other', ['a'], [''], false],
  ['white space is part of a label', ['a'], ['a '], false],
  ['accents have case too', ['GRÜN'], ['grün'], true],
  ['both small sigmas are one letter', ['ΑΣ'], ['ας'], true],
  ['both small sigmas are one letter, also inside', ['ΑΣ'], ['ασ'], true],
  ['ß is not SS', ['strasse'], ['straße'], false],
  ['the Kelvin sign is not k', ['k'], ['\u212a'], false],
  ['the long s is not s', ['s'], ['ſ'], false],
  ['the dotless i is not i', ['i'], ['ı'], false],
  ['the dotted capital I is not i', ['i'], ['İ'], false],
  ['an accent that is a letter of its own is not the composed letter', ['\u00e9'], ['e\u0301'], false],
];
test.each(coverings)('%s', (_, runner, job, expected) => {
  expect(covers(runner, job)).toBe(expected);
});

const matches: [string, string[], string, string][] = [
  ['fewest extra labels win', ['ecs'], 'octo-org/deploy-web', 'default'],
  ['a special label leads to its pool', ['deploy'], 'octo-org/deploy-web', 'deploy'],
  ['the owner is compared without case', ['deploy'], 'Octo-Org/DEPLOY-web', 'deploy'],
  [
    'a repository that the only able pool does not admit is refused',
    ['deploy'],
    'octo-org/web',
    'the repository octo-org/web is not admitted by pool deploy',
  ],
  ['a label of no pool', ['ecs', 'GPU', 'gpu'], 'octo-org/web', 'no pool has the label "gpu"'],
  ['labels of no pool', ['gpu', 'ubuntu-latest'], 'octo-org/web', 'no pool has the label "gpu", "ubuntu-latest"'],
  ['the empty label', [''], 'octo-org/web', 'no pool has the label ""'],
  ['no labels', [], 'octo-org/web', 'the job names no labels, and no pool is set for such jobs (unlabelled)'],
];
test.each(matches)('matching: %s', (_, labels, repository, expected) => {
  expect(chosen(labels, repository)).toBe(expected);
});

test('labels that only several pools together have', () => {
  const two = { pools: [aPool({ name: 'a', labels: ['x', 'a'] }), aPool({ name: 'b', labels: ['x', 'b'] })] };
  expect(chosen(['a', 'b'], 'o/r', two)).toBe('no pool has all of the labels "a", "b"');
});

test('among pools with as many extra labels the first in the file wins', () => {
  const two = { pools: [aPool({ name: 'b', labels: ['x', 'b'] }), aPool({ name: 'a', labels: ['x', 'a'] })] };
  expect(chosen(['x'], 'o/r', two)).toBe('b');
});

test('labels that are written twice in a pool are not extra', () => {
  const two = { pools: [aPool({ name: 'b', labels: ['x', 'b'] }), aPool({ name: 'a', labels: ['x', 'X', 'x'] })] };
  expect(chosen(['x'], 'o/r', two)).toBe('a');
});

test('a pool that does not admit the repository leaves the job to a less special one', () => {
  const two = {
    pools: [aPool({ labels: ['x', 'b'] }), aPool({ name: 'a', labels: ['x'], repositories: ['o/other'] })],
  };
  expect(chosen(['x'], 'o/r', two)).toBe('default');
});

test('a job without labels goes to the pool that is set for such jobs, if it admits the repository', () => {
  expect(chosen([], 'octo-org/web', { ...pools, unlabelled: 'default' })).toBe('default');
  expect(chosen([], 'octo-org/web', { ...pools, unlabelled: 'deploy' })).toContain('not admitted by pool deploy');
  expect(chosen([], 'octo-org/web', { ...pools, unlabelled: 'nobody' })).toContain('no labels');
});

test('a reason stays short, however many and long the labels are', () => {
  const labels = Array.from({ length: 1000 }, (_, index) => `${index}`.padEnd(5000, 'x'));
  expect(chosen(labels).length).toBeLessThan(4000);
  expect(chosen(labels)).toMatch(/ and 990 more$/);
});

const patterns: [string, string, boolean][] = [
  ['octo-org/web', 'octo-org/web', true],
  ['octo-org/web', 'octo-org/website', false],
  ['octo-org/*', 'octo-org/web', true],
  ['*/web', 'octo-org/web', true],
  ['*/*', 'octo-org/web', true],
  ['octo-org/deploy-*', 'octo-org/deploy-', true],
  ['octo-org/deploy-*', 'octo-org/deploy', false],
  ['octo-org/*-deploy', 'octo-org/web-deploy', true],
  ['octo-org/a*b*c', 'octo-org/aXbXc', true],
  ['octo-org/a*b*c', 'octo-org/acb', false],
  ['octo-org/ab*ba', 'octo-org/aba', false],
  ['octo-org/a*a*a', 'octo-org/aa', false],
  ['OCTO-org/Web', 'octo-ORG/wEB', true],
  ['octo-org/web', 'octo-org-evil/web', false],
  ['octo*/web', 'octo-evil/web', true],
  ['octo-org/w.b', 'octo-org/web', false],
];
test.each(patterns)('the pattern %s and the repository %s: %s', (pattern, name, expected) => {
  const [owner = '', repository = ''] = name.split('/');
  expect(matchesRepository(pattern, owner, repository)).toBe(expected);
  expect(admits({ repositories: ['nobody/nothing', pattern] }, { owner, repository })).toBe(expected);
});

test('property: * matches exactly what a regular expression would', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'B', '-'), maxLength: 8 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '-', '*'), maxLength: 6 });
  fc.assert(
    fc.property(pattern, letters, (glob, name) => {
      const expected = new RegExp(`^${glob.replaceAll('*', '.*')}$`, 'i').test(name);
      expect(matchesRepository(`o/${glob}`, 'o', name)).toBe(expected);
    }),
  );
});

const label = fc.oneof(fc.constantFrom('a', 'A', 'b', 'c', 'd', 'D', ''), fc.string({ unit: 'binary', maxLength: 4 }));
const labels = fc.array(label, { maxLength: 5 });

test('property: order, repetition and ASCII case of labels never matter', () => {
  fc.assert(
    fc.property(labels, labels, (runner, job) => {
      const swapped = job.map((text) => text.replace(/[a-z]/gi, (letter) => swapCase(letter)));
      expect(covers(runner, [...swapped.reverse(), ...job])).toBe(covers(runner, job));
      expect(covers([...runner, ...runner].reverse(), job)).toBe(covers(runner, job));
    }),
  );
});

test('property: folding keeps the length, is stable, and never makes ASCII of anything else', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(fold(text)).toHaveLength(text.length);
      expect(fold(fold(text))).toBe(fold(text));
      expect(fold(text).replace(/[^\0-\x7f]/g, '')).toBe(text.replace(/[^\0-\x7f]/g, '').toUpperCase());
    }),
  );
});

test('property: the choice covers, admits, and no other has fewer labels', () => {
  const aPools = fc.array(fc.record({ labels, repositories: fc.subarray(['o/*', 'o/r', 'p/r']) }), { maxLength: 6 });
  fc.assert(
    fc.property(aPools, labels, (some, asked) => {
      const all = some.map((overrides, index) => aPool({ name: `p${index}`, ...overrides }));
      const job = { labels: asked, owner: 'o', repository: 'r' };
      const match = poolFor({ pools: all }, job);
      const able = all.filter((pool) => covers(pool.labels, asked) && admits(pool, job));
      if (asked.length === 0 || able.length === 0) {
        expect(match).toHaveProperty('ignored');
        return;
      }
      const size = ({ labels: of }: Pool) => new Set(of.map(fold)).size;
      const fewest = Math.min(...able.map(size));
      expect(match).toEqual({ pool: able.find((pool) => size(pool) === fewest) });
    }),
  );
});

function swapCase(letter: string): string {
  return letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
}
