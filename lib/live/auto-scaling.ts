/** The Auto Scaling groups behind capacity providers: which instances they have, and which of those they protect. */
import {
  type AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  type AutoScalingGroup as Group,
  type Instance,
  SetInstanceProtectionCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import type { AutoScalingGroup } from '../core/guard.ts';
import type { Outcome } from '../world.ts';
import { attempt, DONE, inBatches } from './repeatable.ts';

/** Auto Scaling API, SetInstanceProtection: "you can specify up to 50 instances". */
const PROTECTED_INSTANCES_MAX = 50;

type AutoScaling = { autoScaling: AutoScalingClient; signal: AbortSignal };

export function group({ autoScaling, signal }: AutoScaling, name: string): Promise<Outcome<AutoScalingGroup>> {
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

export function setProtectionOfNew(
  { autoScaling, signal }: AutoScaling,
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

export function setProtection(
  { autoScaling, signal }: AutoScaling,
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
