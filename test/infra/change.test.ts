/** What a change touches, and what stops before anything is touched. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { generate } from '../../infra/generate.ts';
import type { Resources } from '../../infra/template.ts';
import { DEFAULT_SETTINGS } from '../support/deployment-settings.ts';
import { packaged, packageService, removePackages, templateIn } from '../support/packaged.ts';

const serviceDir = mkdtempSync(join(tmpdir(), 'ecs-runners-change-'));

afterAll(() => {
  removePackages();
  rmSync(serviceDir, { recursive: true });
});

const POOLS = `
pools:
  default: { labels: [self-hosted, linux, x64, ecs], cpu: 2048, memory: 4096, docker: dind, max: 100 }
  large: { labels: [self-hosted, linux, x64, ecs-large], cpu: 4096, memory: 8192, docker: dind, max: 20 }
`;

/** What follows from the pools, without the packaging around it, which takes seconds. */
async function resourcesFor(pools: string): Promise<Resources> {
  writeFileSync(join(serviceDir, 'pools.yml'), pools);
  const deployment = { deployment: 'ecs-runners-production', parametersPath: '/ecs-runners/production' };
  return (await generate({ settings: DEFAULT_SETTINGS, serviceDir, ...deployment })).resources;
}

/** Ids of the resources that CloudFormation would create, change or remove. */
function touched(before: Resources, after: Resources): string[] {
  const ids = new Set([...Object.keys(before), ...Object.keys(after)]);
  // Who depends on what is only an order: it is no property, and changing it updates nothing.
  const content = (resources: Resources, id: string) => JSON.stringify({ ...resources[id], DependsOn: undefined });
  return [...ids].filter((id) => content(before, id) !== content(after, id)).sort();
}

describe('a deploy', () => {
  test('of the same again is the same, byte for byte', () => {
    const [first, second] = [packageService(), packageService()].map(({ directory }) => join(directory, '.serverless'));
    const files = readdirSync(first ?? '').filter((name) => /\.zip$|update-stack\.json$/.test(name));
    expect(files).toHaveLength(6);
    for (const name of files) expect(`${name} ${hash(second, name)}`).toBe(`${name} ${hash(first, name)}`);
  });

  test.each([
    ['its memory', ['memory: 4096', 'memory: 5000'], ['PoolDefaultTask']],
    ['its maximum', ['max: 100', 'max: 50'], ['PoolDefaultParameter']],
    ['its labels', ['x64, ecs]', 'x64, ecs, more]'], ['PoolDefaultParameter']],
    ['its image', ['cpu: 2048', 'image: "octo/runner:2", cpu: 2048'], ['PoolDefaultParameter', 'PoolDefaultTask']],
    ['its Docker mode', ['docker: dind', 'docker: none'], ['PoolDefaultParameter', 'PoolDefaultTask']],
    [
      'its role',
      ['cpu: 2048', 'taskRole: "arn:aws:iam::123456789012:role/x", cpu: 2048'],
      // The functions compare it with what containers prove.
      ['PassRoles0', 'PoolDefaultParameter', 'PoolDefaultRole', 'PoolDefaultTask'],
    ],
    [
      'that it is gone',
      [/ {2}default.*\n/, ''],
      [
        'Dashboard',
        'PassRoles0',
        'PoolDefaultLogs',
        'PoolDefaultParameter',
        'PoolDefaultRole',
        'PoolDefaultTask',
        'PoolsParameter',
      ],
    ],
  ] as [string, [string | RegExp, string], string[]][])(
    'of one pool touches its own resources and what the functions read: %s',
    async (_, [from, to], expected) => {
      const changed = touched(await resourcesFor(POOLS), await resourcesFor(POOLS.replace(from, to)));
      const ofGroups = /^(GroupX64Dlarge|ClusterCapacity|RemovalGuard)/;
      expect(changed.filter((id) => !ofGroups.test(id) && id !== 'Dashboard')).toEqual(
        expected.filter((id) => id !== 'Dashboard'),
      );
      // Only the last pool of a group takes the group with it, and then the dashboard and the guard know.
      expect(changed.some((id) => ofGroups.test(id))).toBe(expected.includes('Dashboard'));
    },
  );

  test('of a pool that moves to a larger size class brings that group', async () => {
    const larger = POOLS.replace('memory: 4096', 'memory: 60000');
    const changed = touched(await resourcesFor(POOLS), await resourcesFor(larger));
    expect(changed).toEqual(expect.arrayContaining(['PoolDefaultTask', 'GroupX64D4xlargeInstances']));
    expect(changed.filter((id) => /^PoolLarge/.test(id))).toEqual([]);
  });

  test.each(['cluster', 'guard', 'pool-default', 'alarm', 'group'])(
    'of a group named %s adds to the stack and replaces nothing of it',
    async (name) => {
      const group = `capacity: { ${name}: { instanceTypes: [m7i.xlarge] } }`;
      const inGroup = POOLS.replace('pools:', `${group}\npools:`).replace('cpu: 4096', `capacity: ${name}, cpu: 4096`);
      const [before, after] = [await resourcesFor(POOLS), await resourcesFor(inGroup)];
      const others = Object.keys(before).filter((id) => !id.startsWith('GroupX64D'));
      expect(others.filter((id) => after[id]?.Type !== before[id]?.Type)).toEqual([]);
      expect(Object.keys(after)).toHaveLength(Object.keys(before).length);
    },
  );

  test('of one pool leaves all else of the whole template alone', () => {
    const changed = POOLS.replace('memory: 4096', 'memory: 5000').replace('max: 100', 'max: 10');
    const [before, after] = [packaged({ pools: POOLS }), packaged({ pools: changed })];
    expect(touched(before.Resources, after.Resources)).toEqual(['PoolDefaultParameter', 'PoolDefaultTask']);
  });
});

describe('packaging stops, with everything that is wrong', () => {
  test.each([
    ['an unknown key', ['cpu: 2048', 'ram: 1, cpu: 2048'], 'pools.default.ram: there is no such setting'],
    ['memory of nobody', ['memory: 4096', 'memory: 5000000'], 'pools.default.memory'],
    ['labels that another pool has', ['ecs-large]', 'ecs]'], 'are the labels of default too'],
    ['a role that is no ARN', ['cpu: 2048', 'taskRole: admin, cpu: 2048'], 'pools.default.taskRole: is "admin"'],
    [
      'a schedule that is no schedule',
      ['pools:', 'capacity: { c: { instanceTypes: [m7i.large], schedules: [{ cron: sometimes, min: 1 }] } }\npools:'],
      'capacity.c.schedules.0.cron: is "sometimes"',
    ],
    [
      'a size larger than the instances of its group',
      [
        /pools:\n {2}default: { (.*)cpu: 2048/,
        'capacity: { c: { instanceTypes: [m7i.large] } }\npools:\n  default: { capacity: c, $1cpu: 8192',
      ],
      'pools.default.cpu: is 8192, but m7i.large in c has 2048',
    ],
    ['no pools at all', [/pools:[\s\S]*/, 'pools: {}'], 'has no pools'],
    ['what is not YAML', ['pools:', 'pools: ['], 'pools.yml:'],
  ] as [string, [string | RegExp, string], string][])('%s', async (_, [from, to], problem) => {
    const stopped = resourcesFor(POOLS.replace(from, to));
    await expect(stopped).rejects.toThrow(problem);
    await expect(stopped).rejects.toThrow(/Nothing is deployed: \d+ problems? in the pools:\n {2}pools\.yml:\d+:\d+/);
  });

  test('several at once, for the operator and without a stack trace', () => {
    const pools = POOLS.replace('memory: 4096', 'memory: lots').replace('max: 20', 'max: 0').replace('dind', 'kaniko');
    const { status, output } = packageService({ pools });
    expect(status).toBe(1);
    expect(output).toContain('Nothing is deployed: 3 problems in the pools:\n  pools.yml:3:73 pools.default.memory');
    expect(output).not.toMatch(/at .*\.[jt]s:\d+/);
  });

  test('a wrong setting', () => {
    const { status, output } = packageService({ params: { mode: 'dry', tags: 'x' } });
    expect(status).toBe(1);
    expect(output).toMatch(/settings of the deployment have problems:\n {2}mode: .*\n {2}tags: /);
  });

  test('a name prefix that makes a name too long', () => {
    const { status, output } = packageService({ params: { iamNamePrefix: 'x'.repeat(20) }, stage: 's'.repeat(30) });
    expect(status).toBe(1);
    expect(output).toContain('iamNamePrefix: it makes the name xxxx');
  });

  test('a pools file that is not there', () => {
    const { status, output } = packageService({ params: { pools: 'other.yml' } });
    expect(status).toBe(1);
    expect(output).toMatch(/cannot read .*other\.yml/);
  });
});

/** Root may leave the network behind; where nobody is root, the machine's own network is all there is. */
const offline = spawnSync('unshare', ['-n', 'true']).status === 0 ? test : test.skip;

offline('packaging needs no network and no credentials', () => {
  const { status, output, directory } = packageService({ offline: true });
  expect(output).toContain('Service packaged');
  expect(status).toBe(0);
  expect(Object.keys(templateIn(directory).Resources).length).toBeGreaterThan(70);
});

function hash(directory = '', name: string): string {
  return createHash('sha256')
    .update(readFileSync(join(directory, name)))
    .digest('hex');
}
