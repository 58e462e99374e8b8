/** Container instances of ECS and their Auto Scaling groups. Every call may be repeated, so the clients should do so. */
import {
  type AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  type AutoScalingGroup as Group,
  type Instance,
  SetInstanceProtectionCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
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
import type { AutoScalingGroup, ContainerInstance, LivingTask } from '../core/guard.ts';
import type { Capacity, Outcome } from '../world.ts';
import { awsFailure, type Call } from './errors.ts';

/** ECS API, DescribeTasks and DescribeContainerInstances: at most 100 in a call. */
const DESCRIBED_MAX = 100;
/** ECS API, UpdateContainerInstancesState: "a list of up to 10 container instance IDs". */
const STATE_CHANGES_MAX = 10;
/** Auto Scaling API, SetInstanceProtection: "you can specify up to 50 instances". */
const PROTECTED_INSTANCES_MAX = 50;

/** When `signal` is aborted, the call that is under way and every later one is `retry`. */
export type CapacitySettings = { ecs: ECSClient; autoScaling: AutoScalingClient; signal: AbortSignal };

export function createCapacity(settings: CapacitySettings): Capacity {
  return {
    livingTasks: (cluster) => livingTasks(settings, cluster),
    containerInstances: (cluster) => containerInstances(settings, cluster),
    drain: (cluster, arns) => setState(settings, cluster, arns, 'DRAINING'),
    activate: (cluster, arns) => setState(settings, cluster, arns, 'ACTIVE'),
    group: (name) => group(settings, name),
    protectNewInstances: (name) => setProtectionOfNew(settings, name, true),
    leaveNewInstances: (name) => setProtectionOfNew(settings, name, false),
    protectInstances: (name, ids) => setProtection(settings, name, ids, true),
    leaveInstances: (name, ids) => setProtection(settings, name, ids, false),
  };
}

/** Those that are to run first: one that is told to stop meanwhile is on the second list. */
function livingTasks({ ecs, signal }: CapacitySettings, cluster: string): Promise<Outcome<LivingTask[]>> {
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
function containerInstances({ ecs, signal }: CapacitySettings, cluster: string): Promise<Outcome<ContainerInstance[]>> {
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

function setState(
  { ecs, signal }: CapacitySettings,
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

function group({ autoScaling, signal }: CapacitySettings, name: string): Promise<Outcome<AutoScalingGroup>> {
  return attempt(signal, { doing: `describing Auto Scaling group ${name}`, effect: 'read' }, async () => {
    const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] });
    const [found] = (await autoScaling.send(command, { abortSignal: signal })).AutoScalingGroups ?? [];
    if (found === undefined) return { kind: 'gone', reason: `there is no Auto Scaling group ${name}` };
    return { kind: 'ok', value: autoScalingGroup(name, found) };
  });
}

function autoScalingGroup(name: string, { Instances = [], NewInstancesProtectedFromScaleIn }: Group): AutoScalingGroup {
  const instances = Instances.filter(isStaying).map(({ InstanceId, ProtectedFromScaleIn }) => ({
    id: InstanceId ?? '',
    isProtected: ProtectedFromScaleIn === true,
  }));
  return { name, protectsNewInstances: NewInstancesProtectedFromScaleIn === true, instances };
}

/** The protection of one that terminates can neither be set nor does it matter. */
function isStaying({ LifecycleState }: Instance): boolean {
  return !/^(Terminat|Detach)/.test(LifecycleState ?? '');
}

function setProtectionOfNew(
  { autoScaling, signal }: CapacitySettings,
  name: string,
  isProtected: boolean,
): Promise<Outcome<undefined>> {
  const doing = `setting the protection of new instances of Auto Scaling group ${name}`;
  return attempt(signal, { doing, effect: 'write' }, async () => {
    const input = { AutoScalingGroupName: name, NewInstancesProtectedFromScaleIn: isProtected };
    await autoScaling.send(new UpdateAutoScalingGroupCommand(input), { abortSignal: signal });
    return DONE;
  });
}

function setProtection(
  { autoScaling, signal }: CapacitySettings,
  name: string,
  ids: readonly string[],
  isProtected: boolean,
): Promise<Outcome<undefined>> {
  const doing = `setting the protection of instances of Auto Scaling group ${name}`;
  return attempt(signal, { doing, effect: 'write' }, async () => {
    await inBatches(ids, PROTECTED_INSTANCES_MAX, async (some) => {
      const input = { AutoScalingGroupName: name, InstanceIds: some, ProtectedFromScaleIn: isProtected };
      await autoScaling.send(new SetInstanceProtectionCommand(input), { abortSignal: signal });
      return [];
    });
    return DONE;
  });
}

const DONE = { kind: 'ok', value: undefined } as const;

async function attempt<Value>(
  signal: AbortSignal,
  call: Call,
  act: () => Promise<Outcome<Value>>,
): Promise<Outcome<Value>> {
  try {
    return await act();
  } catch (error) {
    if (signal.aborted) return { kind: 'retry', reason: `${call.doing}: the time of the function is over` };
    const failure = awsFailure(error, call);
    return isAbsent(error) ? { ...failure, kind: 'gone' } : failure;
  }
}

/** ECS names it; Auto Scaling answers ValidationError, "AutoScalingGroup name not found" or "… is not part of …". */
function isAbsent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'ClusterNotFoundException') return true;
  return error.name === 'ValidationError' && /not found|not part of|no longer/i.test(error.message);
}

async function pages(
  read: (token: { nextToken?: string }) => Promise<{ items: string[] | undefined; nextToken: string | undefined }>,
): Promise<string[]> {
  const all: string[] = [];
  let token: { nextToken?: string } = {};
  for (;;) {
    const { items = [], nextToken } = await read(token);
    all.push(...items);
    if (nextToken === undefined) return all;
    token = { nextToken };
  }
}

async function inBatches<Item, Result>(
  items: readonly Item[],
  size: number,
  act: (some: Item[]) => Promise<readonly Result[]>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += size) {
    results.push(...(await act(items.slice(start, start + size))));
  }
  return results;
}
