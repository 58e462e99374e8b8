/** DescribeTasks, ListTasks, and StopTask, which answers with the task. */
import { invalid } from './errors.ts';
import { lastPart } from './identifiers.ts';
import {
  describeTasks as describeSchema,
  type ListTasks,
  listTasks as listSchema,
  parse,
  stopTask as stopSchema,
} from './inputs.ts';
import { findCluster, findTask, taskArn } from './lookup.ts';
import { decodeToken, page } from './paging.ts';
import { wireTask } from './shapes.ts';
import type { EcsCluster, EcsState, EcsTask } from './state.ts';
import { stop } from './stopping.ts';

/** ECS API, StopTask: "Any tags associated with the task will be deleted". A stopped task is answered as it is. */
export function stopTask(state: EcsState, input: unknown) {
  const { cluster: name, task: id, reason } = parse(stopSchema, input);
  const task = findTask(findCluster(state, name), id);
  if (task === undefined) throw invalid('The referenced task was not found.');
  task.tags = [];
  stop(state, task, reason ?? 'Task stopped by user');
  return { task: wireTask(task) };
}

export function describeTasks(state: EcsState, input: unknown) {
  const { cluster: name, tasks: ids, include } = parse(describeSchema, input);
  const cluster = findCluster(state, name);
  const found = ids.map((id) => ({ id, task: visible(state, findTask(cluster, id)) }));
  return {
    tasks: found.flatMap(({ task }) => (task === undefined ? [] : [describe(task, include.includes('TAGS'))])),
    failures: found.flatMap(({ id, task }) =>
      task === undefined ? [{ arn: taskArn(cluster, id), reason: 'MISSING' }] : [],
    ),
  };
}

export function listTasks(state: EcsState, input: unknown) {
  const query = parse(listSchema, input);
  const cluster = findCluster(state, query.cluster);
  checkFilters(query);
  const after = decodeToken(query.nextToken);
  const { items, nextToken } = page(matching(state, cluster, query, after), query.maxResults);
  return { taskArns: items.map((task) => task.taskArn), ...(nextToken === undefined ? {} : { nextToken }) };
}

function* matching(state: EcsState, cluster: EcsCluster, query: ListTasks, after: number): Generator<EcsTask> {
  const { startedBy } = query;
  const candidates = startedBy === undefined ? cluster.tasks.values() : (cluster.startedBy.get(startedBy) ?? []);
  const asOf = state.clock.now() - state.faults.listLagSeconds * 1000;
  for (const task of candidates) {
    if (task.order > after && task.createdAt <= asOf && matches(task, query, asOf)) yield task;
  }
}

/** Lists show what was true a while ago. */
function matches(task: EcsTask, query: ListTasks, asOf: number): boolean {
  const wanted = task.stoppingAt === undefined || task.stoppingAt > asOf ? 'RUNNING' : 'STOPPED';
  const { containerInstance, family, launchType, serviceName } = query;
  if (wanted !== query.desiredStatus) return false;
  if (family !== undefined && family !== task.definition.family) return false;
  if (launchType !== undefined && launchType !== 'EC2') return false;
  if (containerInstance !== undefined && !task.instance?.arn.endsWith(`/${lastPart(containerInstance)}`)) return false;
  return serviceName === undefined;
}

/** ECS API: startedBy "must be the only filter"; the desired status is let through beside it. */
function checkFilters(query: ListTasks): void {
  const others = [query.containerInstance, query.family, query.serviceName, query.launchType];
  if (query.startedBy !== undefined && others.some((other) => other !== undefined)) {
    throw invalid('cannot specify startedBy with other arguments');
  }
}

function visible(state: EcsState, task: EcsTask | undefined): EcsTask | undefined {
  if (task === undefined) return undefined;
  const asOf = state.clock.now() - state.faults.describeLagSeconds * 1000;
  return task.createdAt <= asOf ? task : undefined;
}

function describe(task: EcsTask, withTags: boolean) {
  return withTags ? { ...wireTask(task), tags: task.tags } : wireTask(task);
}
