/** RunTask. */
import { enterTask } from './books.ts';
import { EcsError, invalid } from './errors.ts';
import { publishTask } from './events.ts';
import { arn, hexId, uuid } from './identifiers.ts';
import { parse, type RunTask, runTask as schema } from './inputs.ts';
import { findCluster, findTaskDefinition, instancesOf } from './lookup.ts';
import { chooseInstance, release, reserve, whatIsMissing } from './placement.ts';
import { watch } from './scaling.ts';
import { resourceArn, wireTask } from './shapes.ts';
import { start } from './starting.ts';
import type { EcsCluster, EcsState, EcsTask, Provider, TaskDefinition, TaskFailure } from './state.ts';
import { failToStart } from './stopping.ts';
import { chooseProvider } from './strategy.ts';
import { taskSize } from './task-definitions.ts';
import { planStep } from './tasks.ts';
import { type RunTaskAnswer, remember, replay } from './tokens.ts';

export function runTask(state: EcsState, input: unknown): RunTaskAnswer {
  const request = parse(schema, input);
  const cluster = findCluster(state, request.cluster);
  const { clientToken } = request;
  const replayed = clientToken === undefined ? undefined : replay(state, cluster, clientToken, input);
  if (replayed !== undefined) return replayed;
  const definition = checkTaskDefinition(state, request);
  const result = launch(state, cluster, definition, request);
  if (clientToken !== undefined) remember(state, cluster, clientToken, input, result);
  const tasks = result.tasks.map((task) => ({ ...wireTask(task), tags: task.tags }));
  return { tasks, failures: result.failures.map((failure) => ({ ...failure })) };
}

type Launched = { tasks: EcsTask[]; failures: TaskFailure[] };

/** Decides for all tasks of the call, and only then lets any of them begin. */
function launch(state: EcsState, cluster: EcsCluster, definition: TaskDefinition, request: RunTask): Launched {
  const launched: Launched = { tasks: [], failures: [] };
  for (let index = 0; index < request.count; index += 1) {
    const provider = chooseProvider(state, cluster, request);
    const task = createTask(state, cluster, definition, request, provider);
    const failure = injectedFailure(state, cluster) ?? placeOrWait(cluster, task);
    if (failure === undefined) launched.tasks.push(task);
    else launched.failures.push(failure);
  }
  checkProvisioning(state, cluster, launched.tasks);
  for (const task of launched.tasks) begin(state, task);
  return launched;
}

/** The instance is reserved; or the task is to wait in PROVISIONING; or it fails. */
function placeOrWait(cluster: EcsCluster, task: EcsTask): TaskFailure | undefined {
  const instances = [...(task.provider?.instances.values() ?? instancesOf(cluster))];
  const instance = chooseInstance(instances, task);
  if (instance !== undefined) {
    reserve(task, instance);
    task.lastStatus = 'PENDING';
    return undefined;
  }
  if (task.provider?.config.managedScaling === true) return undefined;
  const [first] = instances;
  if (first !== undefined) return { arn: first.arn, reason: whatIsMissing(instances, task) };
  if (task.provider !== undefined) return { arn: task.provider.arn, reason: 'RESOURCE:MEMORY' };
  throw invalid('No Container Instances were found in your cluster.');
}

/** ECS quota: beyond it RunTask throws, and nothing of the call is done. */
function checkProvisioning(state: EcsState, cluster: EcsCluster, tasks: readonly EcsTask[]): void {
  const waiting = tasks.filter((task) => task.lastStatus === 'PROVISIONING').length;
  let provisioning = 0;
  for (const provider of cluster.providers.values()) provisioning += provider.provisioning.size;
  const most = state.faults.provisioningTasksMax || state.provisioningTasksMax;
  if (waiting === 0 || provisioning + waiting <= most) return;
  for (const task of tasks) release(task);
  throw new EcsError('ClientException', 'Tasks provisioning capacity limit exceeded.');
}

function begin(state: EcsState, task: EcsTask): void {
  const { cluster, provider, instance } = task;
  cluster.tasks.set(task.taskArn, task);
  const starter = task.request.startedBy ?? '';
  const sameStarter = cluster.startedBy.get(starter) ?? new Set();
  cluster.startedBy.set(starter, sameStarter.add(task));
  state.everyTask.push(task);
  state.living.add(task);
  enterTask(state.books, task);
  publishTask(state, task);
  if (instance !== undefined) start(state, task, instance);
  else if (provider !== undefined) wait(state, task, provider);
  if (provider !== undefined) watch(state, provider);
}

function wait(state: EcsState, task: EcsTask, provider: Provider): void {
  provider.provisioning.add(task);
  planStep(state, task, state.timings.provisioningTimeoutMs, () => {
    const { instances } = provider;
    const reason = instances.size === 0 ? 'EMPTY CAPACITY PROVIDER' : whatIsMissing(instances.values(), task);
    failToStart(state, task, reason);
  });
}

function createTask(
  state: EcsState,
  cluster: EcsCluster,
  definition: TaskDefinition,
  request: RunTask,
  provider: Provider | undefined,
): EcsTask {
  state.order += 1;
  return {
    order: state.order,
    taskArn: resourceArn(state, 'task', cluster.name, hexId(state.chance)),
    cluster,
    definition,
    request,
    group: request.group ?? `family:${definition.family}`,
    ...taskSize(definition, request),
    tags: tagsOf(definition, request),
    ...(provider === undefined ? {} : { provider }),
    lastStatus: 'PROVISIONING',
    desiredStatus: 'RUNNING',
    version: 1,
    runtimeId: uuid(state.chance).replaceAll('-', ''),
    containerStatus: 'PENDING',
    createdAt: state.clock.now(),
  };
}

/** ECS docs, "Tagging Amazon ECS resources": those of the task definition if they are asked for; the call's own win. */
function tagsOf(definition: TaskDefinition, { propagateTags, tags }: RunTask): EcsTask['tags'] {
  const propagated = propagateTags === 'TASK_DEFINITION' ? definition.input.tags : [];
  return [...propagated.filter(({ key }) => !tags.some((tag) => tag.key === key)), ...tags];
}

function injectedFailure(state: EcsState, cluster: EcsCluster): TaskFailure | undefined {
  if (!state.chance.happens(state.faults.runTaskFailures)) return undefined;
  const [instance] = instancesOf(cluster);
  const reason = state.chance.pick(['RESOURCE:MEMORY', 'AGENT']) ?? 'AGENT';
  return { arn: instance?.arn ?? arn(state.home, `container-instance/${cluster.name}/${hexId(state.chance)}`), reason };
}

function checkTaskDefinition(state: EcsState, request: RunTask): TaskDefinition {
  const definition = findTaskDefinition(state, request.taskDefinition);
  if (definition === undefined) throw new EcsError('ClientException', 'TaskDefinition not found.');
  if (definition.status === 'INACTIVE') throw new EcsError('ClientException', 'TaskDefinition is inactive');
  for (const { name } of request.overrides?.containerOverrides ?? []) {
    if (definition.containers.some((container) => container.name === name)) continue;
    throw invalid(`Override for container named ${name} is not a container in the TaskDefinition.`);
  }
  return definition;
}
