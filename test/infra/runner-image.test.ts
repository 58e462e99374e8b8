/** The Dockerfile of the runners' image: what can be pinned is, and its shell does what it should, among stand-ins. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { program } from '../support/user-data.ts';

/** Instruction and what it says, continuation lines joined. */
const INSTRUCTIONS = readFileSync('infra/runner/Dockerfile', 'utf8')
  .split('\n')
  .filter((line) => !line.startsWith('#'))
  .join('\n')
  .replaceAll(/\\\n/g, '')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line): [string, string] => [line.split(' ')[0] ?? '', line.slice(line.indexOf(' ') + 1).trim()]);

function all(instruction: string): string[] {
  return INSTRUCTIONS.filter(([name]) => name === instruction).map(([, text]) => text);
}

const ARGUMENTS = Object.fromEntries(all('ARG').map((text) => text.split(/=(.*)/s).slice(0, 2) as [string, string]));

describe('pinned', () => {
  test('the base, by digest and by a version that a reader understands', () => {
    expect(all('FROM')).toEqual(['$'.concat('{RUNNER_IMAGE}')]);
    expect(ARGUMENTS['RUNNER_IMAGE']).toMatch(/^ghcr\.io\/actions\/actions-runner:\d+\.\d+\.\d+@sha256:[0-9a-f]{64}$/);
  });

  test('what is downloaded, by checksum, for every processor that pools may have', () => {
    for (const name of ['COMPOSE_SHA256_AMD64', 'COMPOSE_SHA256_ARM64'])
      expect(ARGUMENTS[name]).toMatch(/^[0-9a-f]{64}$/);
    const downloads = all('RUN').filter((text) => /\b(curl|wget) -/.test(text));
    expect(downloads).toHaveLength(1);
    expect(downloads[0]).toContain('sha256sum --check');
  });

  test('the version that the documents name is the base’s', () => {
    const version = /:(\d+\.\d+\.\d+)@/.exec(ARGUMENTS['RUNNER_IMAGE'] ?? '')?.[1];
    for (const document of ['docs/images.md', 'infra/runner/Dockerfile']) {
      const named = [...readFileSync(document, 'utf8').matchAll(/REGISTRY\/runner:([\d.]+\d)/g)].map(
        ([, each]) => each,
      );
      expect(named.length).toBeGreaterThan(0);
      expect(named.filter((each) => each !== version)).toEqual([]);
    }
  });
});

test('every line of shell can be read by a plain one', () => {
  expect(all('RUN')).toHaveLength(4);
  for (const text of all('RUN')) {
    const { status, stderr } = spawnSync('sh', ['-n'], { input: text, encoding: 'utf8' });
    expect({ text, status, stderr }).toEqual({ text, status: 0, stderr: '' });
  }
});

test('no list of packages stays in the image, and nothing is installed that was not asked for', () => {
  const installs = all('RUN').filter((text) => text.includes('apt-get install'));
  expect(installs).toHaveLength(1);
  expect(installs[0]).toMatch(/--no-install-recommends/);
  expect(installs[0]).toMatch(/rm -rf \/var\/lib\/apt\/lists\/\*$/);
});

test('it holds what the bootstrap and its Docker modes need, and looks itself', () => {
  const check = all('RUN').at(-1) ?? '';
  for (const name of ['dockerd', 'containerd', 'runc', 'docker', 'iptables', 'mkfs.ext4', 'losetup', 'mount']) {
    expect(check).toMatch(new RegExp(`for program in [^;]*\\b${name.replace('.', '\\.')}\\b`));
  }
  expect(check).toContain('/home/runner/externals/node*/bin/node');
});

test('by hand it starts as the user of the runner', () => {
  expect(all('USER')).toEqual(['root', 'runner']);
});

describe('Docker Compose', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'ecs-runners-image-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const SUM = createHash('sha256').update('compose').digest('hex');

  function install(architecture: string, sums: Record<string, string>): { status: number | null; asked: string } {
    const [text = ''] = all('RUN').filter((each) => each.includes('docker-compose'));
    mkdirSync(join(directory, 'bin'), { recursive: true });
    program(directory, 'dpkg', `echo ${architecture}`);
    program(
      directory,
      'curl',
      `echo "$@" > ${directory}/asked
while [ "$1" != --output ]; do shift; done
printf compose > "$2"`,
    );
    const env = {
      PATH: `${join(directory, 'bin')}:${process.env['PATH']}`,
      COMPOSE_VERSION: '1.2.3',
      COMPOSE_DOWNLOADS: 'https://mirror',
      ...sums,
    };
    const { status } = spawnSync(
      'sh',
      ['-c', text.replaceAll('/usr/local/bin', join(directory, 'bin')).replaceAll('/usr/local', directory)],
      { env },
    );
    const asked = join(directory, 'asked');
    return { status, asked: existsSync(asked) ? (readFileSync(asked, 'utf8').trim().split(' ').at(-1) ?? '') : '' };
  }

  test.each([
    ['amd64', 'x86_64', 'COMPOSE_SHA256_AMD64'],
    ['arm64', 'aarch64', 'COMPOSE_SHA256_ARM64'],
  ])('on %s is the file of that processor, with its checksum', (architecture, name, variable) => {
    expect(install(architecture, { [variable]: SUM })).toEqual({
      status: 0,
      asked: `https://mirror/v1.2.3/docker-compose-linux-${name}`,
    });
    expect(existsSync(join(directory, 'lib/docker/cli-plugins/docker-compose'))).toBe(true);
  });

  test('that is another than expected ends the build', () => {
    const sums = { COMPOSE_SHA256_AMD64: '0'.repeat(64), COMPOSE_SHA256_ARM64: SUM };
    expect(install('amd64', sums).status).not.toBe(0);
  });

  test('for another processor there is none', () => {
    expect(install('riscv64', { COMPOSE_SHA256_AMD64: SUM, COMPOSE_SHA256_ARM64: SUM })).toEqual({
      status: 1,
      asked: '',
    });
  });
});
