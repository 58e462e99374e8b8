import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { repositoriesOverlap } from '../lib/pools-file/overlap.ts';
import {
  functionsPool,
  functionsPools,
  type ParsedPools,
  parsePoolsFile,
  problemLine,
  readPoolsFile,
} from '../lib/pools-file.ts';

const GOOD = `pools:
  default:
    labels: [self-hosted, linux, x64, ecs]
    cpu: 2048
    memory: 4096
    docker: dind
    max: 100
  deploy:
    labels: [self-hosted, linux, x64, ecs-deploy]
    cpu: 1024
    memory: 2048
    docker: none
    max: 10
    repositories: ['octo-org/deploy-*']
    register: repository
    taskRole: arn:aws:iam::123456789012:role/deploy
`;

function lines(parsed: ParsedPools): string[] {
  return (parsed.ok ? parsed.warnings : parsed.problems).map(problemLine);
}

function accepted(text: string): Extract<ParsedPools, { ok: true }> {
  const parsed = parsePoolsFile(text, 'pools.yml');
  if (!parsed.ok) throw new Error(lines(parsed).join('\n'));
  return parsed;
}

function refused(text: string): string[] {
  const parsed = parsePoolsFile(text, 'pools.yml');
  return parsed.ok ? ['accepted'] : lines(parsed);
}

/** The good file with one piece of it replaced, first occurrence. */
function changed(from: string, to: string): string {
  expect(GOOD).toContain(from);
  return GOOD.replace(from, () => to);
}

test('a good file: what it says, and the defaults', () => {
  const { file, warnings } = accepted(GOOD);
  expect(warnings).toEqual([]);
  expect(file).toEqual({
    capacity: [],
    pools: [
      {
        name: 'default',
        labels: ['self-hosted', 'linux', 'x64', 'ecs'],
        cpu: 2048,
        memory: 4096,
        docker: 'dind',
        max: 100,
        register: 'organization',
        registration: 'jit',
        warm: 0,
        sudo: true,
        group: 'Default',
        idleSeconds: 60,
        jobHours: 120,
        rerun: 0,
        architecture: 'x64',
      },
      {
        name: 'deploy',
        labels: ['self-hosted', 'linux', 'x64', 'ecs-deploy'],
        cpu: 1024,
        memory: 2048,
        docker: 'none',
        max: 10,
        repositories: ['octo-org/deploy-*'],
        register: 'repository',
        registration: 'jit',
        warm: 0,
        sudo: true,
        taskRole: 'arn:aws:iam::123456789012:role/deploy',
        group: 'Default',
        idleSeconds: 60,
        jobHours: 120,
        rerun: 0,
        architecture: 'x64',
      },
    ],
  });
});

const wrong: [string, string, string, RegExp][] = [
  [
    'an unknown setting',
    'memory: 4096',
    'memroy: 4096',
    /^pools.yml:5:5 pools.default.memroy: .*did you mean memory\?/,
  ],
  ['an unknown setting that resembles none', 'max: 100', 'max: 100\n    nonsense: 1', /8:5 .*there are labels, cpu, /],
  ['an unknown setting at the top', 'pools:', 'poools: 1\npools:', /^pools.yml:1:1 poools: .*did you mean pools\?/],
  ['a missing setting', '    memory: 4096\n', '', /^pools.yml:2:3 pools.default.memory: is missing: .* MiB/],
  ['an empty setting', 'memory: 4096', 'memory:', /^pools.yml:5:5 pools.default.memory: is empty: /],
  ['text for a number', 'cpu: 2048', "cpu: '2048'", /4:10 pools.default.cpu: is "2048": it must be a whole number/],
  ['a fraction', 'cpu: 2048', 'cpu: 1024.5', /is 1024.5: it must be a whole number/],
  ['not a number', 'cpu: 2048', 'cpu: .nan', /cpu: is NaN/],
  ['infinity', 'cpu: 2048', 'cpu: .inf', /cpu: is Infinity/],
  ['less CPU than ECS knows', 'cpu: 2048', 'cpu: 127', /from 128 to 196608/],
  ['more CPU than ECS knows', 'cpu: 2048', 'cpu: 196609', /from 128 to 196608/],
  ['memory in GiB', 'memory: 4096', 'memory: 4', /is 4: it must be a whole number of MiB from 256/],
  ['memory in bytes', 'memory: 4096', 'memory: 4294967296', /to 33554432/],
  [
    'a Docker mode that is none',
    'docker: dind',
    'docker: yes',
    /docker: is "yes": it must be dind .*, socket .* or none/,
  ],
  ['no runners', 'max: 100', 'max: 0', /7:10 pools.default.max: is 0: .* from 1 to 10000/],
  ['more runners than a group holds', 'max: 100', 'max: 10001', /from 1 to 10000/],
  ['no labels', '[self-hosted, linux, x64, ecs]', '[]', /3:5 pools.default.labels: is an empty list/],
  ['labels as text', '[self-hosted, linux, x64, ecs]', 'self-hosted', /labels: is "self-hosted": it must be a list/],
  ['an empty label', 'x64, ecs]', "x64, '']", /3:39 pools.default.labels.3: is "": it must be a label/],
  ['a label with a comma', 'x64, ecs]', "x64, 'a,b']", /labels.3: is "a,b"/],
  ['a label with a line break', 'x64, ecs]', 'x64, "a\\nb"]', /labels.3: is "a\\nb"/],
  ['a label with outer white space', 'x64, ecs]', "x64, ' a']", /labels.3: is " a"/],
  [
    'a label that is too long',
    'x64, ecs]',
    `x64, ${'a'.repeat(257)}]`,
    /labels.3: is "a{79}…: it must be a label of 1 to 256/,
  ],
  ['a label that is a number', 'x64, ecs]', 'x64, 24]', /labels.3: is 24: .*quotes/],
  ['a label twice', 'x64, ecs]', 'x64, X64]', /3:39 pools.default.labels.3: is there already \(case does not matter\)/],
  [
    'too many labels',
    '[self-hosted, linux, x64, ecs]',
    `[${Array.from({ length: 101 }, (_, i) => `l${i}`)}]`,
    /is a list of 101/,
  ],
  ['a name with capitals', '  default:', '  Default:', /2:3 pools.Default: it must be small letters/],
  ['a name that is too long', '  default:', `  ${'a'.repeat(21)}:`, /at most 20/],
  ['a name that begins with -', '  default:', '  -a:', /2:3 pools.-a: /],
  ['the name __proto__', '  default:', '  __proto__:', /2:3 pools.__proto__: it must be small letters/],
  [
    'the setting __proto__',
    'max: 100',
    'max: 100\n    __proto__: {}',
    /8:5 pools.default.__proto__: there is no such setting/,
  ],
  ['a pool that is a list', 'pools:', 'pools:\n  x: [1]', /2:3 pools.x: is a list of 1: it must be a map/],
  ['an empty pool', 'pools:', 'pools:\n  x:', /2:3 pools.x: is empty: it must be a map of settings/],
  [
    'a pattern without an owner',
    "'octo-org/deploy-*'",
    'deploy-*',
    /14:20 pools.deploy.repositories.0: is "deploy-\*"/,
  ],
  ['a pattern that is a URL', "'octo-org/deploy-*'", 'https://github.com/a/b', /must be a pattern owner\/name/],
  ['an empty list of repositories', "['octo-org/deploy-*']", '[]', /is an empty list: .*leave it out to serve every/],
  [
    'a place to register that is none',
    'register: repository',
    'register: repo',
    /register: is "repo": it must be organ/,
  ],
  ['a role that is a name', 'arn:aws:iam::123456789012:role/deploy', 'deploy', /taskRole: is "deploy": .* ARN/],
  ['a role that is a user', ':role/deploy', ':user/deploy', /taskRole: is .* the ARN of an IAM role/],
  ['an account that is none', '123456789012', '12345', /taskRole: is .* the ARN of an IAM role/],
  ['an empty group', 'max: 100', "max: 100\n    group: ''", /8:12 pools.default.group: is ""/],
  ['a runner that stays for ever', 'max: 100', 'max: 100\n    idleSeconds: 3601', /from 0 to 3600/],
  ['a negative wait', 'max: 100', 'max: 100\n    idleSeconds: -1', /from 0 to 3600/],
  ['more re-runs than make sense', 'max: 100', 'max: 100\n    rerun: 11', /rerun: .*from 0 to 10/],
  ['jobs longer than GitHub allows', 'max: 100', 'max: 100\n    jobHours: 121', /from 1 to 120/],
  ['an architecture that is none', 'max: 100', 'max: 100\n    architecture: arm', /x64 or arm64/],
  ['an image with a blank', 'max: 100', 'max: 100\n    image: a b', /image: is "a b"/],
  [
    'a capacity provider that is an ARN',
    'max: 100',
    'max: 100\n    capacityProvider: arn:aws:x',
    /capacityProvider: is /,
  ],
  [
    'registry credentials by name',
    'max: 100',
    'max: 100\n    registryCredentials: docker-hub',
    /8:26 pools.default.registryCredentials: is "docker-hub": it must be the ARN of a secret in Secrets Manager/,
  ],
  [
    'registry credentials of a role',
    'max: 100',
    'max: 100\n    registryCredentials: arn:aws:iam::123456789012:role/deploy',
    /registryCredentials: is "arn:aws:iam/,
  ],
  [
    'a pool for jobs without labels that is none',
    'pools:',
    'unlabelled: defualt\npools:',
    /1:13 unlabelled: is "defualt": .*did you mean default\?/,
  ],
  [
    'a list of pools for jobs without labels',
    'pools:',
    'unlabelled: [default]\npools:',
    /unlabelled: is a list of 1: .*one of default, deploy/,
  ],
  [
    'a role for certain repositories, for the whole organisation to use',
    '    register: repository\n',
    '',
    /15:15 pools.deploy.taskRole: .*add register: repository, or a group/,
  ],
  [
    'the same with the group Default, in other case',
    'register: repository',
    'group: DEFAULT',
    /16:15 pools.deploy.taskRole: .*add register: repository, or a group/,
  ],
  [
    'two pools with the same labels for repositories in common',
    'x64, ecs-deploy',
    'ecs, X64',
    /9:5 pools.deploy.labels: are the labels of default too/,
  ],
  ['a key twice', 'max: 100', 'max: 100\n    max: 1', /8:5 pools.default.max: this key is there twice/],
  ['a pool twice', '  deploy:', '  default:', /8:3 pools.default: this key is there twice/],
  ['a list that does not end', 'x64, ecs]', 'x64, ecs', /^pools.yml:\d+:\d+: Flow sequence/],
  ['tabs', '    cpu: 2048', '\tcpu: 2048', /^pools.yml:4:1/],
  ['an alias of nothing', 'cpu: 2048', 'cpu: *big', /^pools.yml:4:10: Unresolved alias/],
  ['an unknown tag', 'cpu: 2048', 'cpu: !GetAtt big', /^pools.yml:4:10: Unresolved tag/],
  ['a key that is a list', 'max: 100', 'max: 100\n    ? [a]\n    : 1', /keys must be strings/],
  ['two documents', 'pools:', 'pools: {}\n---\npools:', /multiple documents/],
];
test.each(wrong)('refused: %s', (_, from, to, expected) => {
  expect(refused(changed(from, to))).toContainEqual(expect.stringMatching(expected));
});

const whole: [string, string, string][] = [
  ['nothing', '', 'pools.yml:1:1: is empty: it must begin with "pools:"'],
  ['a comment', '# pools\n', 'pools.yml:1:1: is empty: it must begin with "pools:"'],
  ['a list', '- pools\n', 'pools.yml:1:1: is a list of 1: it must begin with "pools:"'],
  ['text', 'pools', 'pools.yml:1:1: is "pools": it must begin with "pools:"'],
  ['no pools', 'pools: {}', 'pools.yml:1:1 pools: has no pools: describe at least one'],
  ['pools without anything', 'pools:', 'pools.yml:1:1 pools: is empty: it must be a map of one or more pools, by name'],
  [
    'a list of pools',
    'pools: [1]',
    'pools.yml:1:1 pools: is a list of 1: it must be a map of one or more pools, by name',
  ],
  ['an empty map', '{}', 'pools.yml:1:1 pools: is missing: it must be a map of one or more pools, by name'],
];
test.each(whole)('refused: a file with %s', (_, text, expected) => {
  expect(refused(text)).toEqual([expected]);
});

test('all problems are reported together, in the order of the file', () => {
  const text = changed('cpu: 2048', 'cpu: 1')
    .replace('  deploy:', '  Deploy:')
    .replace('    register: repository\n', '');
  expect(refused(`${text}    lables: 1\nunlabelled: none\n`).map((line) => line.replace(/: .*/, ''))).toEqual([
    'pools.yml:4:10 pools.default.cpu',
    'pools.yml:8:3 pools.Deploy',
    'pools.yml:15:15 pools.Deploy.taskRole',
    'pools.yml:16:5 pools.Deploy.lables',
    'pools.yml:17:13 unlabelled',
  ]);
});

const fine: [string, string, string][] = [
  ['a role in another partition', 'arn:aws:iam', 'arn:aws-us-gov:iam'],
  ['a role with a path', 'role/deploy', 'role/ci/team@x/deploy'],
  ['a role for certain repositories in a group of its own', 'register: repository', 'group: deployers'],
  ['a role for every repository', "    repositories: ['octo-org/deploy-*']\n    register: repository\n", ''],
  ['an image with a digest', 'max: 100', `max: 100\n    image: ghcr.io/octo-org/runner@sha256:${'a'.repeat(64)}`],
  [
    'registry credentials in another partition',
    'max: 100',
    'max: 100\n    registryCredentials: arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:ci/docker-AbCdEf',
  ],
  ['a capacity provider', 'max: 100', 'max: 100\n    capacityProvider: big_arm-64'],
  ['labels with blanks and other letters inside', 'x64, ecs]', 'x64, grün 1]'],
  ['labels by alias', 'labels: [self-hosted, linux, x64, ecs]', 'labels: &all [self-hosted, linux, x64, ecs]'],
  [
    'the smallest limits',
    'cpu: 2048\n    memory: 4096',
    'cpu: 128\n    memory: 256\n    idleSeconds: 0\n    jobHours: 1\n    rerun: 0',
  ],
  ['a pool for jobs without labels', 'pools:', 'unlabelled: default\npools:'],
  ['Windows line ends', GOOD, GOOD.replaceAll('\n', '\r\n')],
  [
    'the same labels for other repositories of the same owner',
    'x64, ecs]',
    "x64, ecs-deploy]\n    repositories: ['octo-org/web']\n    register: repository",
  ],
  ['the same labels for other owners', 'x64, ecs]', "x64, ecs-deploy]\n    repositories: ['other/*']"],
];
test.each(fine)('accepted without a warning: %s', (_, from, to) => {
  expect(accepted(changed(from, to)).warnings).toEqual([]);
});

const doubtful: [string, string, string, RegExp][] = [
  [
    'labels that contain those of another pool',
    'ecs-deploy',
    'ecs, deploy',
    /9:5 pools.deploy.labels: contain all labels of default/,
  ],
  [
    'the same, first in the file',
    'x64, ecs]',
    'x64, ecs-deploy, more]',
    /3:5 pools.default.labels: contain all labels of deploy/,
  ],
  [
    'the same labels, in the organisation',
    'x64, ecs]',
    "x64, ecs-deploy]\n    repositories: ['octo-org/web']",
    /3:5 pools.default.labels: contain all labels of deploy/,
  ],
  [
    'a group that has no effect',
    'register: repository',
    'register: repository\n    group: deployers',
    /16:12 pools.deploy.group: has no effect/,
  ],
  [
    'jobs without labels on a repository',
    'pools:',
    'unlabelled: deploy\npools:',
    /1:13 unlabelled: jobs without labels name a runner group/,
  ],
];
test.each(doubtful)('accepted with a warning: %s', (_, from, to, expected) => {
  expect(lines(accepted(changed(from, to)))).toEqual([expect.stringMatching(expected)]);
});

test('of a key that is there twice, the last one counts and is the one that is shown', () => {
  expect(refused(changed('max: 100', 'max: 100\n    max: 0'))).toEqual([
    expect.stringMatching(/8:5 pools.default.max: this key is there twice/),
    expect.stringMatching(/8:10 pools.default.max: is 0/),
  ]);
});

test('fifty pools are enough', () => {
  const some = (count: number) =>
    Array.from({ length: count }, (_, i) => `  p${i}: {labels: [l${i}], cpu: 128, memory: 256, docker: none, max: 1}`);
  expect(accepted(['pools:', ...some(50)].join('\n')).file.pools).toHaveLength(50);
  expect(refused(['pools:', ...some(51)].join('\n'))).toEqual(['pools.yml:1:1 pools: has 51 pools: the most are 50']);
});

test('a pool must fit into the parameter that the functions read', () => {
  const labels = (count: number) => `[${Array.from({ length: count }, (_, i) => `l${i}-${'a'.repeat(200)}`)}]`;
  const withLabels = (count: number) => changed('[self-hosted, linux, x64, ecs]', labels(count));
  expect(accepted(withLabels(30)).warnings).toEqual([]);
  expect(refused(withLabels(40))).toEqual([
    expect.stringMatching(
      /3:5 pools.default.labels: make what the functions read of this pool \d+ bytes long, .* 8192/,
    ),
  ]);
  const letters = `[${Array.from({ length: 30 }, (_, i) => `l${i}-${'ü'.repeat(200)}`)}]`;
  expect(refused(changed('[self-hosted, linux, x64, ecs]', letters))).toEqual([
    expect.stringContaining('default.labels'),
  ]);
  const patterns = `[${Array.from({ length: 50 }, (_, i) => `octo-org/r${i}-${'a'.repeat(95)}`)}]`;
  expect(refused(changed("['octo-org/deploy-*']", patterns))).toEqual(['accepted']);
  expect(refused(changed("['octo-org/deploy-*']", patterns.replaceAll('octo-org', 'o'.repeat(80))))).toEqual([
    expect.stringContaining('pools.deploy.repositories: make what the functions read'),
  ]);
});

test('aliases are bounded', () => {
  const rows = Array.from({ length: 9 }, (_, i) => `x${i + 1}: &x${i + 1} [${Array(9).fill(`*x${i}`)}]`);
  expect(refused(`x0: &x0 [a]\n${rows.join('\n')}\n`)).toEqual([expect.stringContaining('Excessive alias count')]);
});

test('a file that is far too long is not even parsed', () => {
  expect(refused('#'.repeat(1_000_000))).toEqual([expect.stringContaining('is longer than 200000 letters')]);
});

test('property: any text gives pools or problems with a place inside it', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'pools',
      ':',
      ' ',
      '\n',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '&a',
      '*a',
      '!!',
      '!x',
      '? ',
      '|',
      '>',
      '"',
      "'",
    ),
    fc.constantFrom(
      '<<',
      '%YAML 1.1\n',
      '---',
      '...',
      '\t',
      '__proto__',
      'constructor',
      'null',
      '~',
      '1e999',
      '#',
      ',',
    ),
    fc.string({ unit: 'binary', maxLength: 3 }),
  );
  const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));
  fc.assert(fc.property(text, expectSound), { numRuns: 1000 });
});

test('property: any plain data gives pools or problems', () => {
  const key = fc.constantFrom(
    'pools',
    'unlabelled',
    'capacity',
    'instanceTypes',
    'schedules',
    'cron',
    'labels',
    'cpu',
    'max',
    'a',
    'b',
    '__proto__',
    'taskRole',
    'group',
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof({ depthSize: 'small' }, fc.constant('a'), fc.jsonValue(), tie('map')),
    map: fc.dictionary(key, tie('tree')),
  }));
  fc.assert(
    fc.property(tree, (data) =>
      expectSound(stringify({ pools: data }) + stringify({ unlabelled: data, capacity: data })),
    ),
  );
});

test('property: the good file with a few letters or lines changed gives pools or problems', () => {
  const edit = fc.record({ at: fc.nat(GOOD.length), length: fc.nat(12), text: fc.string({ maxLength: 6 }) });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const apply = (text: string, { at, length, text: piece }: (typeof edits)[number]) =>
        text.slice(0, at) + piece + text.slice(at + length);
      expectSound(edits.reduce(apply, GOOD));
    }),
    { numRuns: 500 },
  );
});

function expectSound(text: string): void {
  const parsed = parsePoolsFile(text, 'f');
  const found = parsed.ok ? parsed.warnings : parsed.problems;
  expect(parsed.ok ? parsed.file.pools.length : found.length).toBeGreaterThan(0);
  const lineCount = text.split(/\r?\n/).length;
  for (const { line, column, message } of found) {
    expect(message).not.toBe('');
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lineCount);
    expect(column).toBeGreaterThanOrEqual(1);
  }
}

const overlaps: [string[] | undefined, string[] | undefined, boolean][] = [
  [undefined, undefined, true],
  [undefined, ['o/r'], true],
  [['o/r'], ['O/R'], true],
  [['o/r'], ['o/s'], false],
  [['o/*'], ['p/*'], false],
  [['o/a*'], ['o/*b'], true],
  [['o/a*'], ['o/b*'], false],
  [['o/a*b'], ['o/a'], false],
  [['o/x', 'o/y'], ['o/z', '*/y'], true],
];
test.each(overlaps)('the repositories %j and %j overlap: %s', (one, other, expected) => {
  expect(repositoriesOverlap(one, other)).toBe(expected);
  expect(repositoriesOverlap(other, one)).toBe(expected);
});

test('property: patterns overlap exactly when some short text matches both', () => {
  const texts = [''];
  for (let index = 0; texts.length < 2 ** 8; index++) texts.push(`${texts[index]}a`, `${texts[index]}b`);
  const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 4 });
  const regexp = (pattern: string) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`);
  fc.assert(
    fc.property(glob, glob, (one, other) => {
      const expected = texts.some((text) => regexp(one).test(text) && regexp(other).test(text));
      expect(repositoriesOverlap([`o/${one}`], [`o/${other}`])).toBe(expected);
    }),
  );
});

test('what the functions read', () => {
  const { file } = accepted(`unlabelled: default\n${GOOD}    capacityProvider: big\n    idleSeconds: 5\n`);
  const pools = functionsPools(file, ({ name }) => ({ taskDefinition: `runner-${name}:7` }));
  expect(pools).toEqual({
    unlabelled: 'default',
    pools: [
      {
        name: 'default',
        labels: ['self-hosted', 'linux', 'x64', 'ecs'],
        docker: 'dind',
        max: 100,
        repositories: [],
        register: 'organization',
        group: 'Default',
        warm: 0,
        idleSecondsMax: 60,
        taskDefinition: 'runner-default:7',
      },
      {
        name: 'deploy',
        labels: ['self-hosted', 'linux', 'x64', 'ecs-deploy'],
        docker: 'none',
        max: 10,
        repositories: ['octo-org/deploy-*'],
        register: 'repository',
        group: 'Default',
        taskRole: 'arn:aws:iam::123456789012:role/deploy',
        warm: 0,
        idleSecondsMax: 5,
        taskDefinition: 'runner-deploy:7',
        capacityProvider: 'big',
      },
    ],
  });
  const [first] = file.pools;
  expect(first && functionsPool(first, { taskDefinition: 'x:1', logGroup: '/a/b' })).toEqual({
    ...pools.pools[0],
    taskDefinition: 'x:1',
    logGroup: '/a/b',
  });
  const resolved = functionsPools(file, () => ({ taskDefinition: 'x:1', capacityProvider: 'own' }));
  expect(resolved.pools.map((pool) => pool.capacityProvider)).toEqual(['own', 'own']);
});

test.each([
  [0, 'accepted'],
  [100, 'accepted'],
  [101, 'pools.yml:8:11 pools.default.warm: is 101, but the pool has at most 100 runners (max), warm ones among them'],
  [-1, expect.stringMatching(/is -1: it must be a whole number of runners from 0 to 10000 and at most max/)],
  [1.5, expect.stringMatching(/is 1.5: it must be a whole number/)],
])('warm: %d', (warm, said) => {
  expect(refused(changed('    max: 100\n', `    max: 100\n    warm: ${warm}\n`))).toEqual([said]);
});

test('warm runners cost something, and the file says how much', () => {
  const { file, warnings } = accepted(changed('    max: 100\n', '    max: 100\n    warm: 3\n'));
  expect(warnings.map(problemLine)).toEqual([
    'pools.yml:8:11 pools.default.warm: keeps 6 vCPU and 12 GiB of instances running day and night, whether jobs come or not; 0 lets them go',
  ]);
  expect(functionsPools(file, () => ({ taskDefinition: 'x:1' })).pools.map(({ warm }) => warm)).toEqual([3, 0]);
});

test('the pools file of this repository is sound', async () => {
  expect(await readPoolsFile('pools.yml')).toMatchObject({ ok: true, warnings: [] });
});

test('the example that pools.yml carries as a comment is sound', async () => {
  const text = await readFile('pools.yml', 'utf8');
  const example = text.slice(text.indexOf('  # deploy:')).replace(/^ {2}# /gm, '  ');
  expect(lines(accepted(text.slice(0, text.indexOf('  # deploy:')) + example))).toEqual([]);
});

test('the group of instances that pools.yml carries as a comment is sound', async () => {
  const text = await readFile('pools.yml', 'utf8');
  const example = text.slice(text.indexOf('# capacity:')).replace(/^# /gm, '');
  const file = text.slice(0, text.indexOf('# capacity:')).replace('max: 20', 'max: 20\n    capacity: build') + example;
  expect(lines(accepted(file))).toEqual([]);
});

test('a file that cannot be read throws with its name; one that is not UTF-8 has problems', async () => {
  await expect(readPoolsFile('no/such/file.yml')).rejects.toThrow(/^cannot read no\/such\/file.yml: ENOENT/);
  const folder = await mkdtemp(join(tmpdir(), 'pools-'));
  try {
    await writeFile(join(folder, 'pools.yml'), Buffer.from([0xff, 0xfe, 0x00, 0x80]));
    expect(await readPoolsFile(join(folder, 'pools.yml'))).toMatchObject({ ok: false });
  } finally {
    await rm(folder, { recursive: true });
  }
});
