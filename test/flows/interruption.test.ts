/** EC2 takes an instance away: what becomes of the runners on it, whoever dies or does not answer meanwhile. */
import { describe, expect, test } from '@jest/globals';
import { leaveInstance } from '../../lib/flows/interruption.ts';
import { aPool } from '../support/pools.ts';
import { createStage, type Stage, type StageOptions } from '../support/stage.ts';

const warning = (stage: Stage) => ({
  kind: 'instance-leaving' as const,
  instance: String(stage.ecs.instances()[0]?.['ec2InstanceId']),
  isSpot: true,
  reason: 'EC2 is about to terminate this Spot instance',
});

const warn = async (stage: Stage, world = stage.world) => {
  const done = leaveInstance(world, stage.config, warning(stage)).catch(() => undefined);
  await stage.minutes(0.1);
  await done;
};

const until = async (stage: Stage, state: string) =>
  expect(await stage.until(() => stage.seats().some((seat) => seat.state === state), 5)).toBe(true);

/** Its runner cannot connect, so that it stays registered and idle. */
async function idle(options: StageOptions = {}) {
  const stage = await createStage(options);
  stage.github.control.setFaults({ refuseSessions: 1 });
  const [job = 0] = stage.addJobs({ durationSeconds: 30 });
  await until(stage, 'registered');
  return { stage, job };
}

const launchOf = (stage: Stage, job: number) => stage.history.all().find((record) => record.job === job)?.launch;

describe('a runner that is registered and idle', () => {
  test('is removed at GitHub, told to go, and its job is launched for again at once', async () => {
    const { stage, job } = await idle();
    const [before] = stage.seats();
    await warn(stage);
    expect(stage.seats().find(({ name }) => name === before?.name)).toMatchObject({
      state: 'gone',
      interruptedAt: expect.any(Number),
      reason: 'its instance is taken away',
    });
    expect(stage.github.books.runners.size).toBe(0);
    await stage.minutes(0.1);
    expect(launchOf(stage, job)).toBe(2);
  });

  test('stays as it is while GitHub does not answer, and is removed as soon as it does', async () => {
    const { stage } = await idle();
    stage.github.control.setFaults({ restFailBefore: 1 });
    await warn(stage);
    expect(stage.seats()).toMatchObject([{ state: 'registered', interruptedAt: expect.any(Number) }]);
    stage.github.control.setFaults({ restFailBefore: 0 });
    await stage.minutes(0.5);
    expect(stage.lines.map(({ decision }) => decision)).toContain('runner retired');
  });

  test('is left to its end when GitHub does not answer for two minutes', async () => {
    const { stage } = await idle({ lose: (path) => (path.endsWith('/idle') ? 'request' : undefined) });
    stage.github.control.setFaults({ restFailBefore: 1 });
    await warn(stage);
    await stage.minutes(4);
    const said = stage.lines.filter(({ decision }) => decision.startsWith('instance '));
    expect(said.map(({ decision }) => decision)).toEqual([
      ...Array.from({ length: 12 }, () => 'instance comes again'),
      'instance left alone',
    ]);
  });

  test('hears with its next word that it shall go, if GitHub answers only then', async () => {
    const { stage, job } = await idle();
    stage.github.control.cancel(job);
    stage.github.control.setFaults({ restFailBefore: 1, refuseSessions: 0 });
    await stage.minutes(0.5);
    await warn(stage, { ...stage.world, queue: { send: async () => undefined } });
    stage.github.control.setFaults({ restFailBefore: 0 });
    await stage.minutes(1.2);
    expect(stage.lines).toContainEqual(
      expect.objectContaining({ decision: 'idle runner: go', reason: 'its instance is taken away' }),
    );
  });
});

test('who boots is given up and its task stopped; its job is launched for again at once', async () => {
  const stage = await createStage();
  const [job = 0] = stage.addJobs({ durationSeconds: 30 });
  await stage.until(() => stage.ecs.tasks().some((task) => task['lastStatus'] === 'PENDING'), 5);
  await warn(stage);
  expect(stage.lines).toContainEqual(expect.objectContaining({ decision: 'runner given up' }));
  expect(stage.ecs.tasks()[0]).toMatchObject({ stopCode: 'UserInitiated' });
  await stage.minutes(0.1);
  expect(launchOf(stage, job)).toBe(2);
});

test('who boots and is given up is sent away by the registrar', async () => {
  const stage = await createStage();
  stage.addJobs({ durationSeconds: 30 });
  await stage.until(() => stage.ecs.tasks().some((task) => task['lastStatus'] === 'PENDING'), 5);
  await warn(stage, {
    ...stage.world,
    cluster: { ...stage.world.cluster, stopTask: async () => ({ kind: 'ok', value: undefined }) },
  });
  await stage.minutes(1);
  expect(stage.lines).toContainEqual(
    expect.objectContaining({ decision: 'registration: gone', reason: 'its instance is taken away' }),
  );
});

test('whose task cannot be stopped keeps its job until that has ended, so that nobody is launched beside it', async () => {
  const stage = await createStage();
  const [job = 0] = stage.addJobs({ durationSeconds: 30 });
  await stage.until(() => stage.ecs.tasks().some((task) => task['lastStatus'] === 'PENDING'), 5);
  const stopTask = async () => ({ kind: 'retry' as const, reason: 'ECS is busy' });
  const queue = { send: async () => undefined };
  await warn(stage, { ...stage.world, queue, cluster: { ...stage.world.cluster, stopTask } });
  expect(stage.seats()).toMatchObject([{ state: 'gone', serves: job }]);
  expect(launchOf(stage, job)).toBe(1);
  expect(await stage.until(stage.allCompleted, 10)).toBe(true);
  expect(launchOf(stage, job)).toBe(2);
  expect(stage.lines).toContainEqual(expect.objectContaining({ decision: 'runner given up', answer: 'retry' }));
});

test('who is warm is given up', async () => {
  const stage = await createStage({ pools: [aPool({ warm: 1 })] });
  await until(stage, 'warm');
  await warn(stage);
  expect(stage.lines).toContainEqual(expect.objectContaining({ decision: 'runner given up' }));
});

test('who works is left alone, and it is noted that its instance goes', async () => {
  const stage = await createStage();
  stage.addJobs({ durationSeconds: 60 });
  await until(stage, 'busy');
  await warn(stage);
  expect(stage.seats()).toMatchObject([{ state: 'busy', interruptedAt: expect.any(Number) }]);
  expect(stage.seats()[0]).not.toHaveProperty('goneAt');
  expect(await stage.until(stage.allCompleted, 3)).toBe(true);
  expect(stage.github.control.jobs()).toMatchObject([{ conclusion: 'success' }]);
});

test('an instance of another cluster costs one call, and changes nothing', async () => {
  const stage = await createStage();
  stage.addJobs({ durationSeconds: 60 });
  await until(stage, 'busy');
  const calls = () => Object.values(stage.ecs.books().operations).reduce((sum, one) => sum + one.calls, 0);
  const before = calls();
  await leaveInstance(stage.world, stage.config, { ...warning(stage), instance: 'i-0123456789abcdef0' });
  expect(calls() - before).toBe(1);
  expect(stage.seats()[0]?.interruptedAt).toBeUndefined();
});

test('twice at once is like once', async () => {
  const { stage, job } = await idle();
  const once = leaveInstance(stage.world, stage.config, warning(stage));
  const twice = leaveInstance(stage.world, stage.config, warning(stage));
  await stage.minutes(0.2);
  await Promise.all([once, twice]);
  expect(launchOf(stage, job)).toBe(2);
  stage.github.control.setFaults({ refuseSessions: 0 });
  expect(await stage.until(stage.allCompleted, 10)).toBe(true);
});

test('whichever of its calls is the last before the function dies, the job runs elsewhere, once', async () => {
  for (let last = 0; last < 20; last += 1) {
    let left = Number.POSITIVE_INFINITY;
    const { stage } = await idle({
      watch: async (name, { when }, invocation) => {
        if (name !== 'scaler' || when !== 'before') return;
        left -= 1;
        if (left < 0) invocation.kill();
      },
    });
    const { instance } = warning(stage);
    left = last;
    const detail = { 'instance-id': instance, 'instance-action': 'terminate' };
    const event = { 'detail-type': 'EC2 Spot Instance Interruption Warning', source: 'aws.ec2', detail };
    stage.queue.deliver(JSON.stringify(event));
    await stage.minutes(0.5);
    left = Number.POSITIVE_INFINITY;
    stage.github.control.setFaults({ refuseSessions: 0 });
    await stage.minutes(1.5);
    stage.ecs.killInstance(instance);
    expect(await stage.until(stage.allCompleted, 30)).toBe(true);
    expect(stage.github.control.jobs()).toMatchObject([{ conclusion: 'success' }]);
  }
});
