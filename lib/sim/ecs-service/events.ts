/** ECS Task State Change events, as EventBridge delivers them: at least once, in any order, or (a fault) not at all. */
import { uuid } from './identifiers.ts';
import { eventDetail } from './shapes.ts';
import type { EcsState, EcsTask } from './state.ts';

/** EventBridge's envelope (ECS docs: "Amazon ECS task state change events"). */
export type TaskStateChangeEvent = {
  version: '0';
  id: string;
  'detail-type': 'ECS Task State Change';
  source: 'aws.ecs';
  account: string;
  /** ISO 8601, whole seconds. */
  time: string;
  region: string;
  resources: string[];
  /** The task as it was then, not to be changed; `version` rises with each change, so that the order can be told. */
  detail: Record<string, unknown>;
};

/** Call it after the task has changed. */
export function publishTask(state: EcsState, task: EcsTask): void {
  const { chance, faults, timings } = state;
  if (chance.happens(faults.loseEvents)) return;
  const event = taskStateChange(state, task);
  const disorder = chance.happens(faults.reorderEvents) ? draw(state, timings.eventDisorderMs) : 0;
  deliver(state, event, draw(state, timings.eventDelayMs) + disorder);
  if (chance.happens(faults.duplicateEvents)) deliver(state, event, draw(state, timings.eventDisorderMs));
}

export function draw(state: EcsState, range: readonly [number, number]): number {
  return range[0] === range[1] ? range[0] : state.chance.between(range[0], range[1]);
}

function deliver(state: EcsState, event: TaskStateChangeEvent, delayMs: number): void {
  state.clock.after(delayMs, () => state.onTaskStateChange(event));
}

function taskStateChange(state: EcsState, task: EcsTask): TaskStateChangeEvent {
  const now = state.clock.now();
  return {
    version: '0',
    id: uuid(state.chance),
    'detail-type': 'ECS Task State Change',
    source: 'aws.ecs',
    account: state.home.account,
    time: new Date(now).toISOString().replace(/\.\d+Z$/, 'Z'),
    region: state.home.region,
    resources: [task.taskArn],
    detail: eventDetail(task, now),
  };
}
