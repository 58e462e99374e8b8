import { expect, test } from '@jest/globals';
import type { SQSEvent } from 'aws-lambda';
import { scalerHandler } from '../../lib/handlers/scaler.ts';
import type { World } from '../../lib/world.ts';
import { aJobEvent, aSeat } from '../support/builders.ts';
import { aPool } from '../support/pools.ts';
import { createStage } from '../support/stage.ts';

const other = aPool({ name: 'other', labels: ['other'], taskDefinition: 'sim-other:1' });
const job = (id: number, labels = ['ecs']) =>
  JSON.stringify({ kind: 'job', delivery: 'd', receivedAt: 1, event: aJobEvent({ job: id, labels }) });

function stopped(startedBy: string | undefined, detail: Record<string, unknown> = {}): string {
  const plain = { taskArn: 'arn', lastStatus: 'STOPPED', startedBy, stoppedReason: 'gone', containers: [{}] };
  return JSON.stringify({ 'detail-type': 'ECS Task State Change', source: 'aws.ecs', detail: { ...plain, ...detail } });
}

/** AWS docs, "Spot Instance interruption notices". */
const spotWarning = {
  version: '0',
  id: '12345678-1234-1234-1234-123456789012',
  'detail-type': 'EC2 Spot Instance Interruption Warning',
  source: 'aws.ec2',
  account: '123456789012',
  time: '2026-11-23T08:00:00Z',
  region: 'us-east-2',
  resources: ['arn:aws:ec2:us-east-2a:instance/i-1234567890abcdef0'],
  detail: { 'instance-id': 'i-1234567890abcdef0', 'instance-action': 'terminate' },
};

/** AWS docs, "State change events for your instances". */
const stateChange = (state: string) => ({
  ...spotWarning,
  'detail-type': 'EC2 Instance State-change Notification',
  detail: { 'instance-id': 'i-1234567890abcdef0', state },
});

test.each([
  [
    'a Spot instance of somebody else is taken away',
    JSON.stringify(spotWarning),
    {
      decision: 'event ignored',
      instance: 'i-1234567890abcdef0',
      reason: expect.stringMatching(/about to terminate.*no instance of/),
    },
  ],
  [
    'an instance of somebody else is terminated',
    JSON.stringify(stateChange('shutting-down')),
    { decision: 'event ignored', reason: expect.stringMatching(/shutting-down.*no instance of/) },
  ],
  [
    'an instance runs',
    JSON.stringify(stateChange('running')),
    { decision: 'event ignored', reason: 'an instance is "running"' },
  ],
  [
    'a task runs',
    stopped('x', { lastStatus: 'RUNNING' }),
    { decision: 'event ignored', reason: 'task "arn" is "RUNNING": only stopped ones count' },
  ],
  [
    'something of another kind',
    JSON.stringify({ ...spotWarning, 'detail-type': 'EC2 Instance Rebalance Recommendation' }),
    {
      decision: 'event ignored',
      reason: 'event "EC2 Instance Rebalance Recommendation" of "aws.ec2" asks for nothing',
    },
  ],
])('EventBridge says that %s: one line, and it is done', async (_, body, line) => {
  const { failed, lines } = await scaled([body]);
  expect({ failed, lines }).toEqual({
    failed: [],
    lines: [{ ...line, at: expect.any(Number) }].map((one) => expect.objectContaining(one)),
  });
});

async function scaled(bodies: readonly string[], faults: (world: World) => Partial<World> = () => ({})) {
  const stage = await createStage({ janitor: false, tableLatencyMs: 0, pools: [aPool(), other] });
  await stage.runners.put(aSeat({ job: 99, place: 9 }), undefined);
  const world = { ...stage.world, ...faults(stage.world) };
  const Records = bodies.map((body, index) => ({ messageId: `m${index}`, body }));
  const answer = scalerHandler(world, async () => stage.config)({ Records } as unknown as SQSEvent);
  await stage.clock.runUntil(stage.clock.now() + 1000);
  return { ...stage, failed: (await answer).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier) };
}

test('poison fails by itself, everything else is done', async () => {
  const { failed, history } = await scaled([
    '{',
    job(1),
    '{"kind":"new"}',
    '[]',
    JSON.stringify({ 'detail-type': 'ECS Task State Change', source: 'aws.ecs', detail: {} }),
    JSON.stringify({ 'detail-type': 'ECS Task State Change' }),
    JSON.stringify({ ...spotWarning, detail: { 'instance-id': 7 } }),
  ]);
  expect(failed).toEqual(['m0', 'm2', 'm3', 'm4', 'm5', 'm6']);
  expect(history.all()).toMatchObject([{ job: 1, launch: 1 }]);
});

test('an event whose table call fails, fails by itself', async () => {
  const { failed } = await scaled([job(1), job(2)], ({ history }) => ({
    history: {
      ...history,
      put: (item, previous) => (item.job === 2 ? Promise.reject(new Error('x')) : history.put(item, previous)),
    },
  }));
  expect(failed).toEqual(['m1']);
});

test('a look that fails, fails the messages of its pool only', async () => {
  const { failed } = await scaled([job(1), job(2, ['other']), '{"kind":"look","pool":"other"}'], ({ runners }) => ({
    runners: {
      ...runners,
      list: (pool, options) => (pool === 'other' ? Promise.reject(new Error('x')) : runners.list(pool, options)),
    },
  }));
  expect(failed.sort()).toEqual(['m1', 'm2']);
});

test.each([
  ['of ours, whose container has no exit code', stopped('sim-default-9-99-1'), 0],
  ['of ours, without containers', stopped('sim-default-9-99-1', { containers: [] }), 0],
  ['of ours, with an exit code', stopped('sim-default-9-99-1', { containers: [{ exitCode: 1 }] }), 0],
  ['of a service', stopped('ecs-svc/1'), 1],
  ['of nobody', stopped(undefined), 1],
  ['of an earlier launch on that place', stopped('sim-default-9-98-1'), 1],
])('a stopped task %s', async (_, body, left) => {
  const { failed, seats } = await scaled([body]);
  expect({ failed, seats: seats().length }).toEqual({ failed: [], seats: left });
});

test('a job that ECS refuses to start is owed again, and holds no place', async () => {
  const { failed, history, seats } = await scaled([job(1)], ({ cluster }) => ({
    cluster: { ...cluster, runTask: async () => ({ kind: 'refused', reason: 'the role may not be passed' }) },
  }));
  expect([failed, seats().filter((seat) => seat.job === 1)]).toEqual([[], []]);
  const [record] = history.all();
  expect(record).toMatchObject({ state: 'queued', reason: expect.stringMatching(/may not be passed/) });
  expect(record).not.toHaveProperty('runner');
});

test('a job that has ended and one that meets a full ECS have their own outcomes, and nothing fails', async () => {
  const ended = JSON.stringify({
    kind: 'job',
    delivery: 'd',
    receivedAt: 1,
    event: aJobEvent({ job: 1, state: 'completed' }),
  });
  const { failed, history, backlog } = await scaled([job(1), ended, job(2)], ({ cluster }) => ({
    cluster: { ...cluster, runTask: async () => ({ kind: 'full', reason: 'no room' }) },
  }));
  expect(failed).toEqual([]);
  expect(history.all().find((record) => record.job === 1)).toMatchObject({ state: 'completed', launch: 0 });
  expect(backlog.all()).toMatchObject([{ job: 2, state: 'queued', reason: expect.stringMatching(/no room/) }]);
});

test('ten fresh events are launched for in eight calls of a table one after the other, however many there are side by side', async () => {
  const stage = await createStage({ pools: [aPool({ max: 50 })], janitor: false, tableLatencyMs: 100 });
  const [first = 0] = stage.addJobs({ durationSeconds: 5 });
  // From then on a container of the pool has come up.
  await stage.until(() => stage.history.all().some((one) => one.job === first && one.state === 'completed'), 10);
  await stage.minutes(2);
  const Records = Array.from({ length: 10 }, (_, id) => ({ messageId: `${id}`, body: job(id + 1) }));
  const beganAt = stage.clock.now();
  let endedAt = 0;
  void scalerHandler(
    stage.world,
    async () => stage.config,
  )({ Records } as unknown as SQSEvent).then(() => {
    endedAt = stage.clock.now();
  });
  await stage.minutes(1);
  expect(stage.ecs.tasks()).toHaveLength(11);
  expect((endedAt - beganAt) / 100).toBe(8);
});
