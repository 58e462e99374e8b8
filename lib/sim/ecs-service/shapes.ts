/** How tasks and instances look on the wire, and in events. */
import { arn, lastPart } from './identifiers.ts';
import type { EcsState, EcsTask, Instance, Provider, TaskDefinition } from './state.ts';

/** A task as DescribeTasks gives it; times in seconds since 1970, with fraction. */
export type WireTask = Record<string, unknown> & {
  taskArn: string;
  lastStatus: string;
  desiredStatus: string;
  startedBy?: string;
  createdAt?: number;
  startedAt?: number;
  stoppedReason?: string;
  containers?: { name: string; exitCode?: number; reason?: string }[];
};

const TIMES = [
  'createdAt',
  'pullStartedAt',
  'pullStoppedAt',
  'startedAt',
  'stoppingAt',
  'executionStoppedAt',
  'stoppedAt',
] as const;

export function wireTask(task: EcsTask): WireTask {
  return { ...common(task), ...times(task, (at) => at / 1000), tags: [] };
}

/** The `detail` of an event: the same, with times as ISO strings and without tags (ECS docs: task state change events). */
export function eventDetail(task: EcsTask, now: number): Record<string, unknown> {
  const iso = (at: number): string => new Date(at).toISOString();
  return { ...common(task), ...times(task, iso), updatedAt: iso(now) };
}

/** For the control surface: everything, tags included. */
export function fullTask(task: EcsTask): Record<string, unknown> {
  return { ...wireTask(task), tags: task.tags, clientToken: task.request.clientToken };
}

function common(task: EcsTask) {
  const { request, instance, provider } = task;
  return present({
    attachments: [],
    attributes: [],
    availabilityZone: instance === undefined ? undefined : 'us-east-1a',
    capacityProviderName: provider?.config.name,
    clusterArn: task.cluster.arn,
    connectivity: task.containerStatus === 'RUNNING' ? 'CONNECTED' : undefined,
    containerInstanceArn: instance?.arn,
    containers: task.definition.containers.map((definition) => container(task, definition)),
    cpu: String(task.cpu),
    desiredStatus: task.desiredStatus,
    enableExecuteCommand: false,
    group: task.group,
    lastStatus: task.lastStatus,
    launchType: 'EC2',
    memory: String(task.memory),
    overrides: request.overrides ?? { containerOverrides: [] },
    startedBy: request.startedBy,
    stopCode: task.stopCode,
    stoppedReason: task.stoppedReason,
    taskArn: task.taskArn,
    taskDefinitionArn: task.definition.arn,
    version: task.version,
  });
}

/** Helper containers live and end with the main one. */
function container(task: EcsTask, definition: TaskDefinition['main']) {
  const isMain = definition === task.definition.main;
  return present({
    containerArn: task.taskArn.replace(':task/', ':container/').concat('/', definition.name),
    taskArn: task.taskArn,
    name: definition.name,
    image: definition.image,
    imageDigest: task.pullStoppedAt === undefined ? undefined : `sha256:${'0'.repeat(64)}`,
    runtimeId: task.startedAt === undefined ? undefined : task.runtimeId,
    lastStatus: task.containerStatus,
    exitCode: isMain || task.exitCode === undefined ? task.exitCode : 0,
    reason: isMain ? task.containerReason : undefined,
    networkInterfaces: [],
    healthStatus: 'UNKNOWN',
    cpu: String(definition.cpu),
    memory: definition.memory === undefined ? undefined : String(definition.memory),
  });
}

function times<Time>(task: EcsTask, spell: (at: number) => Time): Partial<Record<(typeof TIMES)[number], Time>> {
  const spelled: Partial<Record<(typeof TIMES)[number], Time>> = {};
  for (const name of TIMES) {
    const at = task[name];
    if (at !== undefined) spelled[name] = spell(at);
  }
  return spelled;
}

export function wireInstance(instance: Instance): Record<string, unknown> {
  const { instanceCpu, instanceMemory, name } = instance.provider.config;
  const tasks = [...instance.tasks];
  return {
    containerInstanceArn: instance.arn,
    ec2InstanceId: instance.ec2InstanceId,
    capacityProviderName: name,
    status: instance.status,
    agentConnected: instance.connected,
    version: 1,
    registeredResources: resources(instanceCpu, instanceMemory),
    remainingResources: resources(instance.freeCpu, instance.freeMemory),
    runningTasksCount: tasks.filter((task) => task.lastStatus === 'RUNNING').length,
    pendingTasksCount: tasks.filter((task) => ['PENDING', 'ACTIVATING'].includes(task.lastStatus)).length,
    registeredAt: instance.registeredAt / 1000,
    attributes: [],
    attachments: [],
    tags: [],
  };
}

function resources(cpu: number, memory: number) {
  return [
    { name: 'CPU', type: 'INTEGER', integerValue: cpu, doubleValue: 0, longValue: 0 },
    { name: 'MEMORY', type: 'INTEGER', integerValue: memory, doubleValue: 0, longValue: 0 },
  ];
}

export function wireProvider(state: EcsState, provider: Provider): Record<string, unknown> {
  const { config } = provider;
  const { region, account } = state.home;
  return {
    capacityProviderArn: provider.arn,
    name: config.name,
    status: 'ACTIVE',
    autoScalingGroupProvider: {
      autoScalingGroupArn: `arn:aws:autoscaling:${region}:${account}:autoScalingGroup:0:autoScalingGroupName/${config.name}`,
      managedScaling: {
        status: config.managedScaling ? 'ENABLED' : 'DISABLED',
        targetCapacity: config.targetCapacity,
        minimumScalingStepSize: config.minimumScalingStepSize,
        maximumScalingStepSize: config.maximumScalingStepSize,
        instanceWarmupPeriod: state.timings.instanceWarmupMs / 1000,
      },
      managedTerminationProtection: 'ENABLED',
    },
    tags: [],
  };
}

export function wireTaskDefinition(definition: TaskDefinition): Record<string, unknown> {
  return {
    ...definition.input,
    taskDefinitionArn: definition.arn,
    revision: definition.revision,
    status: definition.status,
    registeredAt: definition.registeredAt / 1000,
    compatibilities: ['EXTERNAL', 'EC2'],
  };
}

/** ARNs of tasks and instances name their cluster. */
export function resourceArn(state: EcsState, kind: 'task' | 'container-instance', cluster: string, id: string): string {
  return arn(state.home, `${kind}/${lastPart(cluster)}/${id}`);
}

/** JSON leaves undefined out; events and the in-process caller should see the same. */
function present<Fields extends Record<string, unknown>>(fields: Fields): WireTask {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as WireTask;
}
