/**
 * Simulated Auto Scaling groups around the instances of the simulated ECS. They refuse what the real ones refuse, and a
 * group of which an instance is protected cannot be deleted: CloudFormation waits for it until it gives up.
 */
import type { EcsService } from './ecs-service/service.ts';

export type GroupConfig = { name: string; capacityProvider: string };

export type AutoScalingService = {
  /** One API call, e.g. `call('SetInstanceProtection', { … })`. Throws AutoScalingError. */
  call(operation: string, input: Record<string, unknown>): Record<string, unknown>;
  /** The next call of this operation is not done, and answered so. */
  failNext(operation: string, code: string): void;
  /** What CloudFormation does: size 0, which ends every instance that is not protected; then deletion, if none is left. */
  deleteGroup(name: string): 'deleted' | 'stuck';
  /** Names of those that are there. */
  groups(): string[];
};

export class AutoScalingError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = code;
    this.code = code;
  }
}

type Group = GroupConfig & { protectsNew: boolean; known: Map<string, { isProtected: boolean }> };

/** As our template makes them: with managed termination protection, so that every instance starts protected. */
export function createAutoScaling(ecs: EcsService, configs: readonly GroupConfig[]): AutoScalingService {
  const groups = new Map<string, Group>(
    configs.map((config) => [config.name, { ...config, protectsNew: true, known: new Map() }]),
  );
  const failures: { operation: string; code: string }[] = [];
  const operations: Record<string, (input: Record<string, unknown>) => Record<string, unknown>> = {
    DescribeAutoScalingGroups: (input) => describe(ecs, groups, input),
    UpdateAutoScalingGroup: (input) => update(ecs, groups, input),
    SetInstanceProtection: (input) => setProtection(ecs, groups, input),
  };
  return {
    call: (operation, input) => {
      const planned = failures.findIndex((failure) => failure.operation === operation);
      if (planned >= 0) throw new AutoScalingError(failures.splice(planned, 1)[0]?.code ?? '', 'as was asked for');
      const perform = operations[operation];
      if (perform === undefined) throw new AutoScalingError('InvalidAction', `Could not find operation ${operation}`);
      return perform(input);
    },
    failNext: (operation, code) => failures.push({ operation, code }),
    deleteGroup: (name) => deleteGroup(ecs, groups, name),
    groups: () => [...groups.keys()],
  };
}

function describe(ecs: EcsService, groups: ReadonlyMap<string, Group>, input: Record<string, unknown>) {
  const names = input['AutoScalingGroupNames'] as readonly string[];
  const found = names.flatMap((name) => groups.get(name) ?? []);
  for (const group of found) notice(ecs, group);
  return { AutoScalingGroups: found.map(wireGroup) };
}

function wireGroup({ known, name, protectsNew }: Group) {
  const Instances = [...known].map(([InstanceId, { isProtected }]) => ({
    InstanceId,
    LifecycleState: 'InService',
    ProtectedFromScaleIn: isProtected,
  }));
  return { AutoScalingGroupName: name, NewInstancesProtectedFromScaleIn: protectsNew, Instances };
}

function update(ecs: EcsService, groups: ReadonlyMap<string, Group>, input: Record<string, unknown>) {
  const group = named(ecs, groups, input);
  const isProtected = input['NewInstancesProtectedFromScaleIn'];
  if (typeof isProtected === 'boolean') group.protectsNew = isProtected;
  return {};
}

/** All of them or none. */
function setProtection(ecs: EcsService, groups: ReadonlyMap<string, Group>, input: Record<string, unknown>) {
  const group = named(ecs, groups, input);
  const ids = input['InstanceIds'] as readonly string[];
  if (ids.length > 50) throw new AutoScalingError('ValidationError', 'At most 50 instances can be named.');
  const foreign = ids.find((id) => !group.known.has(id));
  if (foreign !== undefined) {
    throw new AutoScalingError(
      'ValidationError',
      `The instance ${foreign} is not part of Auto Scaling group ${group.name}.`,
    );
  }
  for (const id of ids) group.known.set(id, { isProtected: input['ProtectedFromScaleIn'] === true });
  return {};
}

function named(ecs: EcsService, groups: ReadonlyMap<string, Group>, input: Record<string, unknown>): Group {
  const name = String(input['AutoScalingGroupName']);
  const group = groups.get(name);
  if (group === undefined) {
    throw new AutoScalingError(
      'ValidationError',
      `AutoScalingGroup name not found - AutoScalingGroup '${name}' not found`,
    );
  }
  notice(ecs, group);
  return group;
}

/** Instances that have come since are protected as the group says now; those that have left are forgotten. */
function notice(ecs: EcsService, group: Group): void {
  const ids = ecs
    .instances()
    .filter((instance) => instance['capacityProviderName'] === group.capacityProvider && instance['agentConnected'])
    .map((instance) => String(instance['ec2InstanceId']));
  for (const id of group.known.keys()) if (!ids.includes(id)) group.known.delete(id);
  for (const id of ids) if (!group.known.has(id)) group.known.set(id, { isProtected: group.protectsNew });
}

function deleteGroup(ecs: EcsService, groups: Map<string, Group>, name: string): 'deleted' | 'stuck' {
  const group = groups.get(name);
  if (group === undefined) return 'deleted';
  notice(ecs, group);
  for (const [id, { isProtected }] of group.known) if (!isProtected) ecs.killInstance(id);
  notice(ecs, group);
  if (group.known.size > 0) return 'stuck';
  groups.delete(name);
  return 'deleted';
}
