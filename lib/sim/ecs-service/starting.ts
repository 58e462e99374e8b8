/** How a task comes up on its instance: image, container, RUNNING. */
import { enterChange } from './books.ts';
import { draw } from './events.ts';
import type { EcsState, EcsTask, Instance } from './state.ts';
import { containerEnded, failToStart } from './stopping.ts';
import { planStep, setStatus } from './tasks.ts';

/** Images of which the name or the tag contains this cannot be pulled. */
export const MISSING_IMAGE = 'does-not-exist';

/** The task has its place on the instance and is PENDING. */
export function start(state: EcsState, task: EcsTask, instance: Instance): void {
  planStep(state, task, state.timings.stepMs, () => pull(state, task, instance));
}

function pull(state: EcsState, task: EcsTask, instance: Instance): void {
  const { image } = task.definition.main;
  const { imageCachedMs, imagePullMs } = state.timings;
  const pullMs = draw(state, instance.images.has(image) ? imageCachedMs : imagePullMs);
  const cannot = image.includes(MISSING_IMAGE) || state.chance.happens(state.faults.cannotPullImage);
  task.pullStartedAt = state.clock.now();
  planStep(state, task, [pullMs, pullMs], () => (cannot ? notPulled(state, task) : pulled(state, task, instance)));
}

function notPulled(state: EcsState, task: EcsTask): void {
  const { image } = task.definition.main;
  const reason = `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ${image}: not found`;
  task.containerReason = reason;
  failToStart(state, task, reason);
}

function pulled(state: EcsState, task: EcsTask, instance: Instance): void {
  instance.images.add(task.definition.main.image);
  task.pullStoppedAt = state.clock.now();
  setStatus(state, task, 'ACTIVATING');
  const [low, high] = state.timings.containerStartMs;
  const slowMs = state.faults.startSlowSeconds > 0 ? state.chance.next() * state.faults.startSlowSeconds * 1000 : 0;
  planStep(state, task, [low + slowMs, high + slowMs], () => run(state, task, instance));
}

function run(state: EcsState, task: EcsTask, instance: Instance): void {
  task.container = { term: new AbortController(), kill: new AbortController() };
  task.containerStatus = 'RUNNING';
  task.startedAt = state.clock.now();
  enterChange(state.books, task, { ran: true, startedAt: task.startedAt });
  setStatus(state, task, 'RUNNING');
  void runContainer(state, task, instance, task.container);
}

/** Whatever a container says after it was killed counts no more. */
async function runContainer(
  state: EcsState,
  task: EcsTask,
  instance: Instance,
  container: NonNullable<EcsTask['container']>,
): Promise<void> {
  const exitCode = await exitCodeOf(state, task, instance, container);
  if (task.container === container) containerEnded(state, task, exitCode);
}

async function exitCodeOf(
  state: EcsState,
  task: EcsTask,
  instance: Instance,
  container: NonNullable<EcsTask['container']>,
): Promise<number> {
  const { startedBy } = task.request;
  const taskRoleArn = task.request.overrides?.taskRoleArn ?? task.definition.taskRoleArn;
  try {
    const { exitCode } = await state.startContainer({
      taskArn: task.taskArn,
      clusterArn: task.cluster.arn,
      containerInstanceArn: instance.arn,
      ...(startedBy === undefined ? {} : { startedBy }),
      ...(taskRoleArn === undefined ? {} : { taskRoleArn }),
      image: task.definition.main.image,
      environment: environment(task),
      signal: container.term.signal,
      killed: container.kill.signal,
    });
    return exitCode;
  } catch (error) {
    task.containerReason = `crashed: ${error instanceof Error ? error.message : String(error)}`;
    return 1;
  }
}

/** ECS API: an override adds variables to the container's, or replaces those of the same name. */
function environment(task: EcsTask): Record<string, string> {
  const { name, environment: defined } = task.definition.main;
  const overrides = task.request.overrides?.containerOverrides?.filter((override) => override.name === name) ?? [];
  const pairs = [...defined, ...overrides.flatMap((override) => override.environment ?? [])];
  return Object.fromEntries(pairs.map((pair) => [pair.name, pair.value]));
}
