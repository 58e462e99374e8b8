/** What an image may lack is installed, or named. */
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { installIptables } from '../../../infra/runner/daemon.ts';
import { readIfThere } from './container.ts';

const { PATH } = process.env;
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'path-'));
  process.env['PATH'] = folder;
  for (const program of ['/bin/sh', '/usr/bin/touch'])
    symlinkSync(program, join(folder, program.split('/').at(-1) ?? ''));
});
afterEach(() => {
  process.env['PATH'] = PATH;
  rmSync(folder, { recursive: true, force: true });
  jest.restoreAllMocks();
});

function program(name: string, text: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, name), 0o755);
}

test('an image with iptables is left as it is', () => {
  program('iptables', 'exit 0');
  program('apt-get', `echo "$@" >> ${folder}/calls`);
  installIptables();
  expect(readIfThere(join(folder, 'calls'))).toBe('');
});

test('an image without iptables gets it, and that is said', () => {
  const said = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  program('apt-get', `echo "$DEBIAN_FRONTEND $@" >> ${folder}/calls`);
  installIptables();
  expect(readIfThere(join(folder, 'calls')).trim().split('\n')).toEqual([
    'noninteractive update -qq',
    'noninteractive install -qq --yes --no-install-recommends iptables',
  ]);
  expect(said.mock.calls.join()).toContain('installing it, at every start');
});

test.each([
  [
    'a failed installation, with its last words',
    'echo "no route to host" >&2; exit 100',
    /iptables cannot be installed: no route/,
  ],
  ['an image that has no apt-get either', undefined, /iptables cannot be installed: there is no apt-get/],
])('%s is named', (_, aptGet, message) => {
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  if (aptGet !== undefined) program('apt-get', aptGet);
  expect(() => installIptables()).toThrow(message);
});
