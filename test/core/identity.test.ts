import { expect, test } from '@jest/globals';
import { mismatch } from '../../lib/core/identity.ts';

const TASK = {
  taskArn: 'arn:aws:ecs:eu-central-1:123456789012:task/runners/0f9de17a6465404e8b1b2356dc13c2f8',
  role: 'arn:aws:iam::123456789012:role/ci/ecs-runners-production-PoolDefaultRole-1ABC',
};
const SESSION = 'arn:aws:sts::123456789012:assumed-role/ecs-runners-production-PoolDefaultRole-1ABC';
const OWN = `${SESSION}/0f9de17a6465404e8b1b2356dc13c2f8`;

test.each<[string, Partial<typeof TASK>, string]>([
  ['the session that ECS assumes for it', {}, OWN],
  ['a role without a path', { role: TASK.role.replace('/ci', '') }, OWN],
  ['a task whose ARN names no cluster', { taskArn: TASK.taskArn.replace('/runners', '') }, OWN],
  [
    'another partition, throughout',
    { taskArn: TASK.taskArn.replace('aws', 'aws-cn'), role: TASK.role.replace('aws', 'aws-cn') },
    OWN.replace('aws', 'aws-cn'),
  ],
])('it is the task: %s', (_, task, signer) => {
  expect(mismatch({ ...TASK, ...task }, signer)).toBeUndefined();
});

test.each<[string, Partial<typeof TASK>, string, RegExp]>([
  ['another task of the same role', {}, `${SESSION}/1f9de17a6465404e8b1b2356dc13c2f8`, /another task/],
  ['a longer session name', {}, `${OWN}0`, /another task/],
  ['a session name with the task’s id in it', {}, `${SESSION}/x@0f9de17a6465404e8b1b2356dc13c2f8`, /another task/],
  ['another role that somebody assumed under the task’s id', {}, OWN.replace('Default', 'Other'), /another role/],
  ['a role whose name only begins like it', {}, OWN.replace('-1ABC', '-1ABCD'), /another role/],
  ['the same names in another account', {}, OWN.replace('123456789012', '210987654321'), /another role/],
  ['the same names in another partition', {}, OWN.replace('aws', 'aws-cn'), /another role/],
  ['a role of another account than the task’s', { role: TASK.role.replace('1234', '4321') }, OWN, /another role/],
  ['a user', {}, 'arn:aws:iam::123456789012:user/0f9de17a6465404e8b1b2356dc13c2f8', /no session of a role/],
  ['the account', {}, 'arn:aws:iam::123456789012:root', /no session of a role/],
  ['a federated user', {}, OWN.replace('assumed-role', 'federated-user'), /no session of a role/],
  ['a path where none can be', {}, `${SESSION}/x/0f9de17a6465404e8b1b2356dc13c2f8`, /no session of a role/],
  ['nothing', {}, '', /no session of a role/],
  ['a record whose role cannot be read', { role: 'PoolDefaultRole' }, OWN, /names no role/],
  ['a record whose task cannot be read', { taskArn: 'x' }, OWN, /names no role/],
])('it is not: %s', (_, task, signer, reason) => {
  expect(mismatch({ ...TASK, ...task }, signer)).toMatch(reason);
});
