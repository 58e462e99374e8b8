/** Families and revisions of task definitions. */
import { EcsError, invalid } from './errors.ts';
import { arn } from './identifiers.ts';
import {
  type ContainerDefinition,
  parse,
  type RunTask,
  registerTaskDefinition as schema,
  taskDefinitionReference,
} from './inputs.ts';
import { findTaskDefinition } from './lookup.ts';
import { wireTaskDefinition } from './shapes.ts';
import type { EcsState, TaskDefinition } from './state.ts';

export function registerTaskDefinition(state: EcsState, input: unknown) {
  const parsed = parse(schema, input);
  const main = parsed.containerDefinitions.find((container) => container.essential);
  if (main === undefined) throw new EcsError('ClientException', 'At least one container must be marked essential.');
  const revisions = state.families.get(parsed.family) ?? [];
  state.families.set(parsed.family, revisions);
  const revision = revisions.length + 1;
  const definition: TaskDefinition = {
    arn: arn(state.home, `task-definition/${parsed.family}:${revision}`),
    family: parsed.family,
    revision,
    status: 'ACTIVE',
    registeredAt: state.clock.now(),
    containers: parsed.containerDefinitions,
    main,
    ...(parsed.taskRoleArn === undefined ? {} : { taskRoleArn: parsed.taskRoleArn }),
    input: parsed,
  };
  revisions.push(definition);
  return { taskDefinition: wireTaskDefinition(definition) };
}

export function deregisterTaskDefinition(state: EcsState, input: unknown) {
  const { taskDefinition: reference } = parse(taskDefinitionReference, input);
  if (!/:\d+$/.test(reference)) throw invalid('Task definition revision is missing.');
  const definition = find(state, reference);
  definition.status = 'INACTIVE';
  return { taskDefinition: wireTaskDefinition(definition) };
}

export function describeTaskDefinition(state: EcsState, input: unknown) {
  return { taskDefinition: wireTaskDefinition(find(state, parse(taskDefinitionReference, input).taskDefinition)) };
}

/** CPU units and MiB that a task takes of its instance: the task's own size, or the sum of its containers. */
export function taskSize(definition: TaskDefinition, request: RunTask): { cpu: number; memory: number } {
  const { overrides } = request;
  const byName = new Map(overrides?.containerOverrides?.map((override) => [override.name, override]));
  const sum = (size: (container: ContainerDefinition) => number): number =>
    definition.containers.reduce((total, container) => total + size(container), 0);
  const cpu = overrides?.cpu ?? definition.input.cpu;
  const memory = overrides?.memory ?? definition.input.memory;
  return {
    cpu: amount(cpu) ?? sum((container) => byName.get(container.name)?.cpu ?? container.cpu),
    memory: amount(memory) ?? sum((container) => byName.get(container.name)?.memory ?? containerMemory(container)),
  };
}

function containerMemory(container: ContainerDefinition): number {
  return container.memoryReservation ?? container.memory ?? 0;
}

/** "1024", "1 vCPU", "2 GB". */
function amount(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number.parseFloat(text);
  return /vcpu|gb/i.test(text) ? number * 1024 : number;
}

function find(state: EcsState, reference: string): TaskDefinition {
  const definition = findTaskDefinition(state, reference);
  if (definition === undefined) throw new EcsError('ClientException', 'Unable to describe task definition.');
  return definition;
}
