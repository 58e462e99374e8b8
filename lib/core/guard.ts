/**
 * May what a stack is about to remove be removed? Only if no task that was run on its own would go with it: a runner
 * that works, or one that waits for an instance. Tasks of ECS services do not count, since ECS starts them elsewhere.
 */
import { parseRunnerName } from './name.ts';

/** A task that has not stopped; also one that was told to, as its container may be working still. */
export type LivingTask = {
  taskArn: string;
  /** Empty where nobody is named. */
  startedBy: string;
  /** `service:…` or `family:…`. */
  group: string;
  capacityProvider?: string;
  containerInstance?: string;
};

export type ContainerInstance = {
  arn: string;
  ec2InstanceId: string;
  /** ACTIVE, DRAINING, …, as ECS spells it. */
  status: string;
  /** Running and pending, as ECS counts them on the instance; a list of tasks may know fewer for a while. */
  tasks: number;
};

export type AutoScalingGroup = {
  name: string;
  /** The guard takes this off before anything else, so a group without it is one that the guard has begun to lift. */
  protectsNewInstances: boolean;
  instances: readonly { id: string; isProtected: boolean }[];
};

/** An Auto Scaling group of the stack with the capacity provider in front of it, by their names. */
export type GuardedGroup = { capacityProvider: string; autoScalingGroup: string };

/** What the stack says about itself. */
export type Guarded = {
  /** Name or ARN. */
  cluster: string;
  prefix: string;
  /** None where the cluster is not the stack's own. */
  groups: readonly GuardedGroup[];
  /** False while the stack only observes. */
  launches: boolean;
};

export type RemovalRequest =
  | { kind: 'create'; now: Guarded }
  | { kind: 'update'; now: Guarded; before: Guarded }
  | { kind: 'delete'; now: Guarded };

/** Everything that was looked at: tasks of the cluster, the instances of the groups in question. */
export type Seen = {
  prefix: string;
  tasks: readonly LivingTask[];
  capacityProviders: readonly string[];
  instances: readonly ContainerInstance[];
};

/** Groups that the update takes away. */
export function goingGroups(before: Guarded, now: Guarded): GuardedGroup[] {
  const staying = new Set(now.groups.map(({ autoScalingGroup }) => autoScalingGroup));
  return before.groups.filter(({ autoScalingGroup }) => !staying.has(autoScalingGroup));
}

/** Why these groups must stay for now, or `undefined` if they may go. */
export function whyGroupsStay(seen: Seen): string | undefined {
  const holding = onCapacity(seen);
  const holders = describeHolders(seen.prefix, holding, unlisted(seen));
  if (holders === undefined) return undefined;
  return (
    `${holders} on ${seen.capacityProviders.join(', ')}, which this update would take away. Nothing was stopped. ` +
    'Deploy without the pools that use it, but with it; wait until their jobs have ended; then take it away'
  );
}

/** Why the stack must stay for now, or `undefined` if it may go. Its runners count wherever they are in the cluster. */
export function whyStackStays(seen: Seen, launches: boolean): string | undefined {
  const onGroups = new Set(onCapacity(seen));
  const holding = seen.tasks.filter((task) => onGroups.has(task) || poolOf(seen.prefix, task) !== undefined);
  const holders = describeHolders(seen.prefix, holding, unlisted(seen));
  if (holders === undefined) return undefined;
  const first = launches ? 'Deploy in mode observe, so that no new ones start; wait' : 'Wait';
  return (
    `${holders}. Nothing was stopped. ${first} until their jobs have ended, or stop them; then remove the stack again. ` +
    'Jobs that wait stay queued at GitHub'
  );
}

/** On an instance of the groups, or waiting for one. */
function onCapacity({ tasks, capacityProviders, instances }: Seen): LivingTask[] {
  const arns = new Set(instances.map(({ arn }) => arn));
  const isOn = ({ capacityProvider, containerInstance }: LivingTask) =>
    (containerInstance !== undefined && arns.has(containerInstance)) ||
    (capacityProvider !== undefined && capacityProviders.includes(capacityProvider));
  return tasks.filter((task) => isOn(task) && !isOfService(task));
}

/** Lists of tasks lag (ECS docs, RunTask: "might not be immediately visible"): what only the instances count. */
function unlisted({ tasks, instances }: Seen): number {
  return instances.reduce((sum, { arn, tasks: counted }) => {
    const listed = tasks.filter(({ containerInstance }) => containerInstance === arn).length;
    return sum + Math.max(0, counted - listed);
  }, 0);
}

function isOfService({ group }: LivingTask): boolean {
  return group.startsWith('service:');
}

function poolOf(prefix: string, { startedBy }: LivingTask): string | undefined {
  return parseRunnerName(prefix, startedBy)?.pool;
}

/** "3 runners live (2 of pool default, 1 of pool large) and 1 other task lives (family:backup)". */
function describeHolders(prefix: string, holding: readonly LivingTask[], unlistedCount: number): string | undefined {
  const pools = holding.flatMap((task) => poolOf(prefix, task) ?? []);
  const others = holding.filter((task) => poolOf(prefix, task) === undefined).map(({ group }) => group);
  const parts = [
    pools.length > 0 ? `${counted(pools.length, 'runner')} (${tally(pools, (pool) => `of pool ${pool}`)})` : [],
    others.length > 0 ? `${counted(others.length, 'other task')} (${tally(others, (group) => group)})` : [],
    unlistedCount > 0 ? `${counted(unlistedCount, 'task')} (counted by ECS, not listed yet)` : [],
  ].flat();
  return parts.length === 0 ? undefined : parts.join(' and ');
}

function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun} lives` : `${count} ${noun}s live`;
}

/** A reason is read in a list of stack events: not more than so many names. */
const NAMES_MAX = 10;

/** Most frequent first. */
function tally(names: readonly string[], phrase: (name: string) => string): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const sorted = [...counts].sort(([, one], [, other]) => other - one);
  const shown = sorted.slice(0, NAMES_MAX).map(([name, count]) => `${count} ${phrase(name)}`);
  const hidden = sorted.length - shown.length;
  return hidden > 0 ? `${shown.join(', ')}, and ${hidden} more` : shown.join(', ');
}
