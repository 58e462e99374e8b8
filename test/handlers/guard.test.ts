import { expect, test } from '@jest/globals';
import type { Capacity, Outcome } from '../../lib/world.ts';
import { aCapacityWorld, inProcess, LARGE, SMALL } from '../support/guarded-capacity.ts';
import { ANSWER_URL, aGuard, aRequest, propertiesOf, STACK } from '../support/guarded-stack.ts';

const OURS = `removal-guard of ${STACK}`;

async function anIdleGuard(leftMs?: number) {
  const world = aCapacityWorld();
  const { capacity } = await inProcess(world);
  return { ...aGuard(() => capacity, leftMs), world, capacity };
}

test('a creation is answered with everything that CloudFormation asks for', async () => {
  const { ask, said } = await anIdleGuard();
  expect(await ask(aRequest())).toEqual({
    Status: 'SUCCESS',
    Reason: 'nothing is taken away',
    PhysicalResourceId: OURS,
    StackId: STACK,
    RequestId: 'request-1',
    LogicalResourceId: 'RemovalGuard',
  });
  expect(said.urls).toEqual([ANSWER_URL]);
});

test('the same identity is answered for all of its life, whatever it was made by', async () => {
  const { ask } = await anIdleGuard();
  const changes = {
    PhysicalResourceId: 'made by an earlier version',
    OldResourceProperties: propertiesOf([SMALL, LARGE]),
  };
  expect(await ask(aRequest({ RequestType: 'Update', ...changes }))).toMatchObject({
    PhysicalResourceId: changes.PhysicalResourceId,
  });
  expect(await ask(aRequest({ RequestType: 'Delete', ...changes }))).toMatchObject({
    PhysicalResourceId: changes.PhysicalResourceId,
  });
});

test('one line of log says what was decided, and nothing of the address', async () => {
  const { ask, said } = await anIdleGuard();
  await ask(aRequest({ RequestType: 'Delete', PhysicalResourceId: OURS }));
  expect(said.lines).toEqual([
    {
      decision: 'removal allowed',
      reason: 'no runner lives there; 2 groups may be deleted',
      request: 'Delete',
      stack: STACK,
    },
  ]);
  expect(JSON.stringify(said.lines)).not.toContain('Signature');
});

const good = propertiesOf([SMALL]);
test.each<[string, unknown, RegExp]>([
  ['no properties', undefined, /look at ResourceProperties/],
  ['no cluster', { ...good, Cluster: '' }, /look at ResourceProperties\.Cluster\b/],
  ['a prefix that no runner can have', { ...good, Prefix: 'Gha-' }, /ResourceProperties\.Prefix/],
  ['an unknown mode', { ...good, Mode: 'sleep' }, /ResourceProperties\.Mode/],
  ['a group without a name', { ...good, Groups: [{ CapacityProvider: 'small' }] }, /Groups\.0\.AutoScalingGroup/],
  ['two mistakes', { ...good, Cluster: 1, Mode: 2 }, /ResourceProperties\.Cluster, ResourceProperties\.Mode/],
])(
  'declared with %s, it is refused; what was never created may be deleted, what was may not',
  async (_name, properties, reason) => {
    const { ask } = await anIdleGuard();
    const created = await ask(aRequest({ ResourceProperties: properties }));
    expect(created).toMatchObject({ Status: 'FAILED', Reason: expect.stringMatching(reason) });
    const { PhysicalResourceId } = created;
    const remove = { RequestType: 'Delete', ResourceProperties: properties };
    expect(await ask(aRequest({ ...remove, PhysicalResourceId }))).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId,
    });
    expect(await ask(aRequest({ ...remove, PhysicalResourceId: OURS }))).toMatchObject({ Status: 'FAILED' });
  },
);

test('a stack with another’s cluster may leave its groups out', async () => {
  const { ask } = await anIdleGuard();
  const { Groups: _, ...properties } = good;
  const remove = aRequest({ RequestType: 'Delete', PhysicalResourceId: OURS, ResourceProperties: properties });
  expect(await ask(remove)).toMatchObject({ Status: 'SUCCESS' });
});

test('an exception is answered too', async () => {
  const { ask } = aGuard(() => ({ group: () => Promise.reject(new Error('a bug')) }) as unknown as Capacity);
  const answer = await ask(aRequest({ RequestType: 'Delete', PhysicalResourceId: OURS }));
  expect(answer).toMatchObject({ Status: 'FAILED', Reason: 'a bug. Repeat it' });
});

test.each([
  ['long and of many bytes', '€"\n'.repeat(5_000)],
  ['with characters that JSON spells in six', '\u0001a'.repeat(5_000)],
])('an answer with a reason that is %s has at most 4096 bytes', async (_name, reason) => {
  const failing = async () => ({ kind: 'refused', reason }) as Outcome<never>;
  const { ask } = aGuard(() => ({ group: failing }) as unknown as Capacity);
  const answer = await ask(aRequest({ RequestType: 'Delete', PhysicalResourceId: 'x'.repeat(200) }));
  expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThanOrEqual(4096);
  expect(answer).toMatchObject({ Status: 'FAILED', Reason: expect.stringMatching(/…$/) });
});

test('work ends early enough to put things back, and that early enough to answer', async () => {
  const asked: number[] = [];
  const { capacity } = await inProcess(aCapacityWorld());
  const { ask } = aGuard((milliseconds) => {
    asked.push(milliseconds);
    return capacity;
  }, 100_000);
  await ask(aRequest({ RequestType: 'Delete', PhysicalResourceId: OURS }));
  expect(asked).toEqual([55_000, 90_000]);
});

test('a function with no time left still answers', async () => {
  const asked: number[] = [];
  const { ask } = aGuard((milliseconds) => {
    asked.push(milliseconds);
    const over = async () => ({ kind: 'retry', reason: 'the time of the function is over' }) as Outcome<never>;
    return { group: over, activate: over } as unknown as Capacity;
  }, 5_000);
  const answer = await ask(aRequest({ RequestType: 'Delete', PhysicalResourceId: OURS }));
  expect(asked).toEqual([0, 0]);
  expect(answer).toMatchObject({
    Status: 'FAILED',
    Reason: 'the time of the function is over. Nothing was taken away: repeat it',
  });
});
