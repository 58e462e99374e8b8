/** The port `Cluster` in process, over the simulated ECS: the same calls and outcomes as the live one gives over the wire. */
import type { ClosedInstance, Cluster, Failure, Outcome, Task, TaskRequest } from '../world.ts';
import { EcsError } from './ecs-service/errors.ts';
import type { EcsService } from './ecs-service/service.ts';
import type { WireTask } from './ecs-service/shapes.ts';
import type { RunTaskAnswer } from './ecs-service/tokens.ts';

/** Stop codes of tasks that went with their instance (ECS API, TaskStopCode). */
const WENT = ['SpotInterruption', 'TerminationNotice', 'InfrastructureHealth'];

/** ECS API: at most 100 tasks in a DescribeTasks call. */
const DESCRIBE_MAX = 100;

/** `container`: name of the runner's container in the task definitions. */
export type SimClusterOptions = { cluster: string; container?: string };

export function createSimCluster(service: EcsService, options: SimClusterOptions): Cluster {
  const ecs: Ecs = { service, cluster: options.cluster, container: options.container ?? 'runner' };
  return {
    runTask: async (request) => runTask(ecs, request),
    stopTask: async (taskArn, reason) => outcome('write', () => stopTask(ecs, taskArn, reason)),
    describeTasks: async (taskArns) => outcome('read', () => ok(describeAll(ecs, taskArns))),
    findTask: async (name) => outcome('read', () => ok(findTask(ecs, name))),
    listTasks: async () => outcome('read', () => listTasks(ecs)),
    closeInstance: async (ec2InstanceId) => outcome('read', () => closeInstance(ecs, ec2InstanceId)),
  };
}

type Ecs = { service: EcsService; cluster: string; container: string };

function runTask(ecs: Ecs, request: TaskRequest): Outcome<Task> {
  const input = runTaskInput(ecs, request);
  try {
    return started(ecs, request, call(ecs, 'RunTask', input));
  } catch (error) {
    if (!isCut(error)) return unlessConflict(ecs, request, error);
  }
  try {
    return started(ecs, request, call(ecs, 'RunTask', input));
  } catch (error) {
    const second = unlessConflict(ecs, request, error);
    return second.kind === 'ok' ? second : unknown(second);
  }
}

/** A replayed answer with a stopped task says no more than its ARN and status: DescribeTasks may know the rest. */
function started(ecs: Ecs, request: TaskRequest, answer: RunTaskAnswer): Outcome<Task> {
  const [task] = answer.tasks;
  if (task === undefined) {
    const reason = answer.failures[0]?.reason ?? 'ECS gives no reason';
    return { kind: 'full', reason: `no capacity (${reason})` };
  }
  const plain = { ...toTask(ecs, task), startedBy: request.name };
  if (task.lastStatus !== 'STOPPED') return ok(plain);
  const described = outcome('read', () => ok(describeAll(ecs, [task.taskArn])));
  return ok((described.kind === 'ok' ? described.value[0] : undefined) ?? plain);
}

/** ConflictException: the token has been used, and its task is named. One that is not shown yet has just started. */
function unlessConflict(ecs: Ecs, request: TaskRequest, error: unknown): Outcome<Task> {
  if (!(error instanceof EcsError)) throw error;
  if (error.type !== 'ConflictException') return failure(error, 'write');
  const [taskArn] = error.resourceIds ?? [];
  if (taskArn === undefined) return { kind: 'unknown', reason: error.message };
  const described = outcome('read', () => ok(describeAll(ecs, [taskArn])));
  if (described.kind !== 'ok') return unknown(described);
  return ok(described.value[0] ?? { taskArn, startedBy: request.name, lastStatus: 'PROVISIONING' });
}

function unknown({ reason }: Failure): Failure {
  return { kind: 'unknown', reason };
}

function runTaskInput(ecs: Ecs, request: TaskRequest): Record<string, unknown> {
  const { capacityProvider, environment, name, tags, taskDefinition, taskRole } = request;
  const variables = sorted(environment).map(([key, value]) => ({ name: key, value }));
  return {
    taskDefinition,
    count: 1,
    clientToken: name,
    startedBy: name,
    ...(capacityProvider === undefined ? {} : { capacityProviderStrategy: [{ capacityProvider, weight: 1 }] }),
    overrides: {
      containerOverrides: [{ name: ecs.container, environment: variables }],
      ...(taskRole === undefined ? {} : { taskRoleArn: taskRole }),
    },
    propagateTags: 'TASK_DEFINITION',
    tags: sorted(tags).map(([key, value]) => ({ key, value })),
  };
}

/** The same request is the same bytes: ECS compares the parameters of a token. */
function sorted(fields: Record<string, string>): [string, string][] {
  return Object.entries(fields).sort(([one], [other]) => (one < other ? -1 : 1));
}

function stopTask(ecs: Ecs, task: string, reason: string): Outcome<undefined> {
  call(ecs, 'StopTask', { task, reason });
  return ok(undefined);
}

function findTask(ecs: Ecs, name: string): Task | undefined {
  for (const desiredStatus of ['RUNNING', 'STOPPED']) {
    const [task] = describeAll(ecs, listAll(ecs, { startedBy: name, desiredStatus }));
    if (task !== undefined) return task;
  }
  return undefined;
}

/** A task that is listed and not described makes the list incomplete, and so worthless. */
function listTasks(ecs: Ecs): Outcome<Task[]> {
  const arns = listAll(ecs, { desiredStatus: 'RUNNING' });
  const tasks = describeAll(ecs, arns);
  if (tasks.length === arns.length) return ok(tasks);
  return { kind: 'retry', reason: `ECS lists ${arns.length - tasks.length} tasks that it does not describe` };
}

function closeInstance(ecs: Ecs, ec2InstanceId: string): Outcome<ClosedInstance> {
  const filter = `ec2InstanceId == ${ec2InstanceId}`;
  const found = read<{ containerInstanceArns: string[] }>(ecs, 'ListContainerInstances', { filter });
  const [containerInstance] = found.containerInstanceArns;
  if (containerInstance === undefined) return { kind: 'gone', reason: 'no instance of this cluster' };
  const drained = outcome('write', () =>
    ok(call(ecs, 'UpdateContainerInstancesState', { containerInstances: [containerInstance], status: 'DRAINING' })),
  );
  const tasks = describeAll(ecs, listAll(ecs, { containerInstance, desiredStatus: 'RUNNING' }));
  return ok({ tasks, ...(drained.kind !== 'ok' && { open: drained.reason }) });
}

function describeAll(ecs: Ecs, taskArns: readonly string[]): Task[] {
  const tasks: Task[] = [];
  for (let start = 0; start < taskArns.length; start += DESCRIBE_MAX) {
    const some = taskArns.slice(start, start + DESCRIBE_MAX);
    const answer = read<{ tasks: WireTask[] }>(ecs, 'DescribeTasks', { tasks: some });
    tasks.push(...answer.tasks.map((task) => toTask(ecs, task)));
  }
  return tasks;
}

function listAll(ecs: Ecs, filter: Record<string, unknown>): string[] {
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const token = nextToken === undefined ? {} : { nextToken };
    const page = read<{ taskArns: string[]; nextToken?: string }>(ecs, 'ListTasks', { ...filter, ...token });
    arns.push(...page.taskArns);
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return arns;
}

function toTask(ecs: Ecs, task: WireTask): Task {
  const { createdAt, lastStatus, startedAt, startedBy = '', taskArn } = task;
  const container = task.containers?.find(({ name }) => name === ecs.container);
  const stoppedReason = bothReasons(task.stoppedReason, container?.reason);
  return {
    taskArn,
    startedBy,
    lastStatus,
    ...(createdAt === undefined ? {} : { createdAt: Math.round(createdAt * 1000) }),
    ...(startedAt === undefined ? {} : { startedAt: Math.round(startedAt * 1000) }),
    ...(container?.exitCode === undefined ? {} : { exitCode: container.exitCode }),
    ...(task.lastStatus === 'STOPPED' && task['containerInstanceArn'] === undefined ? { neverPlaced: true } : {}),
    ...(container?.exitCode === undefined && WENT.includes(String(task['stopCode'])) ? { lost: true } : {}),
    ...(typeof task['stoppedAt'] === 'number' ? { stoppedAt: Math.round(task['stoppedAt'] * 1000) } : {}),
    ...(stoppedReason === undefined ? {} : { stoppedReason }),
  };
}

/** The task's reason is general, the container's often says why. */
function bothReasons(ofTask: string | undefined, ofContainer: string | undefined): string | undefined {
  if (ofContainer === undefined || ofTask?.includes(ofContainer)) return ofTask;
  return ofTask === undefined ? ofContainer : `${ofTask}: ${ofContainer}`;
}

/** A read whose connection is cut is repeated once. */
function read<Answer>(ecs: Ecs, operation: string, input: Record<string, unknown>): Answer {
  try {
    return call(ecs, operation, input);
  } catch (error) {
    if (isCut(error)) return call(ecs, operation, input);
    throw error;
  }
}

/** The service's answers have the shapes of the API; each caller knows which it asked for. */
function call<Answer>(ecs: Ecs, operation: string, input: Record<string, unknown>): Answer {
  return ecs.service.call(operation, { cluster: ecs.cluster, ...input }) as Answer;
}

function isCut(error: unknown): boolean {
  return error instanceof EcsError && error.type === 'ConnectionCut';
}

function ok<Value>(value: Value): { kind: 'ok'; value: Value } {
  return { kind: 'ok', value };
}

function outcome<Value>(effect: Effect, attempt: () => Outcome<Value>): Outcome<Value> {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof EcsError) return failure(error, effect);
    throw error;
  }
}

type Effect = 'read' | 'write';

/** By message where ECS gives several meanings one name; an unanswered read has done nothing. */
function failure(error: EcsError, effect: Effect): Failure {
  const reason = `${error.type}: ${error.message}`;
  const byMessage = MESSAGES.find(({ says }) => says.test(error.message));
  const kind = byMessage?.kind ?? KINDS[error.type];
  return { kind: kind === 'unknown' && effect === 'read' ? 'retry' : kind, reason };
}

const MESSAGES: readonly { says: RegExp; kind: Failure['kind'] }[] = [
  { says: /^The referenced task was not found/, kind: 'gone' },
  { says: /^Tasks provisioning capacity limit exceeded/, kind: 'full' },
  { says: /^No Container Instances were found/, kind: 'full' },
  { says: /^TaskDefinition not found/, kind: 'refused' },
  { says: /^TaskDefinition is inactive/, kind: 'retry' },
  { says: /capacity provider/, kind: 'refused' },
];

const KINDS: Readonly<Record<EcsError['type'], Failure['kind']>> = {
  AccessDeniedException: 'refused',
  ClientException: 'refused',
  ClusterNotFoundException: 'refused',
  ConflictException: 'conflict',
  ConnectionCut: 'unknown',
  InvalidParameterException: 'bug',
  ServerException: 'unknown',
  ThrottlingException: 'retry',
  UnknownOperationException: 'bug',
  UnsupportedFeatureException: 'refused',
};
