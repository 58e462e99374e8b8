/** How a task ends. */
import { enterChange, enterStopped } from './books.ts';
import { release } from './placement.ts';
import type { EcsState, EcsTask, StopCode, TaskStatus } from './state.ts';
import { cancelStep, planStep, setStatus, wantStopped } from './tasks.ts';

const WAY_DOWN: readonly TaskStatus[] = ['DEACTIVATING', 'STOPPING', 'DEPROVISIONING', 'STOPPED'];

/** SIGKILL (128 + 9), as Docker reports it. */
const KILLED_EXIT_CODE = 137;

/** StopTask: SIGTERM, then after the stop time-out SIGKILL. A task that is already on its way down is left alone. */
export function stop(state: EcsState, task: EcsTask, reason: string): void {
  if (task.desiredStatus === 'STOPPED') return;
  enterChange(state.books, task, { stopRequestedAt: state.clock.now() });
  wantStopped(state, task, 'UserInitiated', reason);
  if (task.lastStatus === 'PROVISIONING') neverStarted(state, task);
  else bringDown(state, task);
}

/** The container did not come up. */
export function failToStart(state: EcsState, task: EcsTask, reason: string): void {
  wantStopped(state, task, 'TaskFailedToStart', reason);
  neverStarted(state, task);
}

/** The container has ended: by itself, by SIGTERM or by SIGKILL. */
export function containerEnded(state: EcsState, task: EcsTask, exitCode: number): void {
  delete task.container;
  const now = state.clock.now();
  task.containerStatus = 'STOPPED';
  task.exitCode = exitCode;
  task.executionStoppedAt = now;
  enterChange(state.books, task, { containerEndedAt: now, exitCode });
  wantStopped(state, task, 'EssentialContainerExited', 'Essential container in task exited');
  if (task.lastStatus === 'RUNNING') setStatus(state, task, 'DEACTIVATING');
  stepDown(state, task);
}

/** The instance is dead: the container vanishes without a signal; ECS does not know it yet. */
export function containerVanished(state: EcsState, task: EcsTask): void {
  cancelStep(task);
  if (task.container === undefined) return;
  const { kill } = task.container;
  delete task.container;
  enterChange(state.books, task, { containerEndedAt: state.clock.now(), lost: true });
  kill.abort();
}

/** ECS has noticed that the instance is gone. */
export function instanceGone(state: EcsState, task: EcsTask, stopCode: StopCode, reason: string): void {
  wantStopped(state, task, stopCode, reason);
  finish(state, task);
}

function bringDown(state: EcsState, task: EcsTask): void {
  setStatus(state, task, 'DEACTIVATING');
  if (task.instance?.connected === false) return; // ends when ECS notices that the instance is gone
  if (task.container === undefined) stepDown(state, task);
  else planStep(state, task, state.timings.stepMs, () => terminate(state, task));
}

function terminate(state: EcsState, task: EcsTask): void {
  const stopTimeoutSeconds = task.definition.main.stopTimeout;
  const graceMs = stopTimeoutSeconds === undefined ? state.timings.stopTimeoutMs : stopTimeoutSeconds * 1000;
  setStatus(state, task, 'STOPPING');
  planStep(state, task, [graceMs, graceMs], () => kill(state, task));
  task.container?.term.abort();
}

function kill(state: EcsState, task: EcsTask): void {
  const container = task.container;
  containerEnded(state, task, KILLED_EXIT_CODE);
  container?.kill.abort();
}

function neverStarted(state: EcsState, task: EcsTask): void {
  cancelStep(task);
  task.provider?.provisioning.delete(task);
  setStatus(state, task, 'DEPROVISIONING');
  stepDown(state, task);
}

function stepDown(state: EcsState, task: EcsTask): void {
  planStep(state, task, state.timings.stepMs, () => {
    const next = WAY_DOWN[WAY_DOWN.indexOf(task.lastStatus) + 1] ?? 'STOPPED';
    if (next === 'STOPPED') finish(state, task);
    else {
      setStatus(state, task, next);
      stepDown(state, task);
    }
  });
}

function finish(state: EcsState, task: EcsTask): void {
  cancelStep(task);
  task.containerStatus = 'STOPPED';
  task.stoppedAt = state.clock.now();
  release(task);
  task.cluster.stopped.add(task);
  state.living.delete(task);
  setStatus(state, task, 'STOPPED');
  enterStopped(state.books, task);
  if (task.instance !== undefined) state.onRoom(task.instance);
}
