/** Jobs change backlogs; whoever moves one may be interrupted. */
import { expect, test } from '@jest/globals';
import type { BacklogRecord, JobRecord } from '../../lib/core/job.ts';
import type { Seat } from '../../lib/core/runner.ts';
import { KNOWN_POOLS } from '../../lib/core/runner.ts';
import { moveJobs } from '../../lib/flows/move.ts';
import { recordJob } from '../../lib/flows/record.ts';
import { aBacklogRecord, aJobEvent, aJobRecord, aSeat, NOW } from '../support/builders.ts';
import { aPool } from '../support/pools.ts';
import type { Stage } from '../support/stage.ts';
import { createStage } from '../support/stage.ts';

const other = aPool({ name: 'other', labels: ['other'], taskDefinition: 'sim-other:1' });
const LABELS = ['self-hosted', 'ecs'];
const aStage = () => createStage({ janitor: false, tableLatencyMs: 0, pools: [aPool(), other] });

test.each([
  ['queued', ['other']],
  ['completed', []],
] as const)('a look finds an item of a job that has moved and is %s: it leaves this backlog', async (state, left) => {
  const stage = await aStage();
  await stage.history.put(aJobRecord({ pool: 'other', state }), undefined);
  await stage.backlog.put(aBacklogRecord({ labels: LABELS }), undefined);
  await stage.minutes(1);
  await stage.queue.send([{ body: { kind: 'look', pool: 'default' } }]);
  await stage.minutes(1);
  expect(stage.backlog.all().map(({ pool }) => pool)).toEqual(left);
  expect(stage.ecs.tasks()).toEqual([]);
});

test.each<[string, Partial<JobRecord>, string]>([
  ['a queued job of a pool that serves it', {}, 'default'],
  ['a queued job of a pool that does not', { pool: 'other' }, 'default'],
  ['one that has run on a runner of that pool', { pool: 'other', state: 'in_progress' }, 'other'],
  ['one that only GitHub knows about', { pool: 'other', awaitsWord: NOW }, 'other'],
  ['one whose labels nobody has', { labels: ['nobody'] }, '#unserved'],
])('%s', async (_, job, expected) => {
  const record = aJobRecord(job);
  const item = aBacklogRecord({ pool: record.pool ?? '', labels: record.labels });
  expect(await moved(record, item)).toEqual([expected]);
});

test('an item of an earlier version does not know its labels: from now on it does', async () => {
  const stage = await aStage();
  expect(await moved(aJobRecord(), aBacklogRecord(), stage)).toEqual(['default']);
  expect(stage.backlog.all()).toMatchObject([{ labels: LABELS }]);
});

/** The pools that the job is in, when all is done. */
async function moved(record: JobRecord, item: BacklogRecord, stage?: Stage, seats: Seat[] = []): Promise<string[]> {
  const { clock, history, backlog, runners, world, config } = stage ?? (await aStage());
  const done = (async () => {
    await Promise.all(seats.map((seat) => runners.put(seat, undefined)));
    await history.put(record, undefined);
    const stored = await backlog.put(item, undefined);
    return moveJobs(world, config, stored === undefined ? [] : [stored], []);
  })();
  await clock.runUntil(clock.now() + 60_000);
  const told = (await done).map(({ pool }) => pool);
  expect(backlog.all().map(({ pool }) => pool)).toEqual(told);
  expect(history.all().map(({ pool }) => pool)).toEqual(told);
  return told;
}

test('a job for which a runner comes stays, of whatever pool the runner is', async () => {
  const seat = aSeat({ pool: 'other' });
  const record = aJobRecord({ pool: 'other', runner: seat.name });
  const item = aBacklogRecord({ pool: 'other', labels: LABELS });
  expect(await moved(record, item, undefined, [seat])).toEqual(['other']);
});

test('a job runs elsewhere, and its runner is of another pool than it: that one is free', async () => {
  const stage = await aStage();
  const seat = aSeat({ pool: 'other' });
  const event = aJobEvent({ state: 'in_progress', runnerName: 'sim-default-5-77-1-1' });
  const done = (async () => {
    await stage.runners.put(seat, undefined);
    await stage.history.put(aJobRecord({ runner: seat.name }), undefined);
    await recordJob(stage.world, stage.config, event);
  })();
  await stage.minutes(1);
  await done;
  expect(stage.seats()).toMatchObject([{ name: seat.name, reason: 'job 1 does not need it' }]);
});

test('the first look at a pool notes that there is such a pool', async () => {
  const stage = await aStage();
  await stage.queue.send([{ body: { kind: 'look', pool: 'default' } }]);
  await stage.minutes(1);
  expect(await stage.runners.get({ pool: KNOWN_POOLS, place: 0 })).toMatchObject({ pools: [{ name: 'default' }] });
});

test.each([
  ['cannot have it', ['ecs'], undefined],
  ['can have it', ['ecs', 'big'], 'sim-default-2-2-1'],
])(
  'job 2 takes the runner of job 1, of a pool with more labels; its own runner comes for job 1 if it %s',
  async (_, labels, heir) => {
    const stage = await aStage();
    const taken = aSeat({ pool: 'other', labels: ['ecs', 'big'] });
    const own = aSeat({ job: 2, serves: 2, labels, taskArn: 'arn:of:its:task' });
    const done = (async () => {
      await Promise.all([taken, own].map((seat) => stage.runners.put(seat, undefined)));
      await stage.history.put(aJobRecord({ pool: 'other', labels: ['big'], runner: taken.name }), undefined);
      await stage.history.put(aJobRecord({ job: 2, runner: own.name }), undefined);
      const event = aJobEvent({ job: 2, state: 'in_progress', runnerName: `${taken.name}-1` });
      await recordJob(stage.world, stage.config, event);
    })();
    await stage.minutes(1);
    await done;
    const robbed = stage.history.all().find(({ job }) => job === 1);
    expect({ state: robbed?.state, runner: robbed?.runner }).toEqual({ state: 'queued', runner: heir });
  },
);
