/**
 * The removal guard: CloudFormation asks it before it takes capacity, or the whole stack, away. It refuses while a runner
 * lives, with everything put back as it was; else it lifts the protection that would keep CloudFormation waiting.
 */
import {
  type Guarded,
  type GuardedGroup,
  goingGroups,
  type RemovalRequest,
  type Seen,
  whyGroupsStay,
  whyStackStays,
} from '../core/guard.ts';
import type { Capacity, Failure } from '../world.ts';
import { begun, close, liftAll, look, lookAtTasks, putBack, type View } from './guarded-groups.ts';

/** `putBack` is the same port, which goes on for some seconds when the time of the other is over. */
export type GuardWorld = { capacity: Capacity; putBack: Capacity };

export type Verdict = { kind: 'allowed' | 'refused'; reason: string };

/** Any request may come again; what is done already is not done twice. */
export async function guard(world: GuardWorld, request: RemovalRequest): Promise<Verdict> {
  const { now } = request;
  if (request.kind === 'create') return allowed('nothing is taken away');
  if (request.kind === 'delete') {
    return release(world, now, now.groups, (seen) => whyStackStays(seen, now.launches));
  }
  const going = goingGroups(request.before, now);
  if (going.length === 0) return restore(world, now, allowed('nothing is taken away'));
  const verdict = await release(world, request.before, going, whyGroupsStay);
  return verdict.kind === 'refused' ? verdict : restore(world, now, verdict);
}

/** Looks before anything is touched, and again when nothing new can be placed. */
async function release(
  world: GuardWorld,
  stack: Guarded,
  groups: readonly GuardedGroup[],
  whyItStays: (seen: Seen) => string | undefined,
): Promise<Verdict> {
  const { cluster } = stack;
  const view = await look(world.capacity, cluster, groups);
  if (view.kind !== 'ok') return refused(view.reason, REPEAT);
  const why = await whyNot(world.capacity, stack, groups, view.value, whyItStays);
  // A call that was cut short may have left its work half done: this one puts it back.
  if (why !== undefined) return refuse(world, cluster, begun(view.value), why);
  const problem = await openTheWay(world.capacity, stack, groups, view.value, whyItStays);
  if (problem !== undefined) return refuse(world, cluster, view.value, problem);
  return allowed(`no runner lives there; ${counted(view.value.groups.length, 'group')} may be deleted`);
}

/** What stands in the way, or `undefined` when nothing does any more. */
async function openTheWay(
  capacity: Capacity,
  stack: Guarded,
  groups: readonly GuardedGroup[],
  first: View,
  whyItStays: (seen: Seen) => string | undefined,
): Promise<string | undefined> {
  if (first.groups.length === 0) return undefined;
  const closed = await close(capacity, stack.cluster, first);
  if (closed.kind !== 'ok') return unsure(closed);
  const second = await look(capacity, stack.cluster, groups);
  if (second.kind !== 'ok') return unsure(second);
  const why = await whyNot(capacity, stack, groups, second.value, whyItStays);
  if (why !== undefined) return why;
  const lifted = await liftAll(capacity, second.value);
  return lifted.kind === 'ok' ? undefined : unsure(lifted);
}

/** Tasks are read after the instances: one that ends in between only makes the guard more careful. */
async function whyNot(
  capacity: Capacity,
  { cluster, prefix }: Guarded,
  groups: readonly GuardedGroup[],
  { instances }: View,
  whyItStays: (seen: Seen) => string | undefined,
): Promise<string | undefined> {
  const tasks = await lookAtTasks(capacity, cluster);
  if (tasks.kind !== 'ok') return unsure(tasks);
  const capacityProviders = groups.map(({ capacityProvider }) => capacityProvider);
  return whyItStays({ prefix, tasks: tasks.value, capacityProviders, instances });
}

async function refuse(world: GuardWorld, cluster: string, before: View, reason: string): Promise<Verdict> {
  const back = await putBack(world.putBack, cluster, before);
  if (back.kind === 'ok') return refused(reason);
  return refused(reason, `Not everything could be put back (${back.reason}); the next attempt or update does it`);
}

/** An update that was taken back: groups that stay, and whose protection the guard had begun to lift, take tasks again. */
async function restore(world: GuardWorld, { cluster, groups }: Guarded, verdict: Verdict): Promise<Verdict> {
  const view = await look(world.capacity, cluster, groups);
  if (view.kind !== 'ok') return refused(view.reason, REPEAT);
  const half = begun(view.value);
  const back = await putBack(world.putBack, cluster, half);
  if (back.kind !== 'ok') return refused(back.reason, REPEAT);
  if (half.groups.length === 0) return verdict;
  return allowed(`${verdict.reason}; ${counted(half.groups.length, 'group')} protected again`);
}

const REPEAT = 'Nothing was taken away: repeat it';

/** What could not be read or written is not taken away. */
function unsure({ reason }: Failure): string {
  return `${reason}. ${REPEAT}`;
}

function allowed(reason: string): Verdict {
  return { kind: 'allowed', reason };
}

function refused(...sentences: string[]): Verdict {
  return { kind: 'refused', reason: sentences.join('. ') };
}

function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}
