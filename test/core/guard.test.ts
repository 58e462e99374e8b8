import { expect, test } from '@jest/globals';
import {
  type Guarded,
  goingGroups,
  type LivingTask,
  type Seen,
  whyGroupsStay,
  whyStackStays,
} from '../../lib/core/guard.ts';

function aTask(overrides: Partial<LivingTask> = {}): LivingTask {
  return {
    taskArn: 'task-1',
    startedBy: 'gha-default-0-1-1',
    group: 'family:default',
    capacityProvider: 'small',
    containerInstance: 'instance-1',
    ...overrides,
  };
}

function aSeen(overrides: Partial<Seen> = {}): Seen {
  const instances = [{ arn: 'instance-1', ec2InstanceId: 'i-1', status: 'ACTIVE', tasks: 0 }];
  return { prefix: 'gha', tasks: [], capacityProviders: ['small'], instances, ...overrides };
}

const elsewhere = { capacityProvider: 'other', containerInstance: 'instance-9' };
const { capacityProvider: _, ...unplaced } = aTask();
const { containerInstance: __, ...waiting } = aTask();

const rows: [string, Partial<Seen>, { groups: string | undefined; stack: string | undefined }][] = [
  ['nothing', {}, { groups: undefined, stack: undefined }],
  ['a runner on an instance', { tasks: [aTask()] }, both('1 runner lives (1 of pool default)')],
  ['a runner that waits for an instance', { tasks: [waiting] }, both('1 runner lives (1 of pool default)')],
  ['a runner without a capacity provider', { tasks: [unplaced] }, both('1 runner lives (1 of pool default)')],
  [
    'a runner elsewhere in the cluster',
    { tasks: [aTask(elsewhere)] },
    { groups: undefined, stack: '1 runner lives (1 of pool default)' },
  ],
  [
    'a task of another service of this kind elsewhere',
    { tasks: [aTask({ ...elsewhere, startedBy: 'gha2-default-0-1-1' })] },
    both(undefined),
  ],
  [
    'a task of somebody else',
    { tasks: [aTask({ startedBy: '', group: 'family:backup' })] },
    both('1 other task lives (1 family:backup)'),
  ],
  ['a task of a service', { tasks: [aTask({ startedBy: 'ecs-svc/1', group: 'service:web' })] }, both(undefined)],
  [
    'a runner, two of another pool, and a task of somebody else',
    {
      tasks: [
        aTask(),
        aTask({ startedBy: 'gha-large-arm-0-2-1' }),
        aTask({ startedBy: 'gha-large-arm-1-3-1' }),
        aTask({ startedBy: 'x', group: 'family:backup' }),
      ],
    },
    both('3 runners live (2 of pool large-arm, 1 of pool default) and 1 other task lives (1 family:backup)'),
  ],
  [
    'two tasks that only the instance counts',
    { instances: [{ arn: 'instance-1', ec2InstanceId: 'i-1', status: 'ACTIVE', tasks: 2 }] },
    both('2 tasks live (counted by ECS, not listed yet)'),
  ],
  [
    'a service that the instance counts, and that is listed',
    {
      tasks: [aTask({ startedBy: 'ecs-svc/1', group: 'service:web' })],
      instances: [{ arn: 'instance-1', ec2InstanceId: 'i-1', status: 'ACTIVE', tasks: 1 }],
    },
    both(undefined),
  ],
  [
    'runners of more pools than one wants to read',
    { tasks: Array.from({ length: 13 }, (_item, pool) => aTask({ startedBy: `gha-p${pool}-0-1-1` })) },
    both(
      `13 runners live (${Array.from({ length: 10 }, (_item, pool) => `1 of pool p${pool}`).join(', ')}, and 3 more)`,
    ),
  ],
];

function both(holders: string | undefined) {
  return { groups: holders, stack: holders };
}

test.each(rows)('%s', (_sentence, overrides, { groups, stack }) => {
  const seen = aSeen(overrides);
  expect(whyGroupsStay(seen)?.replace(/ on small, which this update would take away\. .*/, '')).toBe(groups);
  expect(whyStackStays(seen, true)?.replace(/\. Nothing was stopped.*/, '')).toBe(stack);
});

test('a refusal says what to do; a stack that only observes need not be told to', () => {
  const seen = aSeen({ tasks: [aTask()] });
  expect(whyGroupsStay(seen)).toMatch(
    /Deploy without the pools that use it, but with it; wait until their jobs have ended/,
  );
  expect(whyStackStays(seen, true)).toMatch(/Deploy in mode observe, so that no new ones start; wait until/);
  expect(whyStackStays(seen, false)).toMatch(/Nothing was stopped\. Wait until their jobs have ended, or stop them/);
});

test('groups that an update takes away are known by their own names, not by those of their capacity providers', () => {
  const small = { capacityProvider: 'small', autoScalingGroup: 'group-1' };
  const replaced = { capacityProvider: 'small', autoScalingGroup: 'group-2' };
  const large = { capacityProvider: 'large', autoScalingGroup: 'group-3' };
  const stack = (groups: Guarded['groups']): Guarded => ({ cluster: 'runners', prefix: 'gha', groups, launches: true });
  expect(goingGroups(stack([small, large]), stack([large, replaced]))).toEqual([small]);
  expect(goingGroups(stack([small, large]), stack([]))).toEqual([small, large]);
  expect(goingGroups(stack([]), stack([small]))).toEqual([]);
});
