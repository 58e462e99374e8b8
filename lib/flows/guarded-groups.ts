/**
 * What the guard does with Auto Scaling groups. Its first write takes the protection of new instances off, and its last
 * one when it puts things back sets it again: a group without it is one with which the guard has begun.
 */
import type { AutoScalingGroup, ContainerInstance, GuardedGroup, LivingTask } from '../core/guard.ts';
import type { Capacity, Outcome } from '../world.ts';

/** Groups that exist, and their instances as the cluster has them. */
export type View = { groups: readonly AutoScalingGroup[]; instances: readonly ContainerInstance[] };

/** A cluster or a group that is gone holds nothing. */
export async function look(
  capacity: Capacity,
  cluster: string,
  guarded: readonly GuardedGroup[],
): Promise<Outcome<View>> {
  const groups: AutoScalingGroup[] = [];
  for (const { autoScalingGroup } of guarded) {
    const group = await capacity.group(autoScalingGroup);
    if (group.kind === 'ok') groups.push(group.value);
    else if (group.kind !== 'gone') return group;
  }
  if (groups.length === 0) return { kind: 'ok', value: { groups, instances: [] } };
  const all = noneIfGone(await capacity.containerInstances(cluster));
  if (all.kind !== 'ok') return all;
  return { kind: 'ok', value: { groups, instances: instancesOf(groups, all.value) } };
}

export async function lookAtTasks(capacity: Capacity, cluster: string): Promise<Outcome<LivingTask[]>> {
  return noneIfGone(await capacity.livingTasks(cluster));
}

/** Only those with which the guard has begun, now or in a call that was cut short. */
export function begun({ groups, instances }: View): View {
  const some = groups.filter(({ protectsNewInstances }) => !protectsNewInstances);
  return { groups: some, instances: instancesOf(some, instances) };
}

function instancesOf(groups: readonly AutoScalingGroup[], all: readonly ContainerInstance[]): ContainerInstance[] {
  const ids = new Set(groups.flatMap(({ instances }) => instances.map(({ id }) => id)));
  return all.filter(({ ec2InstanceId }) => ids.has(ec2InstanceId));
}

/** Nothing new is placed on what is there, and what comes is not protected. */
export async function close(capacity: Capacity, cluster: string, view: View): Promise<Outcome<undefined>> {
  const left = await inTurn(view.groups, async ({ name }) => fineIfGone(await capacity.leaveNewInstances(name)));
  if (left.kind !== 'ok') return left;
  const active = view.instances.filter(({ status }) => status === 'ACTIVE');
  return fineIfGone(
    await capacity.drain(
      cluster,
      active.map(({ arn }) => arn),
    ),
  );
}

export function liftAll(capacity: Capacity, { groups }: View): Promise<Outcome<undefined>> {
  return inTurn(groups, ({ name }) => lift(capacity, name));
}

/** Instances come and leave meanwhile: the group is read again until none of its instances is protected. */
const LIFTS_MAX = 5;

async function lift(capacity: Capacity, name: string): Promise<Outcome<undefined>> {
  for (let round = 0; round < LIFTS_MAX; round += 1) {
    const group = await capacity.group(name);
    if (group.kind !== 'ok') return fineIfGone(group);
    const ids = group.value.instances.filter(({ isProtected }) => isProtected).map(({ id }) => id);
    if (ids.length === 0) return DONE;
    const left = fineIfGone(await capacity.leaveInstances(name, ids));
    if (left.kind !== 'ok') return left;
  }
  return { kind: 'retry', reason: `Auto Scaling group ${name} still protects instances after ${LIFTS_MAX} rounds` };
}

/**
 * As it was before. An instance that somebody else had drained stays so; where the guard had begun earlier, nobody
 * knows, and all of them take tasks and are protected, as our groups are made.
 */
export async function putBack(capacity: Capacity, cluster: string, before: View): Promise<Outcome<undefined>> {
  const unknown = new Set(begun(before).instances.map(({ arn }) => arn));
  const arns = before.instances
    .filter(({ arn, status }) => status === 'ACTIVE' || (status === 'DRAINING' && unknown.has(arn)))
    .map(({ arn }) => arn);
  const active = fineIfGone(await capacity.activate(cluster, arns));
  const protectedAgain = await inTurn(before.groups, (group) => protectAgain(capacity, group));
  return active.kind === 'ok' ? protectedAgain : active;
}

async function protectAgain(capacity: Capacity, before: AutoScalingGroup): Promise<Outcome<undefined>> {
  const { instances, name, protectsNewInstances } = before;
  const those = instances.filter(({ isProtected }) => isProtected || !protectsNewInstances).map(({ id }) => id);
  const done = those.length === 0 ? DONE : await protectThose(capacity, name, new Set(those));
  return done.kind === 'ok' ? fineIfGone(await capacity.protectNewInstances(name)) : done;
}

/** Read again, since one that has left the group would fail the whole call. */
async function protectThose(capacity: Capacity, name: string, ids: ReadonlySet<string>): Promise<Outcome<undefined>> {
  const group = await capacity.group(name);
  if (group.kind !== 'ok') return fineIfGone(group);
  const bare = group.value.instances.filter(({ id, isProtected }) => !isProtected && ids.has(id)).map(({ id }) => id);
  return bare.length === 0 ? DONE : fineIfGone(await capacity.protectInstances(name, bare));
}

const DONE = { kind: 'ok', value: undefined } as const;

function fineIfGone(outcome: Outcome<unknown>): Outcome<undefined> {
  return outcome.kind === 'ok' || outcome.kind === 'gone' ? DONE : outcome;
}

function noneIfGone<Item>(outcome: Outcome<Item[]>): Outcome<Item[]> {
  return outcome.kind === 'gone' ? { kind: 'ok', value: [] } : outcome;
}

/** One after the other, until one fails. */
async function inTurn<Item>(
  items: readonly Item[],
  act: (item: Item) => Promise<Outcome<undefined>>,
): Promise<Outcome<undefined>> {
  for (const item of items) {
    const outcome = await act(item);
    if (outcome.kind !== 'ok') return outcome;
  }
  return DONE;
}
