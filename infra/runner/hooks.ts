/**
 * The runner's hooks, as steps of the job itself: what they know they leave in a folder where the bootstrap finds it.
 * They never fail a job; a hook that the image brings runs after ours.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { giveTo, type User } from './runner-user.ts';

export type Hooks = {
  /** For the listener. */
  environment: Record<string, string>;
  /** Which job has started, as its first step knows it. */
  started: () => StartedJob | undefined;
  /** Its steps are over; it has not ended yet. */
  isCompleted: () => boolean;
};
/** `job`: the key in its workflow, which is not its id. */
export type StartedJob = { repository: string; runId: number; runAttempt: number; job: string };

const STARTED = 'ACTIONS_RUNNER_HOOK_JOB_STARTED';
const COMPLETED = 'ACTIONS_RUNNER_HOOK_JOB_COMPLETED';

export function prepareHooks(environment: NodeJS.ProcessEnv, user: User): Hooks {
  const folder = mkdtempSync(join(tmpdir(), 'ecs-runners-'));
  chmodSync(folder, 0o755);
  const words = join(folder, 'words');
  mkdirSync(words);
  giveTo(user, words);
  const write = (word: string, own: string | undefined) => {
    const path = join(folder, `job-${word}.sh`);
    writeFileSync(path, hook(join(words, word), own), { mode: 0o755 });
    return path;
  };
  return {
    environment: {
      [STARTED]: write('started', environment[STARTED]),
      [COMPLETED]: write('completed', environment[COMPLETED]),
    },
    started: () => startedJob(join(words, 'started')),
    isCompleted: () => existsSync(join(words, 'completed')),
  };
}

/** Renamed when it is whole, so that nobody reads half of it. */
function hook(word: string, own: string | undefined): string {
  const facts = '"$GITHUB_REPOSITORY" "$GITHUB_RUN_ID" "$GITHUB_RUN_ATTEMPT" "$GITHUB_JOB"';
  const lines = [
    '#!/bin/sh',
    `{ printf '%s\\n' ${facts} > ${quoted(`${word}.new`)} && mv ${quoted(`${word}.new`)} ${quoted(word)}; } 2>/dev/null || :`,
  ];
  if (own) lines.push(`exec ${interpreter(own)}${quoted(own)} "$@"`);
  return `${lines.join('\n')}\n`;
}

/** As the runner itself would start it (actions/runner, docs/adrs/1751-runner-job-hooks.md). */
function interpreter(hookPath: string): string {
  if (hookPath.endsWith('.sh')) return 'bash -e ';
  return hookPath.endsWith('.ps1') ? 'pwsh -File ' : '';
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function startedJob(path: string): StartedJob | undefined {
  const [repository = '', runId, runAttempt, job = ''] = readIfThere(path).split('\n');
  if (repository === '') return undefined;
  return { repository, runId: Number(runId), runAttempt: Number(runAttempt), job };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
