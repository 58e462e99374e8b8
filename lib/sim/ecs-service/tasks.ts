/** Moving a task along: every change of status is one version and one event. */
import type { Range } from './config.ts';
import { draw, publishTask } from './events.ts';
import type { EcsState, EcsTask, StopCode, TaskStatus } from './state.ts';

export function setStatus(state: EcsState, task: EcsTask, status: TaskStatus): void {
  task.lastStatus = status;
  task.version += 1;
  publishTask(state, task);
}

/** Plans the one next step of the task, instead of the one that was planned. */
export function planStep(state: EcsState, task: EcsTask, range: Range, step: () => void): void {
  cancelStep(task);
  task.cancelStep = state.clock.after(draw(state, range), () => {
    delete task.cancelStep;
    step();
  });
}

export function cancelStep(task: EcsTask): void {
  task.cancelStep?.();
  delete task.cancelStep;
}

/** From here on the task is to be stopped; the first reason stays. */
export function wantStopped(state: EcsState, task: EcsTask, stopCode: StopCode, reason: string): void {
  if (task.desiredStatus === 'STOPPED') return;
  task.desiredStatus = 'STOPPED';
  task.stopCode = stopCode;
  task.stoppedReason = reason;
  task.stoppingAt = state.clock.now();
}
