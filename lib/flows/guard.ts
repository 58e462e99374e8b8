/**
 * The removal guard: CloudFormation asks it before it takes capacity, or the whole stack, away. It refuses while a runner
 * lives, with everything put back as it was; else it lifts the protection that would keep CloudFormation waiting.
 */
import {
  type AutoScalingGroup,
  type ContainerInstance,
  type Guarded,
  type GuardedGroup,
  goingGroups,
  type RemovalRequest,
  type Seen,
  whyGroupsStay,
  whyStackStays,
} from '../core/guard.ts';
import type { Capacity, Failure, Outcome } from '../world.ts';

/** `putBack` is the same port, which goes on for some seconds when the time of the other is over. */
export type GuardWorld = { capacity: Capacity; putBack: Capacity };

export type Verdict = { kind: 'allowed' | 'refused'; reason: string };

/** Any request may come again; what is done already is not done twice. */
export async function guard(world: GuardWorld, request: RemovalRequest): Promise<Verdict> {
  if (request.kind === 'create') return allowed('nothing is taken away');
  const { now } = request;
  if (request.kind === 'delete') {
    return release(world, now, now.groups, (seen) => whyStackStays(seen, now.launches));
  }
  const going = goingGroups(request.before, now);
  const verdict =
    going.length === 0 ? allowed('nothing is taken away') : await release(world, request.before, going, whyGroupsStay);
  return verdict.kind === 'refused' ? verdict : restore(world.putBack, now, verdict);
}

/** Looks before anything is touched, and again when nothing new can be placed. */
async function release(
  world: GuardWorld,
  { cluster, prefix }: Guarded,
  groups: readonly GuardedGroup[],
  whyItStays: (seen: Seen) => string | undefined,
): Promise<Verdict> {
  const first = await look(world.capacity, cluster, prefix, groups);
  if (first.kind !== 'ok') return cannotTell(first);
  const reason = whyItStays(first.value.seen);
  if (reason !== undefined) return { kind: 'refused', reason };
  const changed = { cluster, before: first.value };
  const closed = await close(world.capacity, cluster, first.value);
  if (closed.kind !== 'ok') return putBack(world.putBack, changed, closed.reason);
  const second = await look(world.capacity, cluster, prefix, groups);
  if (second.kind !== 'ok') return putBack(world.putBack, changed, second.reason);
  const after = whyItStays(second.value.seen);
  if (after !== undefined) return putBack(world.putBack, changed, after);
  const lifted = await inTurn(second.value.groups, ({ name }) => lift(world.capacity, name));
  if (lifted.kind !== 'ok') return putBack(world.putBack, changed, lifted.reason);
  return allowed(`no runner lives there; ${counted(second.value.groups.length, 'group')} may be deleted`);
}

type View = { seen: Seen; groups: AutoScalingGroup[] };

/** A cluster or a group that is gone holds nothing. */
async function look(
  capacity: Capacity,
  cluster: string,
  prefix: string,
  guarded: readonly GuardedGroup[],
): Promise<Outcome<View>> {
  const groups: AutoScalingGroup[] = [];
  for (const { autoScalingGroup } of guarded) {
    const group = await capacity.group(autoScalingGroup);
    if (group.kind === 'ok') groups.push(group.value);
    else if (group.kind !== 'gone') return group;
  }
  // Instances first: a task that ends in between is a task fewer on the list, which errs towards refusing.
  const instances = noneIfGone(await (groups.length === 0 ? nothing() : capacity.containerInstances(cluster)));
  if (instances.kind !== 'ok') return instances;
  const tasks = noneIfGone(await capacity.livingTasks(cluster));
  if (tasks.kind !== 'ok') return tasks;
  const seen = {
    prefix,
    tasks: tasks.value,
    capacityProviders: guarded.map(({ capacityProvider }) => capacityProvider),
    instances: instancesOf(groups, instances.value),
  };
  return { kind: 'ok', value: { seen, groups } };
}

function instancesOf(groups: readonly AutoScalingGroup[], all: readonly ContainerInstance[]): ContainerInstance[] {
  const ids = new Set(groups.flatMap(({ instances }) => instances.map(({ id }) => id)));
  return all.filter(({ ec2InstanceId }) => ids.has(ec2InstanceId));
}

async function nothing(): Promise<Outcome<ContainerInstance[]>> {
  return { kind: 'ok', value: [] };
}

function noneIfGone<Item>(outcome: Outcome<Item[]>): Outcome<Item[]> {
  return outcome.kind === 'gone' ? { kind: 'ok', value: [] } : outcome;
}

/** The groups first: whatever happens after, they show that the guard was here. */
async function close(capacity: Capacity, cluster: string, { seen, groups }: View): Promise<Outcome<undefined>> {
  const left = await inTurn(groups, async ({ name }) => fineIfGone(await capacity.leaveNewInstances(name)));
  if (left.kind !== 'ok') return left;
  return capacity.drain(cluster, arnsOf(seen.instances, 'ACTIVE'));
}

function arnsOf(instances: readonly ContainerInstance[], wanted: string): string[] {
  return instances.filter(({ status }) => status === wanted).map(({ arn }) => arn);
}

/** Instances come and leave meanwhile: the group is read again until none of its instances is protected. */
const LIFTS_MAX = 5;

async function lift(capacity: Capacity, name: string): Promise<Outcome<undefined>> {
  for (let round = 0; round < LIFTS_MAX; round += 1) {
    const group = await capacity.group(name);
    if (group.kind !== 'ok') return group.kind === 'gone' ? DONE : group;
    const ids = group.value.instances.filter(({ isProtected }) => isProtected).map(({ id }) => id);
    if (ids.length === 0) return DONE;
    const left = fineIfGone(await capacity.leaveInstances(name, ids));
    if (left.kind !== 'ok') return left;
  }
  return { kind: 'retry', reason: `group ${name} still protects instances after ${LIFTS_MAX} rounds` };
}

type Changed = { cluster: string; before: View };

/** Exactly what was changed: an instance that was draining before is left draining. */
async function putBack(capacity: Capacity, { cluster, before }: Changed, reason: string): Promise<Verdict> {
  const outcomes = [await capacity.activate(cluster, arnsOf(before.seen.instances, 'ACTIVE'))];
  for (const group of before.groups) outcomes.push(await protectAgain(capacity, group));
  return { kind: 'refused', reason: sentences(reason, outcomes) };
}

async function protectAgain(capacity: Capacity, before: AutoScalingGroup): Promise<Outcome<undefined>> {
  const { name, protectsNewInstances, instances } = before;
  const ids = instances.filter(({ isProtected }) => isProtected).map(({ id }) => id);
  const protectedAgain = ids.length === 0 ? DONE : await protectThose(capacity, name, new Set(ids));
  if (protectedAgain.kind !== 'ok' || !protectsNewInstances) return protectedAgain;
  return fineIfGone(await capacity.protectNewInstances(name));
}

/** Read again, since one that has left the group would fail the whole call. */
async function protectThose(capacity: Capacity, name: string, ids: ReadonlySet<string>): Promise<Outcome<undefined>> {
  const group = await capacity.group(name);
  if (group.kind !== 'ok') return group.kind === 'gone' ? DONE : group;
  const bare = group.value.instances.filter(({ id, isProtected }) => !isProtected && ids.has(id)).map(({ id }) => id);
  return bare.length === 0 ? DONE : fineIfGone(await capacity.protectInstances(name, bare));
}

function sentences(reason: string, outcomes: readonly Outcome<undefined>[]): string {
  const failures = outcomes
    .filter((outcome): outcome is Failure => outcome.kind !== 'ok')
    .map((failed) => failed.reason);
  if (failures.length === 0) return reason;
  return `${reason}. Not everything could be put back (${failures.join('; ')}); the next update of the stack does it`;
}

/** An update that was taken back: groups that stay, and that the guard had begun to lift, take tasks again. */
async function restore(capacity: Capacity, { cluster, groups }: Guarded, verdict: Verdict): Promise<Verdict> {
  const lifted: AutoScalingGroup[] = [];
  for (const { autoScalingGroup } of groups) {
    const group = await capacity.group(autoScalingGroup);
    if (group.kind === 'ok' && !group.value.protectsNewInstances) lifted.push(group.value);
    else if (group.kind !== 'ok' && group.kind !== 'gone') return cannotTell(group);
  }
  if (lifted.length === 0) return verdict;
  const instances = noneIfGone(await capacity.containerInstances(cluster));
  if (instances.kind !== 'ok') return cannotTell(instances);
  const active = await capacity.activate(cluster, arnsOf(instancesOf(lifted, instances.value), 'DRAINING'));
  if (active.kind !== 'ok') return cannotTell(active);
  const again = await inTurn(lifted, (group) => protectAgain(capacity, whole(group)));
  if (again.kind !== 'ok') return cannotTell(again);
  return allowed(`${verdict.reason}; ${counted(lifted.length, 'group')} protected again`);
}

/** As our groups are made: all of their instances protected, until ECS itself lets one go. */
function whole(group: AutoScalingGroup): AutoScalingGroup {
  const instances = group.instances.map(({ id }) => ({ id, isProtected: true }));
  return { ...group, protectsNewInstances: true, instances };
}

const DONE = { kind: 'ok', value: undefined } as const;

function fineIfGone(outcome: Outcome<undefined>): Outcome<undefined> {
  return outcome.kind === 'gone' ? DONE : outcome;
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

function allowed(reason: string): Verdict {
  return { kind: 'allowed', reason };
}

/** What could not be read or written is not taken away. */
function cannotTell({ reason }: Failure): Verdict {
  return { kind: 'refused', reason: `${reason}. Nothing was taken away: repeat it` };
}

function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}
