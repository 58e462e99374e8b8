/** The port `Capacity` in process, over the simulated ECS and the simulated Auto Scaling groups. */
import type { Capacity, Failure, Outcome } from '../world.ts';
import { AutoScalingError, type AutoScalingService } from './auto-scaling.ts';
import { EcsError } from './ecs-service/errors.ts';
import type { EcsService } from './ecs-service/service.ts';
import type { WireTask } from './ecs-service/shapes.ts';

type Services = { ecs: EcsService; autoScaling: AutoScalingService };
type Wire = Record<string, unknown>;

export function createSimCapacity(services: Services): Capacity {
  return {
    livingTasks: async (cluster) => outcome(() => livingTasks(services, cluster)),
    containerInstances: async (cluster) => outcome(() => containerInstances(services, cluster)),
    drain: async (cluster, arns) => outcome(() => setState(services, cluster, arns, 'DRAINING')),
    activate: async (cluster, arns) => outcome(() => setState(services, cluster, arns, 'ACTIVE')),
    group: async (name) => outcome(() => group(services, name)),
    protectNewInstances: async (name) => outcome(() => setProtectionOfNew(services, name, true)),
    leaveNewInstances: async (name) => outcome(() => setProtectionOfNew(services, name, false)),
    protectInstances: async (name, ids) => outcome(() => setProtection(services, name, ids, true)),
    leaveInstances: async (name, ids) => outcome(() => setProtection(services, name, ids, false)),
  };
}

/** Those that are on their way down are listed as stopped. */
function livingTasks({ ecs }: Services, cluster: string) {
  const arns = ['RUNNING', 'STOPPED'].flatMap((desiredStatus) =>
    everyPage(ecs, 'ListTasks', 'taskArns', { cluster, desiredStatus }),
  );
  const tasks = batches([...new Set(arns)], 100).flatMap(
    (some) => ecs.call('DescribeTasks', { cluster, tasks: some })['tasks'] as WireTask[],
  );
  const living = tasks.filter(({ lastStatus }) => lastStatus !== 'STOPPED');
  return living.map((task) => ({
    taskArn: task.taskArn,
    startedBy: task.startedBy ?? '',
    group: String(task['group']),
    ...named('capacityProvider', task['capacityProviderName']),
    ...named('containerInstance', task['containerInstanceArn']),
  }));
}

function named<Name extends string>(name: Name, value: unknown): { [key in Name]?: string } {
  return typeof value === 'string' ? ({ [name]: value } as { [key in Name]: string }) : {};
}

function containerInstances({ ecs }: Services, cluster: string) {
  const arns = everyPage(ecs, 'ListContainerInstances', 'containerInstanceArns', { cluster });
  return batches(arns, 100)
    .flatMap((some) => {
      const input = { cluster, containerInstances: some };
      return ecs.call('DescribeContainerInstances', input)['containerInstances'] as Wire[];
    })
    .map((instance) => ({
      arn: String(instance['containerInstanceArn']),
      ec2InstanceId: String(instance['ec2InstanceId']),
      status: String(instance['status']),
      tasks: Number(instance['runningTasksCount']) + Number(instance['pendingTasksCount']),
    }));
}

/** Those that are gone by now are passed over. */
function setState({ ecs }: Services, cluster: string, arns: readonly string[], status: string): undefined {
  for (const some of batches(arns, 10)) {
    ecs.call('UpdateContainerInstancesState', { cluster, containerInstances: some, status });
  }
}

function group({ autoScaling }: Services, name: string) {
  const answer = autoScaling.call('DescribeAutoScalingGroups', { AutoScalingGroupNames: [name] });
  const [found] = answer['AutoScalingGroups'] as Wire[];
  if (found === undefined) throw new AutoScalingError('ValidationError', `AutoScalingGroup ${name} not found`);
  const instances = (found['Instances'] as Wire[]).map((instance) => ({
    id: String(instance['InstanceId']),
    isProtected: instance['ProtectedFromScaleIn'] === true,
  }));
  return { name, protectsNewInstances: found['NewInstancesProtectedFromScaleIn'] === true, instances };
}

function setProtectionOfNew({ autoScaling }: Services, name: string, isProtected: boolean): undefined {
  const input = { AutoScalingGroupName: name, NewInstancesProtectedFromScaleIn: isProtected };
  autoScaling.call('UpdateAutoScalingGroup', input);
}

function setProtection(
  { autoScaling }: Services,
  name: string,
  ids: readonly string[],
  isProtected: boolean,
): undefined {
  for (const InstanceIds of batches(ids, 50)) {
    const input = { AutoScalingGroupName: name, InstanceIds, ProtectedFromScaleIn: isProtected };
    autoScaling.call('SetInstanceProtection', input);
  }
}

function everyPage(ecs: EcsService, operation: string, field: string, input: Wire): string[] {
  const all: string[] = [];
  let token: Wire = {};
  for (;;) {
    const answer = ecs.call(operation, { ...input, ...token });
    all.push(...(answer[field] as string[]));
    if (answer['nextToken'] === undefined) return all;
    token = { nextToken: answer['nextToken'] };
  }
}

function batches<Item>(items: readonly Item[], size: number): Item[][] {
  const starts = Array.from({ length: Math.ceil(items.length / size) }, (_, index) => index * size);
  return starts.map((start) => items.slice(start, start + size));
}

function outcome<Value>(attempt: () => Value): Outcome<Value> {
  try {
    return { kind: 'ok', value: attempt() };
  } catch (error) {
    return { kind: kindOf(error), reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

function kindOf(error: unknown): Failure['kind'] {
  if (!(error instanceof EcsError || error instanceof AutoScalingError)) throw error;
  const isAbsent = error.name === 'ClusterNotFoundException' || /not found|not part of/.test(error.message);
  if (isAbsent) return 'gone';
  if (/^Throttling/.test(error.name)) return 'retry';
  return /^AccessDenied/.test(error.name) ? 'refused' : 'unknown';
}
