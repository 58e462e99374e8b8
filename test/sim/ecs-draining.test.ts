import { expect, test } from '@jest/globals';
import { aWorld, CLUSTER, deaf, MINUTE, refusal, SECOND, type World } from '../support/ecs-simulated.ts';

function setState({ ecs }: World, status: string, containerInstances = arns({ ecs })) {
  return ecs.call('UpdateContainerInstancesState', { cluster: CLUSTER, containerInstances, status });
}

function arns({ ecs }: Pick<World, 'ecs'>, status?: string): string[] {
  const input = { cluster: CLUSTER, ...(status && { status }) };
  return ecs.call('ListContainerInstances', input)['containerInstanceArns'] as string[];
}

test('a draining instance keeps its tasks and gets no new one; a task that waits gets another instance', async () => {
  const world = aWorld({ provider: { minInstances: 1 }, container: deaf });
  const [before] = world.run().tasks;
  await world.pass(MINUTE);
  const [draining] = arns(world);
  setState(world, 'DRAINING');
  const [after] = world.run().tasks;
  await world.pass(30 * SECOND);
  expect(world.describe(before?.['taskArn'])).toMatchObject({ lastStatus: 'RUNNING', containerInstanceArn: draining });
  expect(world.describe(after?.['taskArn'])).toMatchObject({ lastStatus: 'PROVISIONING' });
  await world.pass(5 * MINUTE);
  expect(world.describe(after?.['taskArn'])).toMatchObject({ lastStatus: 'RUNNING' });
  expect(world.describe(after?.['taskArn'])['containerInstanceArn']).not.toBe(draining);
});

test('instances are listed by their state; one that is active again is listed so', () => {
  const world = aWorld({ provider: { minInstances: 3 } });
  const [first, ...others] = arns(world);
  setState(world, 'DRAINING', [String(first)]);
  expect([arns(world, 'DRAINING'), arns(world, 'ACTIVE'), arns(world).length]).toEqual([[first], others, 3]);
  setState(world, 'ACTIVE', [String(first)]);
  expect(arns(world, 'DRAINING')).toEqual([]);
});

test('one that is not there is a failure of its own; the others are changed', () => {
  const world = aWorld({ provider: { minInstances: 1 } });
  const missing = `arn:aws:ecs:us-east-1:123456789012:container-instance/${CLUSTER}/${'0'.repeat(32)}`;
  const answer = setState(world, 'DRAINING', [missing, ...arns(world)]);
  expect(answer).toMatchObject({
    containerInstances: [{ status: 'DRAINING' }],
    failures: [{ arn: missing, reason: 'MISSING' }],
  });
});

test.each([
  ['eleven instances', Array(11).fill('0'.repeat(32)), 'DRAINING', /cannot be more than 10/],
  ['none', [], 'DRAINING', /cannot be empty/],
  ['another state', ['0'.repeat(32)], 'REGISTERING', /should be one of \[ACTIVE,DRAINING\]/],
])('%s: refused', (_name, ids, status, message) => {
  const error = refusal(() => setState(aWorld(), status, ids));
  expect(error).toMatchObject({ type: 'InvalidParameterException', message: expect.stringMatching(message) });
});
