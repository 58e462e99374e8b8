/** The hooks are run as the runner runs them: as programs, with a job's environment. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { prepareHooks } from '../../../infra/runner/hooks.ts';

const STARTED = 'ACTIONS_RUNNER_HOOK_JOB_STARTED';
const COMPLETED = 'ACTIONS_RUNNER_HOOK_JOB_COMPLETED';
const JOB = {
  PATH: process.env['PATH'],
  GITHUB_REPOSITORY: 'octo-org/app',
  GITHUB_RUN_ID: '9007199254',
  GITHUB_RUN_ATTEMPT: '3',
  GITHUB_JOB: 'build',
};
const self = { name: '', uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, home: '/' };

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function prepared(own: Record<string, string> = {}) {
  const hooks = prepareHooks(own, self);
  folders.push(dirname(hooks.environment[STARTED] ?? ''));
  const run = (hook: string, env: NodeJS.ProcessEnv = JOB) =>
    spawnSync(hooks.environment[hook] ?? '', [], { env, encoding: 'utf8' });
  return { hooks, run, folder: folders.at(-1) ?? '' };
}

/** A hook of the image's own, with a name that needs quotes. */
function ownHook(name: string, text: string): { path: string; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "it's own "));
  folders.push(folder);
  const path = join(folder, name);
  writeFileSync(path, text);
  return { path, folder };
}

test('a job that has started is known by what its first step knows', () => {
  const { hooks, run } = prepared();
  expect(hooks.started()).toBeUndefined();
  expect(run(STARTED)).toMatchObject({ status: 0, stdout: '', stderr: '' });
  expect(hooks.started()).toEqual({ repository: 'octo-org/app', runId: 9007199254, runAttempt: 3, job: 'build' });
});

test('a job whose steps are over says so', () => {
  const { hooks, run } = prepared();
  expect(hooks.isCompleted()).toBe(false);
  expect(run(COMPLETED).status).toBe(0);
  expect(hooks.isCompleted()).toBe(true);
});

test('a word that cannot be left does not fail the job', () => {
  const { run, folder } = prepared();
  rmSync(join(folder, 'words'), { recursive: true });
  expect(run(STARTED)).toMatchObject({ status: 0, stdout: '', stderr: '' });
});

test.each([
  ['with success', 'echo "own hook in $PWD"; echo "x=1" >> "$GITHUB_ENV"', 0],
  ['and its failure is the job’s', 'false\necho not reached', 1],
])('a hook of the image’s own runs after ours, %s', (_, text, status) => {
  const own = ownHook('started.sh', text);
  const file = join(own.folder, 'env');
  const { hooks, run } = prepared({ [STARTED]: own.path });
  const ended = run(STARTED, { ...JOB, GITHUB_ENV: file });
  expect(ended.status).toBe(status);
  expect(ended.stdout).not.toContain('not reached');
  expect(existsSync(file)).toBe(status === 0);
  expect(hooks.started()?.job).toBe('build');
});

test('a hook that is a program of its own is run as one', () => {
  const own = ownHook('completed', '#!/bin/sh\necho "program $#"\n');
  chmodSync(own.path, 0o755);
  const { run } = prepared({ [COMPLETED]: own.path });
  expect(run(COMPLETED)).toMatchObject({ status: 0, stdout: 'program 0\n' });
});

test('half a word is none', () => {
  const { hooks, run, folder } = prepared();
  run(STARTED);
  expect(readdirSync(join(folder, 'words'))).toEqual(['started']);
  expect(hooks.started()).toBeDefined();
});
