/** Every script runs on the Node version of the Lambda functions, or says in one line why it does not. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const GUARD = 'lib/cli/node-version.mjs';
const { scripts, engines } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  scripts: Record<string, string>;
  engines: { node: string };
};

/** The guard's answer on a Node that says to be of this version. */
function guardOn(version: string): { status: number | null; stdout: string; stderr: string } {
  const faked = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });
    Object.defineProperty(process, 'version', { value: 'v${version}' });`;
  const preload = `data:text/javascript,${encodeURIComponent(faked)}`;
  return spawnSync(process.execPath, ['--import', preload, GUARD], { encoding: 'utf8' });
}

test.each(['18.20.8', '20.20.2', '22.5.0', '23.11.1', '25.0.0', '240.0.0', '2.4.0'])(
  'Node %s is refused',
  (version) => {
    const { status, stdout, stderr } = guardOn(version);
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^ecs-runners needs Node\.js 24, .* but this is v[\d.]+: [^\n]+\n$/);
    expect(stderr).toContain(`v${version}`);
  },
);

test.each(['24.0.0', '24.21.0'])('Node %s is fine', (version) => {
  expect(guardOn(version)).toMatchObject({ status: 0, stdout: '', stderr: '' });
});

test('the tests themselves run on the wanted version', () => {
  expect(process.versions.node).toMatch(/^24\./);
  expect(engines.node).toBe('>=24 <25');
});

/** Debian's own Node; not on every machine. */
const MACHINE_NODE = '/usr/bin/node';
const machineVersion = existsSync(MACHINE_NODE)
  ? spawnSync(MACHINE_NODE, ['--version'], { encoding: 'utf8' }).stdout
  : '';
const testOnOtherNode = machineVersion && !machineVersion.startsWith('v24.') ? test : test.skip;

testOnOtherNode('a real Node of another version understands the guard, and is refused', () => {
  const { status, stderr } = spawnSync(MACHINE_NODE, [GUARD], { encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr.split('\n')).toEqual([expect.stringContaining(machineVersion.trim()), '']);
});

test.each(Object.entries(scripts))(
  'the script %s begins with the guard, or consists of scripts that do',
  (_, script) => {
    expect(brokenParts(script)).toEqual([]);
  },
);

test('a script without the guard is caught', () => {
  expect(brokenParts('node lib/cli/start.ts')).toEqual(['node lib/cli/start.ts']);
  expect(brokenParts('npm run lint && node lib/cli/start.ts')).toEqual(['node lib/cli/start.ts']);
  expect(brokenParts('npm run nothing')).toEqual(['npm run nothing']);
});

/** What runs without the guard having run before it. */
function brokenParts(script: string): string[] {
  if (script.startsWith(`node ${GUARD} && `)) return [];
  return script.split(' && ').filter((part) => {
    const name = /^npm (?:run )?([\w:-]+)$/.exec(part)?.[1];
    return name === undefined || scripts[name] === undefined;
  });
}
