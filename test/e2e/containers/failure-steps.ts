/**
 * What breaks under a runner, and when: its task ends with the right code and reason within its time and leaves no registration;
 * but once a job runs, that goes on as far as it can.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { holds, type Step, same } from '../steps.ts';
import { until } from '../until.ts';
import { restore } from './cut-off.ts';
import { FAILURES, type Failure } from './failures.ts';
import type { Stage } from './stage.ts';
import { BOOT_SECONDS_MAX } from './task.ts';

export function failureSteps(stage: Stage, say: (line: string) => void): Step[][] {
  return FAILURES.map((group) =>
    group.map((failure) => ({ name: `broken: ${failure.name}`, run: () => prove(stage, failure, say) })),
  );
}

async function prove(stage: Stage, failure: Failure, say: (line: string) => void): Promise<void> {
  const { pool = 'dind', dockerd, waits, notReady = 0, meanwhile, exitCode, says, leaving, secondsMax } = failure;
  const binds = dockerd === undefined ? [] : [`${await standIn(stage, dockerd)}:/usr/sbin/dockerd:ro`];
  const task = await stage.tasks.start(pool, {
    binds,
    before: (runner, credentials) => {
      credentials.notReady = notReady;
      if (waits) runner.answer = ({ what }) => (what === 'registration' ? WAIT : undefined);
    },
  });
  if (waits) await until(`${task.name} asks`, BOOT_SECONDS_MAX, () => task.runner.calls.length > 0);
  const startedAt = performance.now();
  try {
    await meanwhile?.(task, stage);
    same('exit code', await task.ended(secondsMax), exitCode);
  } finally {
    await restore(task, stage.instance);
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const logs = await task.logs();
  holds(`its log says "${says}":\n${logs}`, logs.includes(says));
  const left = task.runner.calls.flatMap(({ body }) => body['leaving'] ?? []);
  same('what the registrar heard of its end', left, leaving === undefined ? [] : [leaving]);
  say(`  ${failure.name}: code ${exitCode} after ${seconds} s${leaving === undefined ? '' : `, "${leaving}"`}`);
}

const WAIT = { status: 503, body: { reason: 'not yet' }, headers: { 'retry-after': '1' } };

/** Given on to the file system of the container as its dockerd. */
async function standIn({ instance }: Stage, how: 'dies' | 'hangs'): Promise<string> {
  const path = join(instance.folder, `dockerd-${how}`);
  await writeFile(path, how === 'dies' ? '#!/bin/sh\necho no such luck >&2\nexit 1\n' : '#!/bin/sh\nexec sleep 600\n', {
    mode: 0o755,
  });
  return path;
}
