/** Jobs of which GitHub says nothing: only `completed` ends one, for as long as GitHub itself may keep one waiting. */
import { expect, test } from '@jest/globals';
import { backlogItem } from '../../lib/core/job.ts';
import { JOB_WAIT_MAX_MS } from '../../lib/core/limits.ts';
import { questionJobs } from '../../lib/flows/question.ts';
import { virtualClock } from '../../lib/sim/clock.ts';
import { createSimListTable, createSimTable } from '../../lib/sim/tables.ts';
import type { GitHubJob, Outcome, World } from '../../lib/world.ts';
import { aJobRecord, NOW } from '../support/builders.ts';
import { aConfig, aPool } from '../support/pools.ts';
import { createStage } from '../support/stage.ts';

const rows: [string, Outcome<GitHubJob>, number, string][] = [
  ['does not find', { kind: 'gone', reason: 'not there, or not visible to the App' }, JOB_WAIT_MAX_MS - 1, 'queued'],
  ['does not answer about', { kind: 'retry', reason: 'no usable answer' }, JOB_WAIT_MAX_MS - 1, 'queued'],
  ['holds back', { kind: 'ok', value: { state: 'held' } }, JOB_WAIT_MAX_MS - 1, 'queued'],
  ['does not find for two days', { kind: 'gone', reason: 'not there' }, JOB_WAIT_MAX_MS, 'completed'],
];
test.each(rows)('a job that GitHub %s', async (_, answer, ageMs, state) => {
  const clock = virtualClock(NOW + ageMs);
  const { world: stage } = await createStage({ janitor: false });
  const world: World = {
    ...stage,
    clock,
    history: createSimTable({ clock, latencyMs: 0, name: 'history', key: ['job'] }),
    backlog: createSimListTable({ clock, latencyMs: 0, name: 'backlog', key: ['pool', 'job'] }),
    runners: createSimListTable({ clock, latencyMs: 0, name: 'runners', key: ['pool', 'place'] }),
    github: { ...stage.github, job: async () => answer },
  };
  // When its run began says nothing: it may have waited for somebody's approval for weeks.
  const createdAt = NOW - 10 * JOB_WAIT_MAX_MS;
  const record = await world.history.put(aJobRecord({ awaitsWord: NOW, createdAt }), undefined);
  const item = record && backlogItem(record);
  const kept = item && (await world.backlog.put(item, undefined));
  await questionJobs(world, aConfig([aPool()]), [], kept === undefined ? [] : [kept], new Set());
  expect(await world.history.get({ job: 1 })).toMatchObject({ state });
});
