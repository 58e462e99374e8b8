/** The container instances of a cluster, and the tasks on them. */
import {
  DescribeContainerInstancesCommand,
  DescribeTasksCommand,
  type ECSClient,
  type ContainerInstance as EcsInstance,
  type Task as EcsTask,
  ListContainerInstancesCommand,
  ListTasksCommand,
  UpdateContainerInstancesStateCommand,
} from '@aws-sdk/client-ecs';
import type { ContainerInstance, LivingTask } from '../core/guard.ts';
import type { Outcome } from '../world.ts';
import { attempt, DONE, inBatches, pages } from './repeatable.ts';

/** ECS API, DescribeTasks and DescribeContainerInstances: at most 100 in a call. */
const DESCRIBED_MAX = 100;
/** ECS API, UpdateContainerInstancesState: "a list of up to 10 container instance IDs". */
const STATE_CHANGES_MAX = 10;

type Ecs = { ecs: ECSClient; signal: AbortSignal };

/** Those that are to run first: one that is told to stop meanwhile is on the second list. */
export function livingTasks({ ecs, signal }: Ecs, cluster: string): Promise<Outcome<LivingTask[]>> {
  return attempt(signal, { doing: `listing the tasks of cluster ${cluster}`, effect: 'read' }, async () => {
    const toRun = await listTasks('RUNNING');
    const toStop = await listTasks('STOPPED');
    const tasks = await describe([...new Set([...toRun, ...toStop])]);
    const known = new Set(tasks.map(({ taskArn }) => taskArn));
    const hidden = toRun.filter((arn) => !known.has(arn));
    if (hidden.length > 0)
      return { kind: 'retry', reason: `ECS lists ${hidden.length} tasks that it does not describe` };
    return { kind: 'ok', value: tasks.filter(isAlive).map(livingTask) };
  });

  function listTasks(desiredStatus: 'RUNNING' | 'STOPPED'): Promise<string[]> {
    return pages(async (token) => {
      const input = { cluster, desiredStatus, ...token };
      const { nextToken, taskArns } = await ecs.send(new ListTasksCommand(input), { abortSignal: signal });
      return { items: taskArns, nextToken };
    });
  }

  function describe(arns: readonly string[]): Promise<EcsTask[]> {
    return inBatches(arns, DESCRIBED_MAX, async (tasks) => {
      const answer = await ecs.send(new DescribeTasksCommand({ cluster, tasks }), { abortSignal: signal });
      return answer.tasks ?? [];
    });
  }
}

function isAlive({ lastStatus }: EcsTask): boolean {
  return lastStatus !== 'STOPPED' && lastStatus !== 'DELETED';
}

function livingTask({ taskArn, startedBy, group, capacityProviderName, containerInstanceArn }: EcsTask): LivingTask {
  return {
    taskArn: taskArn ?? '',
    startedBy: startedBy ?? '',
    group: group ?? '',
    ...(capacityProviderName && { capacityProvider: capacityProviderName }),
    ...(containerInstanceArn && { containerInstance: containerInstanceArn }),
  };
}

/** All, and not by a filter: ECS's query language knows no capacity provider, and one may hide what has none yet. */
export function containerInstances({ ecs, signal }: Ecs, cluster: string): Promise<Outcome<ContainerInstance[]>> {
  return attempt(signal, { doing: `listing the instances of cluster ${cluster}`, effect: 'read' }, async () => {
    const arns = await pages(async (token) => {
      const command = new ListContainerInstancesCommand({ cluster, ...token });
      const { containerInstanceArns, nextToken } = await ecs.send(command, { abortSignal: signal });
      return { items: containerInstanceArns, nextToken };
    });
    const instances = await inBatches(arns, DESCRIBED_MAX, async (some) => {
      const command = new DescribeContainerInstancesCommand({ cluster, containerInstances: some });
      return (await ecs.send(command, { abortSignal: signal })).containerInstances ?? [];
    });
    return { kind: 'ok', value: instances.map(containerInstance) };
  });
}

function containerInstance(instance: EcsInstance): ContainerInstance {
  const { containerInstanceArn, ec2InstanceId, status, runningTasksCount, pendingTasksCount } = instance;
  return {
    arn: containerInstanceArn ?? '',
    ec2InstanceId: ec2InstanceId ?? '',
    status: status ?? '',
    tasks: (runningTasksCount ?? 0) + (pendingTasksCount ?? 0),
  };
}

export function setState(
  { ecs, signal }: Ecs,
  cluster: string,
  arns: readonly string[],
  status: 'ACTIVE' | 'DRAINING',
): Promise<Outcome<undefined>> {
  return attempt(signal, { doing: `making ${arns.length} instances ${status}`, effect: 'write' }, async () => {
    const failures = await inBatches(arns, STATE_CHANGES_MAX, async (some) => {
      const command = new UpdateContainerInstancesStateCommand({ cluster, containerInstances: some, status });
      return (await ecs.send(command, { abortSignal: signal })).failures ?? [];
    });
    const real = failures.filter(({ reason }) => reason !== 'MISSING' && reason !== 'INACTIVE');
    if (real.length === 0) return DONE;
    const sentences = real.map(({ arn, reason, detail }) => [arn, reason, detail].filter(Boolean).join(' '));
    return { kind: 'refused', reason: `making instances ${status}: ECS could not (${sentences.join('; ')})` };
  });
}
