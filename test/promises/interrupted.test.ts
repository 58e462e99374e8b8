/**
 * All instances are taken away, with a warning or without: how long until the jobs of idle, booting and busy runners run
 * elsewhere. By the books of the simulated GitHub and ECS.
 */
import { afterAll, expect, test } from '@jest/globals';
import type { Job } from '../../lib/sim/github-service/books.ts';
import { aDyingStage, lostRecords, reruns } from '../support/dying.ts';
import { aPool } from '../support/pools.ts';
import type { Stage } from '../support/stage.ts';

const EACH = 40;
const NOTICE_MS = 120_000;
const figures: string[] = [];
afterAll(() => console.info(figures.join('\n')));

function warnAll({ ecs, queue }: Stage): void {
  for (const { ec2InstanceId } of ecs.instances()) {
    const detail = { 'instance-id': ec2InstanceId, 'instance-action': 'terminate' };
    queue.deliver(
      JSON.stringify({ 'detail-type': 'EC2 Spot Instance Interruption Warning', source: 'aws.ec2', detail }),
    );
  }
}

const inState = (stage: Stage, state: string) => stage.seats().filter((seat) => seat.state === state).length;
const jobsOf = (stage: Stage, ids: readonly number[]) =>
  ids.map((id) => stage.github.books.jobs.get(id)).filter((job) => job !== undefined);

/** Forty each: busy for half an hour to come, registered without a job, and booting. */
async function fullOfRunners() {
  const stage = await aDyingStage(1, { pools: [aPool({ max: 300, rerunsMax: 1 })] });
  const each = (durationSeconds: number) =>
    Array.from({ length: EACH }, () => stage.addJobs({ durationSeconds })).flat();
  const busy = each(1800);
  expect(await stage.until(() => inState(stage, 'busy') === EACH, 10)).toBe(true);
  // ECS adds no instances before those that it has added have warmed up.
  await stage.minutes(6);
  stage.github.control.setFaults({ refuseSessions: 1 });
  const idle = each(60);
  expect(await stage.until(() => inState(stage, 'registered') === EACH, 10)).toBe(true);
  const booting = each(60);
  const onInstances = () => stage.ecs.tasks().filter((task) => task['containerInstanceArn'] !== undefined).length;
  expect(await stage.until(() => onInstances() >= 3 * EACH - 2, 10)).toBe(true);
  return { stage, busy, idle, booting };
}

/** Until the job, or the next attempt of it, runs where it ends. */
function secondsAfter(at: number, jobs: readonly Job[]): number[] {
  const last = jobs.map((job) => job.run.jobs[0] ?? job);
  expect(last.map(({ conclusion }) => conclusion)).toEqual(jobs.map(() => 'success'));
  return last.map(({ startedAt = 0 }) => Math.round((startedAt - at) / 1000)).toSorted((one, other) => one - other);
}

function row(name: string, seconds: readonly number[]): number {
  const at = (share: number) => seconds[Math.ceil(share * seconds.length) - 1] ?? 0;
  figures.push(`| ${name} | ${at(0.5)} s | ${at(0.99)} s | ${at(1)} s |`);
  return at(1);
}

test.each([true, false])('forty each of idle, booting and busy runners; EC2 warns: %s', async (warns) => {
  const { stage, busy, idle, booting } = await fullOfRunners();
  const before = stage.ecs.instances().map(({ ec2InstanceId }) => String(ec2InstanceId));
  const announcedAt = stage.clock.now();
  if (warns) warnAll(stage);
  await stage.minutes(0.05);
  stage.github.control.setFaults({ refuseSessions: 0 });
  await stage.minutes(NOTICE_MS / 60_000 - 0.05);
  // Without a warning, they would have found their jobs meanwhile.
  for (const id of before) stage.ecs.killInstance(id);
  const diedAt = stage.clock.now();
  expect(await stage.until(stage.allCompleted, 15)).toBe(true);
  await stage.minutes(60);
  if (warns) {
    expect(row('idle when EC2 warned', secondsAfter(announcedAt, jobsOf(stage, idle)))).toBeLessThan(NOTICE_MS / 1000);
    expect(row('booting when EC2 warned', secondsAfter(announcedAt, jobsOf(stage, booting)))).toBeLessThan(300);
  }
  row(`busy when its instance went${warns ? ', announced' : ''}`, secondsAfter(diedAt, jobsOf(stage, busy)));
  expect(reruns(stage).every(({ by }) => by === 'app')).toBe(true);
  expect(reruns(stage).flatMap(({ jobs }) => jobs)).toHaveLength(EACH);
  expect(lostRecords(stage)).toEqual([]);
});
