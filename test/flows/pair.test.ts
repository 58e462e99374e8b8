/** Which runner comes for which job when a job runs on another one's: by ECS's books, whatever a function that died has left. */
import { expect, test } from '@jest/globals';
import { seatFor } from '../../lib/core/launch.ts';
import { pairRunners } from '../../lib/flows/pair.ts';
import { aPool } from '../support/pools.ts';
import { createStage, type Stage } from '../support/stage.ts';

test("a place that was never claimed is nobody's heir: its launch is another task's already", async () => {
  const pool = aPool();
  const stage = await createStage({ pools: [pool] });
  const ids = stage.addJobs({ count: 2 });
  await stage.until(() => stage.seats().filter(({ taskArn }) => taskArn !== undefined).length === 2, 1);
  const [thief, robbed] = ids.map((id) => stage.history.all().find(({ job }) => job === id));
  if (thief?.runner === undefined || robbed?.runner === undefined) throw new Error('both have a runner');
  // Another scaler had looked at the same time: it took a place for the thief, and died before its claim.
  const { prefix, registrarUrl } = stage.config;
  const taken = new Set(stage.seats().map(({ place }) => place));
  const place = [0, 1, 2].find((one) => !taken.has(one)) ?? 0;
  const job = { ...thief, launch: thief.launch - 1 };
  const now = stage.clock.now();
  const seat = seatFor({ prefix, registrarUrl, pool, place, job, ticketOf: (name) => name, now });
  const event = { ...thief, state: 'in_progress', runnerName: `${robbed.runner}-1` } as const;
  const done = stage.world.runners
    .put(seat, undefined)
    .then(() => pairRunners(stage.world, stage.config, thief, event));
  await stage.minutes(5);
  await done;
  const names = stage.ecs.books().tasks.map(({ startedBy }) => String(startedBy));
  expect(names.filter((name) => name.endsWith(`-${thief.job}-1`))).toEqual([thief.runner]);
});

test('a scaler dies once it has written down that a job runs: the same event again says so to its runner', async () => {
  let isDead = false;
  const stage: Stage = await createStage({
    janitor: false,
    watch: async (name, { when, call }, invocation) => {
      const runs = () => stage.history.all().some(({ state }) => state === 'in_progress');
      if (isDead || name !== 'scaler' || when !== 'after' || call !== 'history.put' || !runs()) return;
      isDead = true;
      invocation.kill();
    },
  });
  const [job] = stage.addJobs({ durationSeconds: 3000 });
  await stage.minutes(15);
  expect(isDead).toBe(true);
  expect(stage.seats()).toMatchObject([{ state: 'busy', busyWith: job }]);
});
