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
  return inTurn(groups, ({ name }) =>
    inRounds(
      capacity,
      name,
      ({ isProtected }) => isProtected,
      (ids) => capacity.leaveInstances(name, ids),
    ),
  );
}

/**
 * As it was before. An instance that somebody else had drained stays so; where the guard had begun earlier, nobody
 * knows, and all of them take tasks and are protected, as our groups are made.
 */
export async function putBack(capacity: Capacity, cluster: string, before: View): Promise<Outcome<undefined>> {
  const instances = await inTurn(before.groups, (group) => protectAgain(capacity, group));
  const active = fineIfGone(await capacity.activate(cluster, thatTookTasks(before)));
  if (instances.kind !== 'ok') return instances;
  if (active.kind !== 'ok') return active;
  return inTurn(before.groups, async ({ name }) => fineIfGone(await capacity.protectNewInstances(name)));
}

function thatTookTasks(before: View): string[] {
  const unknown = new Set(begun(before).instances.map(({ arn }) => arn));
  return before.instances
    .filter(({ arn, status }) => status === 'ACTIVE' || (status === 'DRAINING' && unknown.has(arn)))
    .map(({ arn }) => arn);
}

function protectAgain(capacity: Capacity, before: AutoScalingGroup): Promise<Outcome<undefined>> {
  const { instances, name, protectsNewInstances } = before;
  const those = new Set(
    instances.filter(({ isProtected }) => isProtected || !protectsNewInstances).map(({ id }) => id),
  );
  return inRounds(
    capacity,
    name,
    ({ id, isProtected }) => !isProtected && those.has(id),
    (ids) => capacity.protectInstances(name, ids),
  );
}

/** Instances come and leave meanwhile, and one that has left fails the call for all: the group is read again. */
const ROUNDS_MAX = 5;

async function inRounds(
  capacity: Capacity,
  name: string,
  isLeftToDo: (instance: AutoScalingGroup['instances'][number]) => boolean,
  act: (ids: string[]) => Promise<Outcome<undefined>>,
): Promise<Outcome<undefined>> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const group = await capacity.group(name);
    if (group.kind !== 'ok') return fineIfGone(group);
    const ids = group.value.instances.filter(isLeftToDo).map(({ id }) => id);
    if (ids.length === 0) return DONE;
    const done = fineIfGone(await act(ids));
    if (done.kind !== 'ok') return done;
  }
  return { kind: 'retry', reason: `instances of Auto Scaling group ${name} are not protected as asked for` };
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
