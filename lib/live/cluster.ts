/** The cluster in ECS. */
import {
  ConflictException,
  DescribeTasksCommand,
  type ECSClient,
  type Task as EcsTask,
  ListContainerInstancesCommand,
  ListTasksCommand,
  RunTaskCommand,
  type RunTaskCommandInput,
  type RunTaskCommandOutput,
  StopTaskCommand,
  UpdateContainerInstancesStateCommand,
} from '@aws-sdk/client-ecs';
import { isLost } from '../core/interruption.ts';
import type { ClosedInstance, Cluster, Failure, Outcome, Task, TaskRequest } from '../world.ts';
import { awsFailure, type Call } from './errors.ts';

/** Name of the runner's container in every task definition of ours. */
export const RUNNER_CONTAINER = 'runner';
/** ECS docs, DescribeTasks: at most 100 tasks in a call. */
const DESCRIBED_TASKS_MAX = 100;
/** ECS docs, StopTask: a reason has at most 255 characters. */
const STOP_REASON_CHARACTERS_MAX = 255;

type Ecs = { client: ECSClient; cluster: string };

/** The client should not repeat calls by itself (`maxAttempts: 1`): see `runTask`. */
export function createCluster(ecs: Ecs): Cluster {
  return {
    runTask: (request) => runTask(ecs, request),
    stopTask: (taskArn, reason) => stopTask(ecs, taskArn, reason),
    describeTasks: (taskArns) => describeTasks(ecs, taskArns),
    findTask: (name) => findTask(ecs, name),
    listTasks: () => listTasks(ecs),
    closeInstance: (ec2InstanceId) => closeInstance(ecs, ec2InstanceId),
  };
}

/**
 * A cut connection is repeated once at once (a kept socket dies while a function is frozen). ECS then answers as it
 * did or would have done, since the call carries its token; but whatever goes wrong the second time says nothing
 * about the first, so it is `unknown`.
 */
async function runTask(ecs: Ecs, request: TaskRequest): Promise<Outcome<Task>> {
  const call: Call = { doing: `starting task ${request.name}`, effect: 'write' };
  const command = () => ecs.client.send(new RunTaskCommand(runTaskInput(ecs.cluster, request)));
  try {
    return await started(ecs, request, call, await command());
  } catch (error) {
    if (error instanceof ConflictException) return existing(ecs, request, error.resourceIds ?? []);
    if (!connectionCut(error)) return awsFailure(error, call);
  }
  try {
    return await started(ecs, request, call, await command());
  } catch (error) {
    if (error instanceof ConflictException) return existing(ecs, request, error.resourceIds ?? []);
    return { kind: 'unknown', reason: awsFailure(error, call).reason };
  }
}

/** Sorted throughout: the same request is the same bytes, and ECS compares parameters of the same token. */
function runTaskInput(cluster: string, request: TaskRequest): RunTaskCommandInput {
  const { name, taskDefinition, capacityProvider, taskRole } = request;
  const environment = sorted(request.environment).map(([key, value]) => ({ name: key, value }));
  return {
    cluster,
    taskDefinition,
    count: 1,
    clientToken: name,
    startedBy: name,
    ...(capacityProvider === undefined ? {} : { capacityProviderStrategy: [{ capacityProvider, weight: 1 }] }),
    overrides: {
      containerOverrides: [{ name: RUNNER_CONTAINER, environment }],
      ...(taskRole === undefined ? {} : { taskRoleArn: taskRole }),
    },
    // Those that the stack puts on everything; our own win.
    propagateTags: 'TASK_DEFINITION',
    tags: sorted(request.tags).map(([key, value]) => ({ key, value })),
  };
}

function sorted(fields: Record<string, string>): [string, string][] {
  return Object.entries(fields).sort(([one], [other]) => (one < other ? -1 : 1));
}

/** ECS answers a repeated token with what it once answered, failures and stopped tasks included. */
async function started(
  ecs: Ecs,
  request: TaskRequest,
  call: Call,
  answer: RunTaskCommandOutput,
): Promise<Outcome<Task>> {
  const [ecsTask] = answer.tasks ?? [];
  if (ecsTask?.taskArn === undefined) {
    const reasons = (answer.failures ?? []).map(({ reason, detail }) => [reason, detail].filter(Boolean).join(' '));
    return { kind: 'full', reason: `${call.doing}: no capacity (${reasons.join(', ') || 'ECS gives no reason'})` };
  }
  const task = { ...projected(ecsTask), startedBy: request.name };
  if (task.lastStatus !== 'STOPPED') return { kind: 'ok', value: task };
  // The replayed answer names neither exit code nor reason.
  const described = await describeTasks(ecs, [task.taskArn]);
  return { kind: 'ok', value: (described.kind === 'ok' ? described.value[0] : undefined) ?? task };
}

/** A task of this name exists already: it is the answer. One that is not shown yet is as good as just started. */
async function existing(ecs: Ecs, request: TaskRequest, taskArns: readonly string[]): Promise<Outcome<Task>> {
  const [taskArn] = taskArns;
  if (taskArn === undefined) {
    return { kind: 'unknown', reason: `starting task ${request.name}: ECS says that it exists and does not name it` };
  }
  const described = await describeTasks(ecs, [taskArn]);
  if (described.kind !== 'ok') return { ...described, kind: 'unknown' };
  return { kind: 'ok', value: described.value[0] ?? { taskArn, startedBy: request.name, lastStatus: 'PROVISIONING' } };
}

async function stopTask(ecs: Ecs, taskArn: string, reason: string): Promise<Outcome<undefined>> {
  try {
    await ecs.client.send(
      new StopTaskCommand({ cluster: ecs.cluster, task: taskArn, reason: reason.slice(0, STOP_REASON_CHARACTERS_MAX) }),
    );
    return { kind: 'ok', value: undefined };
  } catch (error) {
    return awsFailure(error, { doing: `stopping task ${taskArn}`, effect: 'write' });
  }
}

async function describeTasks(ecs: Ecs, taskArns: readonly string[]): Promise<Outcome<Task[]>> {
  return reading('describing tasks', async () => {
    const tasks: Task[] = [];
    for (let start = 0; start < taskArns.length; start += DESCRIBED_TASKS_MAX) {
      const some = taskArns.slice(start, start + DESCRIBED_TASKS_MAX);
      const answer = await ecs.client.send(new DescribeTasksCommand({ cluster: ecs.cluster, tasks: some }));
      tasks.push(...(answer.tasks ?? []).map(projected));
    }
    return tasks;
  });
}

/** Only one list takes `startedBy`: those that are to run, then those that are to stop. */
async function findTask(ecs: Ecs, name: string): Promise<Outcome<Task | undefined>> {
  for (const desiredStatus of ['RUNNING', 'STOPPED'] as const) {
    const listed = await listArns(ecs, { startedBy: name, desiredStatus });
    if (listed.kind !== 'ok') return listed;
    const described = await describeTasks(ecs, listed.value);
    if (described.kind !== 'ok') return described;
    const [task] = described.value;
    if (task !== undefined) return { kind: 'ok', value: task };
  }
  return { kind: 'ok', value: undefined };
}

/** A task that is listed and cannot be described makes the list incomplete, and so worthless. */
async function listTasks(ecs: Ecs): Promise<Outcome<Task[]>> {
  const listed = await listArns(ecs, { desiredStatus: 'RUNNING' });
  if (listed.kind !== 'ok') return listed;
  const described = await describeTasks(ecs, listed.value);
  if (described.kind !== 'ok') return described;
  const shown = new Set(described.value.map(({ taskArn }) => taskArn));
  const hidden = listed.value.filter((taskArn) => !shown.has(taskArn));
  if (hidden.length === 0) return described;
  return { kind: 'retry', reason: `listing tasks: ECS lists ${hidden.length} tasks that it does not describe` };
}

/** ECS docs, "Cluster query language": `ec2InstanceId`. An EC2 id has no letter that the language gives a meaning. */
async function closeInstance(ecs: Ecs, ec2InstanceId: string): Promise<Outcome<ClosedInstance>> {
  const { client, cluster } = ecs;
  if (!/^i-[0-9a-f]+$/.test(ec2InstanceId)) return { kind: 'gone', reason: 'this is no id of an EC2 instance' };
  const filter = `ec2InstanceId == ${ec2InstanceId}`;
  const found = await reading(`looking for instance ${ec2InstanceId}`, () =>
    client.send(new ListContainerInstancesCommand({ cluster, filter })),
  );
  if (found.kind !== 'ok') return found;
  const [containerInstance] = found.value.containerInstanceArns ?? [];
  if (containerInstance === undefined) return { kind: 'gone', reason: 'it is no instance of the cluster' };
  const open = await drain(ecs, containerInstance, `draining instance ${ec2InstanceId}`);
  const listed = await listArns(ecs, { containerInstance, desiredStatus: 'RUNNING' });
  const tasks = listed.kind === 'ok' ? await describeTasks(ecs, listed.value) : listed;
  if (tasks.kind !== 'ok') return tasks;
  return { kind: 'ok', value: { tasks: tasks.value, ...(open !== undefined && { open }) } };
}

/**
 * Gives why it may not have been done. That keeps nobody from seeing to the tasks: managed draining does the same some seconds later, and an
 * instance that is gone already takes nothing new.
 */
async function drain({ client, cluster }: Ecs, containerInstance: string, doing: string): Promise<string | undefined> {
  const containerInstances = [containerInstance];
  try {
    const status = 'DRAINING';
    await client.send(new UpdateContainerInstancesStateCommand({ cluster, containerInstances, status }));
    return undefined;
  } catch (error) {
    return awsFailure(error, { doing, effect: 'write' }).reason;
  }
}

async function listArns(
  ecs: Ecs,
  filter: { startedBy?: string; containerInstance?: string; desiredStatus: 'RUNNING' | 'STOPPED' },
): Promise<Outcome<string[]>> {
  return reading('listing tasks', async () => {
    const arns = new Set<string>();
    let nextToken: string | undefined;
    do {
      const answer = await ecs.client.send(
        new ListTasksCommand({ cluster: ecs.cluster, ...filter, ...(nextToken === undefined ? {} : { nextToken }) }),
      );
      for (const arn of answer.taskArns ?? []) arns.add(arn);
      nextToken = answer.nextToken;
    } while (nextToken !== undefined);
    return [...arns];
  });
}

/** Reads may be repeated whatever went wrong: a cut connection is, once. */
async function reading<Value>(
  doing: string,
  read: () => Promise<Value>,
): Promise<{ kind: 'ok'; value: Value } | Failure> {
  try {
    return {
      kind: 'ok',
      value: await read().catch((error) => (connectionCut(error) ? read() : Promise.reject(error))),
    };
  } catch (error) {
    return awsFailure(error, { doing, effect: 'read' });
  }
}

/** By code, or by the words of Node.js where the SDK has wrapped the error. */
function connectionCut(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return ['ECONNRESET', 'EPIPE'].includes(code) || /socket hang up|ECONNRESET|EPIPE/.test(error.message);
}

function projected(task: EcsTask): Task {
  const container = task.containers?.find(({ name }) => name === RUNNER_CONTAINER);
  const why = stoppedReason(task.stoppedReason, container?.reason);
  return {
    taskArn: task.taskArn ?? '',
    startedBy: task.startedBy ?? '',
    lastStatus: task.lastStatus ?? '',
    ...(task.createdAt === undefined ? {} : { createdAt: task.createdAt.getTime() }),
    ...(task.startedAt === undefined ? {} : { startedAt: task.startedAt.getTime() }),
    ...(container?.exitCode === undefined ? {} : { exitCode: container.exitCode }),
    ...(task.lastStatus === 'STOPPED' && task.containerInstanceArn === undefined ? { neverPlaced: true } : {}),
    ...(isLost({ exitCode: container?.exitCode, stopCode: task.stopCode, stoppedReason: task.stoppedReason })
      ? { lost: true }
      : {}),
    ...(task.stoppedAt === undefined ? {} : { stoppedAt: task.stoppedAt.getTime() }),
    ...(why === undefined ? {} : { stoppedReason: why }),
  };
}

/** The task's reason is general ("Essential container in task exited"), the container's often says why. */
function stoppedReason(ofTask: string | undefined, ofContainer: string | undefined): string | undefined {
  if (!ofContainer || ofTask?.includes(ofContainer)) return ofTask || undefined;
  return ofTask ? `${ofTask}: ${ofContainer}` : ofContainer;
}
