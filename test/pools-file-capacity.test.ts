/** Groups of instances in `pools.yml`: what is known of instance types, which pool runs where, and what is refused. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { automaticClass, automaticClasses } from '../lib/pools-file/automatic-capacity.ts';
import { capacityGroups, capacityOf } from '../lib/pools-file/capacity.ts';
import { fits, instanceType, taskSpace } from '../lib/pools-file/instance-types.ts';
import type { PoolsFile } from '../lib/pools-file/schema.ts';
import { parsePoolsFile, problemLine } from '../lib/pools-file.ts';

const GOOD = `capacity:
  build:
    instanceTypes: [m7i.2xlarge, m7a.2xlarge, m6i.2xlarge]
    max: 40
    onDemandBase: 1
    onDemandPercent: 20
    diskGiB: 200
    pricePerHour: 0.40
    schedules:
      - cron: '0 7 * * 1-5'
        timeZone: Europe/Zurich
        min: 3
      - cron: '0 19 * * 1-5'
        min: 0
  small:
    instanceTypes: [t4g.large, m7g.large]
pools:
  build:
    labels: [build]
    cpu: 4096
    memory: 15000
    docker: dind
    max: 10
    capacity: build
  small:
    labels: [small]
    cpu: 1024
    memory: 3000
    docker: dind
    max: 10
    architecture: arm64
    capacity: small
  default:
    labels: [default]
    cpu: 2048
    memory: 4096
    docker: dind
    max: 10
  own:
    labels: [own]
    cpu: 196608
    memory: 1000000
    docker: dind
    max: 10
    capacityProvider: big
`;

function parsed(text: string): PoolsFile {
  const result = parsePoolsFile(text, 'pools.yml');
  if (!result.ok) throw new Error(result.problems.map(problemLine).join('\n'));
  return result.file;
}

function refused(text: string): string[] {
  const result = parsePoolsFile(text, 'pools.yml');
  return result.ok ? ['accepted'] : result.problems.map(problemLine);
}

function warned(text: string): string[] {
  const result = parsePoolsFile(text, 'pools.yml');
  return (result.ok ? result.warnings : result.problems).map(problemLine);
}

/** The good file with one piece of it replaced, first occurrence. */
function changed(from: string, to: string): string {
  expect(GOOD).toContain(from);
  return GOOD.replace(from, () => to);
}

function aPool(name: string, settings: object): string {
  return stringify({ [name]: { labels: [name], cpu: 2048, memory: 4096, docker: 'none', max: 1, ...settings } });
}

function aFile(...pools: string[]): string {
  return `pools:\n${pools.join('').replace(/^/gm, '  ').trimEnd()}\n`;
}

test('a good file: the groups that its pools run in, sorted by name, defaults filled in', () => {
  expect(warned(GOOD)).toEqual([]);
  expect(capacityGroups(parsed(GOOD))).toEqual([
    {
      name: 'build',
      architecture: 'x64',
      instanceTypes: ['m7i.2xlarge', 'm7a.2xlarge', 'm6i.2xlarge'],
      max: 40,
      onDemandBase: 1,
      onDemandPercent: 20,
      diskGiB: 200,
      pricePerHour: 0.4,
      schedules: [
        { cron: '0 7 * * 1-5', timeZone: 'Europe/Zurich', min: 3 },
        { cron: '0 19 * * 1-5', timeZone: 'Etc/UTC', min: 0 },
      ],
    },
    {
      name: 'small',
      architecture: 'arm64',
      instanceTypes: ['t4g.large', 'm7g.large'],
      max: 1000,
      onDemandBase: 0,
      onDemandPercent: 0,
      diskGiB: 100,
      pricePerHour: 0.0898,
      schedules: [],
    },
    {
      name: 'x64-large',
      architecture: 'x64',
      instanceTypes: ['m7i.large', 'm7a.large', 'm6i.large', 'm6a.large', 'm5.large'],
      max: 1000,
      onDemandBase: 1,
      onDemandPercent: 0,
      diskGiB: 100,
      pricePerHour: 0.116,
      schedules: [],
    },
  ]);
});

test('each pool and its group; a pool on a capacity provider has none', () => {
  const file = parsed(GOOD);
  expect(file.pools.map((pool) => [pool.name, capacityOf(file, pool)])).toEqual([
    ['build', 'build'],
    ['small', 'small'],
    ['default', 'x64-large'],
    ['own', undefined],
  ]);
});

test('pools of one size share an automatic group, and nothing else about them changes it', () => {
  const one = parsed(aFile(aPool('a', {})));
  const two = parsed(aFile(aPool('a', { max: 7, image: 'x', jobHours: 2, cpu: 1024, memory: 7444 }), aPool('b', {})));
  expect(capacityGroups(two)).toEqual(capacityGroups(one));
});

const types: [string, string, number, number, number][] = [
  ['m7i.large', 'x64', 2, 8192, 0.116],
  ['m5.24xlarge', 'x64', 96, 393_216, 5.568],
  ['c7g.medium', 'arm64', 1, 2048, 0.0399],
  ['m7a.medium', 'x64', 1, 4096, 0.058],
  ['c5.9xlarge', 'x64', 36, 73_728, 1.8504],
  ['r8g.48xlarge', 'arm64', 192, 1_572_864, 11.328],
  ['r6idn.xlarge', 'x64', 4, 32_768, 0.487],
  ['c7gn.xlarge', 'arm64', 4, 8192, 0.2554],
  ['m7i-flex.large', 'x64', 2, 8192, 0.116],
  ['m10g.large', 'arm64', 2, 8192, 0.0898],
  ['t3.nano', 'x64', 2, 512, 0.0052],
  ['t4g.2xlarge', 'arm64', 8, 32_768, 0.2688],
];
test.each(types)('known: %s', (name, architecture, vcpuCount, memoryMib, pricePerHour) => {
  expect(instanceType(name)).toEqual({ name, architecture, vcpuCount, memoryMib, pricePerHour });
});

test.each([
  'g5.xlarge',
  'p5.48xlarge',
  'm7i.metal',
  'm7g.metal-48xl',
  'm4.large',
  'm6i.medium',
  'm6a.medium',
  'm7i.10xlarge',
  'm7i.1xlarge',
  'm7i.01xlarge',
  'm7i.small',
  'm7x.large',
  'm7gi.large',
  't2.micro',
  't3.3xlarge',
  't3.toString',
  'M7I.large',
  'm7i',
  '',
])('not known: %j', (name) => {
  expect(instanceType(name)).toBeUndefined();
});

const classes: [string, 'x64' | 'arm64', number, number, string | undefined][] = [
  ['the smallest', 'x64', 128, 256, 'x64-large'],
  ['all of a large', 'x64', 2048, 7444, 'x64-large'],
  ['one unit of CPU more', 'x64', 2049, 7444, 'x64-xlarge'],
  ['one MiB more', 'x64', 2048, 7445, 'x64-xlarge'],
  ['much memory, little CPU', 'arm64', 128, 200_000, 'arm64-16xlarge'],
  ['the largest', 'arm64', 98_304, 369_367, 'arm64-24xlarge'],
  ['larger', 'x64', 98_304, 369_368, undefined],
];
test.each(classes)('the automatic group for %s', (_, architecture, cpu, memory, name) => {
  expect(automaticClass({ architecture, cpu, memory })?.name).toBe(name);
});

test('an automatic group has three types or more, all of its architecture and able to run what the group takes', () => {
  for (const { architecture, instanceTypes } of [...automaticClasses('x64'), ...automaticClasses('arm64')]) {
    expect(instanceTypes.length).toBeGreaterThanOrEqual(3);
    expect(new Set(instanceTypes.map((type) => type.architecture))).toEqual(new Set([architecture]));
  }
});

const wrong: [string, string, string, RegExp][] = [
  [
    'groups as a list',
    'capacity:\n',
    'capacity: [1]\nx:\n',
    /1:1 capacity: is a list of 1: it must be a map of groups/,
  ],
  [
    'a group that is text',
    'capacity:\n',
    'capacity:\n  x: m7i.large\n',
    /2:6 capacity.x: is "m7i.large": it must be a map/,
  ],
  [
    'a group without types',
    '[t4g.large, m7g.large]',
    '',
    /16:5 capacity.small.instanceTypes: is empty: it must be a list/,
  ],
  ['a group with an empty list', '[t4g.large, m7g.large]', '[]', /instanceTypes: is an empty list/],
  ['a name with capitals', '  build:\n    inst', '  Build:\n    inst', /2:3 capacity.Build: it must be small letters/],
  ['an unknown setting', 'diskGiB', 'diskGib', /7:5 capacity.build.diskGib: .*did you mean diskGiB\?/],
  [
    'an unknown setting of a schedule',
    'timeZone',
    'timezone',
    /11:9 capacity.build.schedules.0.timezone: .*timeZone\?/,
  ],
  [
    'a type that is not known',
    'm7a.2xlarge',
    'g5.2xlarge',
    /3:34 .*instanceTypes.1: is "g5.2xlarge": it must be an EC2 .*capacityProvider/,
  ],
  ['a type twice', 'm7a.2xlarge', 'm7i.2xlarge', /3:34 capacity.build.instanceTypes.1: is there already/],
  [
    'two architectures',
    't4g.large, ',
    't3.large, ',
    /16:5 capacity.small.instanceTypes: mix architectures, .*t3.large is x64, m7g.large is arm64/,
  ],
  ['no instances', 'max: 40', 'max: 0', /4:10 capacity.build.max: is 0: .* from 1 to 5000/],
  ['more than all On-Demand', 'onDemandPercent: 20', 'onDemandPercent: 101', /from 0 to 100/],
  ['a negative base', 'onDemandBase: 1', 'onDemandBase: -1', /from 0 to 5000/],
  ['a disk smaller than the image', 'diskGiB: 200', 'diskGiB: 29', /from 30 to 16384/],
  ['a negative price', '0.40', '-0.1', /pricePerHour: is -0.1: it must be a number of US dollars/],
  ['a price that is none', '0.40', '.inf', /pricePerHour: is Infinity/],
  [
    'a schedule that is text',
    'schedules:',
    "schedules: ['0 7 * * *']\n    x:",
    /schedules.0: is "0 7 \* \* \*": it must be a map of cron/,
  ],
  [
    'a schedule without a time',
    "cron: '0 19 * * 1-5'\n        ",
    '',
    /13:9 capacity.build.schedules.1.cron: is missing/,
  ],
  [
    'a minimum above the most',
    'min: 3',
    'min: 41',
    /12:14 capacity.build.schedules.0.min: is 41, but the most instances of the group are 40/,
  ],
  [
    'a schedule twice',
    "cron: '0 19 * * 1-5'",
    "cron: '0 7 * * 1-5'\n        timeZone: Europe/Zurich",
    /13:15 capacity.build.schedules.1.cron: is there already/,
  ],
  [
    'the name of an automatic group',
    '  small:\n    inst',
    '  x64-large:\n    inst',
    /15:3 capacity.x64-large: is the name of an automatic group/,
  ],
  [
    'a group that is not there',
    'capacity: build\n',
    'capacity: buildd\n',
    /24:15 pools.build.capacity: is "buildd": .*did you mean build\?/,
  ],
  ['a group far from all', 'capacity: build\n', 'capacity: nothing\n', /"nothing": .*there are build, small/],
  [
    'a group and a provider',
    'capacityProvider: big',
    'capacityProvider: big\n    capacity: build',
    /capacity: a pool runs in a group of this file or on a capacityProvider: remove one/,
  ],
  [
    'a pool of another architecture',
    'architecture: arm64\n    ',
    '',
    /31:15 pools.small.capacity: small has arm64 instances, and the pool is x64: add architecture: arm64/,
  ],
  [
    'memory above the smallest type',
    'memory: 15000',
    'memory: 30546',
    /21:13 pools.build.memory: is 30546, but m7i.2xlarge in build has 30545 for tasks/,
  ],
  [
    'CPU above the smallest type',
    'cpu: 4096',
    'cpu: 8193',
    /20:10 pools.build.cpu: is 8193, but m7i.2xlarge in build has 8192/,
  ],
];
test.each(wrong)('refused: %s', (_, from, to, expected) => {
  expect(refused(changed(from, to))).toContainEqual(expect.stringMatching(expected));
});

test('accepted: a minimum that is the most', () => {
  expect(refused(changed('min: 3', 'min: 40'))).toEqual(['accepted']);
});

test('refused: a pool that only some types of its group can run', () => {
  const text = changed('m6i.2xlarge]', 'm6i.2xlarge, c7i.2xlarge]').replace('memory: 15000', 'memory: 15145');
  expect(refused(text)).toEqual([
    expect.stringMatching(/pools.build.memory: is 15145, but c7i.2xlarge in build has 15144/),
  ]);
  expect(refused(text.replace('memory: 15145', 'memory: 15144'))).toEqual(['accepted']);
});

test('refused: memory that no instance with such a CPU has, with what there is', () => {
  expect(refused(aFile(aPool('a', { cpu: 1024, memory: 400_000 })))).toEqual([
    expect.stringMatching(
      /6:13 pools.a.memory: is 400000, and no automatic group .* x64-large 2048 and 7444, x64-xlarge/,
    ),
  ]);
  expect(refused(aFile(aPool('a', { cpu: 131_072 })))).toEqual([
    expect.stringMatching(/pools.a.cpu: is 131072, and no/),
  ]);
});

test('refused: more groups than a cluster can have', () => {
  const pools = (count: number) =>
    Array.from({ length: count }, (_, i) => aPool(`p${i}`, { capacityProvider: `c${i}` }));
  expect(refused(aFile(...pools(19), aPool('a', {}), aPool('b', {})))).toEqual(['accepted']);
  expect(refused(aFile(...pools(20), aPool('a', {})))).toEqual([
    expect.stringMatching(/1:1 pools: need 21 groups of instances, and a cluster has at most 20/),
  ]);
});

const crons: [string, boolean][] = [
  ['0 7 * * 1-5', true],
  ['*/15 7-19 1,15 * *', true],
  ['0 7 * * MON-FRI', true],
  ['0 7 1 jan,JUL *', true],
  ['0 0 29 2 *', true],
  ['0 0 * * 7', true],
  ['0 0 31 2 *', false],
  ['60 7 * * *', false],
  ['0 7 * *', false],
  ['0 0 7 * * 1-5', false],
  ['0 7 * * 1-5 2027', false],
  ['@daily', false],
  ['0 7 L * *', false],
  ['0 7 15W * *', false],
  ['0 7 * * 5#2', false],
  ['0 7 * * 5L', false],
  ['0 7 ? * 1', false],
  ['MON 7 * * *', false],
  ['0 7 * * MONDAY', false],
  ['5/15 * * * *', false],
  ['', false],
  ['every morning', false],
  ['rate(1 day)', false],
];
test.each(crons)('the cron expression %j is one: %s', (cron, expected) => {
  const lines = refused(changed("'0 7 * * 1-5'", JSON.stringify(cron)));
  expect(lines).toEqual(
    expected ? ['accepted'] : [expect.stringMatching(/10:15 .*schedules.0.cron: is ".*": it must be a Unix cron/)],
  );
});

const timeZones: [string, boolean][] = [
  ['Europe/Zurich', true],
  ['Etc/UTC', true],
  ['Etc/GMT+9', true],
  ['Asia/Kolkata', true],
  ['Asia/Calcutta', true],
  ['America/Argentina/Buenos_Aires', true],
  ['Europe/Zürich', false],
  ['Europe/Nowhere', false],
  ['europe/zurich', false],
  ['Europe/zurich', false],
  ['+01:00', false],
  ['CET', false],
  ['', false],
];
test.each(timeZones)('the time zone %j is one: %s', (timeZone, expected) => {
  const lines = refused(changed('Europe/Zurich', JSON.stringify(timeZone)));
  expect(lines).toEqual(expected ? ['accepted'] : [expect.stringMatching(/11:19 .*schedules.0.timeZone: is /)]);
});

test('the problems of groups, pools and between them are reported together, in the order of the file', () => {
  const text = changed('max: 40', 'max: 0')
    .replace('cron: ', 'corn: ')
    .replace('cpu: 1024', 'cpu: 4096')
    .replace('big', 'b g');
  expect(refused(text).map((line) => line.replace(/: .*/, ''))).toEqual([
    'pools.yml:4:10 capacity.build.max',
    'pools.yml:10:9 capacity.build.schedules.0.cron',
    'pools.yml:10:9 capacity.build.schedules.0.corn',
    'pools.yml:27:10 pools.small.cpu',
    'pools.yml:45:23 pools.own.capacityProvider',
  ]);
});

test('warned: a group that no pool runs in, which is not made', () => {
  const text = changed('    architecture: arm64\n    capacity: small\n', '');
  expect(warned(text)).toEqual([expect.stringMatching(/15:3 capacity.small: no pool runs here, so it is not made/)]);
  expect(capacityGroups(parsed(text)).map(({ name }) => name)).toEqual(['build', 'x64-large']);
});

const wasteful: [string, object, RegExp | undefined][] = [
  ['all of an instance', { cpu: 2048, memory: 7444 }, undefined],
  ['two per instance', { cpu: 1024, memory: 2048 }, undefined],
  [
    'less memory than there is',
    { cpu: 1024, memory: 1024 },
    /pools.a.memory: .* leave 72 % .* up to 3722 costs nothing more/,
  ],
  [
    'less CPU than there is',
    { cpu: 256, memory: 7000 },
    /pools.a.cpu: .* leave 87 % of the cpu .* x64-large unused: up to 2048/,
  ],
  ['half an instance and a bit', { cpu: 2048, memory: 2900 }, /pools.a.memory: .* leave 61 % .* up to 7444/],
  ['a capacity provider of its own', { cpu: 2048, memory: 256, capacityProvider: 'x' }, undefined],
];
test.each(wasteful)('a pool with %s is warned of waste: %j', (_, settings, expected) => {
  expect(warned(aFile(aPool('a', settings)))).toEqual(expected ? [expect.stringMatching(expected)] : []);
});

test('waste is that of the type on which least is wasted', () => {
  const text = changed('m6i.2xlarge]', 'm6i.2xlarge, c7i.2xlarge]').replace(
    'cpu: 4096\n    memory: 15000',
    'cpu: 8192\n    memory: 6500',
  );
  expect(warned(text)).toEqual([]);
});

const size = fc.record({ cpu: fc.integer({ min: 128, max: 120_000 }), memory: fc.integer({ min: 256, max: 450_000 }) });
const type = fc.constantFrom('m7i.large', 'c7i.xlarge', 'r6i.4xlarge', 'm7a.24xlarge', 'm7g.2xlarge', 't4g.xlarge');

test('property: a pool that is accepted fits on every instance of its group, of its own architecture', () => {
  const pool = fc.record({ size, architecture: fc.constantFrom('x64', 'arm64'), isNamed: fc.boolean() });
  const group = fc.uniqueArray(type, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(pool, { minLength: 1, maxLength: 4 }), group, (pools, instanceTypes) => {
      const rows = pools.map(({ size: { cpu, memory }, architecture, isNamed }, index) =>
        aPool(`p${index}`, { cpu, memory, architecture, ...(isNamed && { capacity: 'g' }) }),
      );
      const result = parsePoolsFile(stringify({ capacity: { g: { instanceTypes } } }) + aFile(...rows), 'f');
      if (!result.ok) return;
      const groups = capacityGroups(result.file);
      for (const accepted of result.file.pools) {
        const home = groups.find(({ name }) => name === capacityOf(result.file, accepted));
        expect(home?.architecture).toBe(accepted.architecture);
        const spaces = home?.instanceTypes.flatMap((name) => instanceType(name) ?? []).map(taskSpace) ?? [];
        expect(spaces.every((space) => fits(accepted, space))).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

test('property: the good file with a few letters changed gives groups or problems', () => {
  const edit = fc.record({ at: fc.nat(GOOD.length), length: fc.nat(12), text: fc.string({ maxLength: 6 }) });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const apply = (text: string, { at, length, text: piece }: (typeof edits)[number]) =>
        text.slice(0, at) + piece + text.slice(at + length);
      const result = parsePoolsFile(edits.reduce(apply, GOOD), 'f');
      if (!result.ok) return expect(result.problems.length).toBeGreaterThan(0);
      for (const group of capacityGroups(result.file)) expect(group.pricePerHour).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 500 },
  );
});
