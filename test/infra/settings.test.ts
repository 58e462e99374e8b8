/** The settings of a deployment: all problems together, each with what is wrong and what it should be. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readSettings, settingsSchema } from '../../infra/settings.ts';
import { DEFAULT_SETTINGS } from '../support/deployment-settings.ts';

test('serverless.yml lists every setting that there is, and no other, with the default that this test knows', () => {
  const { custom } = parse(readFileSync('serverless.yml', 'utf8')) as { custom: { settings: Record<string, string> } };
  const listed = Object.entries(custom.settings).map(([name, value]) => {
    const [, param, text, number] = /^\$\{param:(\w+), (?:'(.*)'|(\d+))\}$/.exec(value) ?? [];
    expect(param).toBe(name);
    return [name, number === undefined ? text : Number(number)];
  });
  expect(Object.fromEntries(listed)).toEqual(DEFAULT_SETTINGS);
  expect(Object.keys(settingsSchema.shape).sort()).toEqual(Object.keys(DEFAULT_SETTINGS).sort());
});

test('the defaults are sound, and what is empty is absent', () => {
  const settings = readSettings(DEFAULT_SETTINGS);
  expect(settings).toMatchObject({ mode: 'launch', subnetIds: [], tags: {}, logRetentionDays: 30 });
  expect(settings.prefix).toBeUndefined();
  expect(settings.kmsKeyArn).toBeUndefined();
});

test('lists and tags are taken apart, numbers come as texts from the command line', () => {
  const settings = readSettings({
    ...DEFAULT_SETTINGS,
    vpcId: 'vpc-0a1b2c3d',
    subnetIds: 'subnet-0a1b2c3d, subnet-1a1b2c3d',
    tags: 'Team=ci, Cost centre=12=3',
    logRetentionDays: '90',
  });
  expect(settings.subnetIds).toEqual(['subnet-0a1b2c3d', 'subnet-1a1b2c3d']);
  expect(settings.tags).toEqual({ Team: 'ci', 'Cost centre': '12=3' });
  expect(settings.logRetentionDays).toBe(90);
});

test.each([
  ['a mode that there is not', { mode: 'dry' }, 'mode: is "dry", but must be launch, or observe'],
  ['a prefix with a dash', { prefix: 'prod-1' }, 'prefix: is "prod-1", but must be 1 to 12 of a-z and 0-9'],
  ['a prefix that is too long', { prefix: 'a'.repeat(13) }, 'prefix: is'],
  ['an address without its scheme', { githubUrl: 'github.com' }, 'githubUrl: is "github.com"'],
  ['the ARN of a cluster', { cluster: 'arn:aws:ecs:us-east-1:1:cluster/x' }, 'but must be the name of an ECS cluster'],
  ['subnets without their VPC', { subnetIds: 'subnet-0a1b2c3d' }, 'vpcId, subnetIds: belong together'],
  ['a VPC without subnets', { vpcId: 'vpc-0a1b2c3d' }, 'vpcId, subnetIds: belong together'],
  [
    'a network for a cluster of others',
    { cluster: 'x', vpcId: 'vpc-0a1b2c3d', subnetIds: 'subnet-0a1b2c3d' },
    'have no effect',
  ],
  [
    'something between commas that is no subnet',
    { vpcId: 'vpc-0a1b2c3d', subnetIds: 'subnet-0a1b2c3d,b' },
    'subnetIds: is',
  ],
  ['days that CloudWatch does not know', { logRetentionDays: 31 }, 'logRetentionDays: is 31'],
  ['the ARN of an alias', { kmsKeyArn: 'arn:aws:kms:us-east-1:123456789012:alias/x' }, 'not of an alias'],
  ['a boundary that is a name', { permissionsBoundary: 'boundary' }, 'permissionsBoundary: is "boundary"'],
  ['a path without its end', { iamPath: '/team' }, 'iamPath: is "/team"'],
  ['a tag without a value', { tags: 'Team' }, 'tags: is "Team"'],
  ['a tag of AWS', { tags: 'aws:x=1' }, 'tags: is'],
  ['two janitors', { janitorConcurrency: 2 }, 'janitorConcurrency: is 2'],
  ['a setting that there is not', { vpc: 'vpc-1' }, 'vpc: there is no such setting'],
  ['a topic that is a name', { alarmTopicArn: 'alarms' }, 'alarmTopicArn: is "alarms"'],
  ['an image id of somewhere', { imageId: 'debian' }, 'imageId: is "debian"'],
])('%s is a problem', (_, changed, problem) => {
  expect(() => readSettings({ ...DEFAULT_SETTINGS, ...changed })).toThrow(problem);
});

test('all problems come together', () => {
  const wrong = { ...DEFAULT_SETTINGS, mode: 'x', tags: 'y', iamPath: 'z' };
  expect(() => readSettings(wrong)).toThrow(/mode: .*\n.*iamPath: .*\n.*tags: /);
});

test('docs/configuration.md has a row for every setting, in the same order and with its default', () => {
  const [, section = ''] = readFileSync('docs/configuration.md', 'utf8').split('\n## The deployment\n');
  const rows = section.split('\n## ')[0]?.matchAll(/^\| `(\w+)` \| (.*?) \|/gm) ?? [];
  const documented = [...rows].map(([, name, fallback]) => [name, fallback]);
  const shown = (value: string | number) => (value === '' ? 'none' : `\`${value}\``);
  expect(documented).toEqual(Object.entries(DEFAULT_SETTINGS).map(([name, value]) => [name, shown(value)]));
});
