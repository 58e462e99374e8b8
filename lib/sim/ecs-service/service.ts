/**
 * A simulated ECS: a state machine with injected clock and chance. It speaks the JSON of the real API (times in
 * seconds since 1970), in process; `lib/local/ecs.ts` puts HTTP in front.
 */
import { type BooksReport, enterCall, report } from './books.ts';
import * as clusterReads from './cluster-reads.ts';
import type { EcsOptions } from './config.ts';
import { EcsError } from './errors.ts';
import { type EcsFaults, setFaults } from './faults.ts';
import { updateContainerInstancesState } from './instance-states.ts';
import { kill } from './instances.ts';
import { findInstance, instancesOf } from './lookup.ts';
import { runTask } from './run-task.ts';
import { watch } from './scaling.ts';
import { createState } from './setup.ts';
import { fullTask, wireInstance } from './shapes.ts';
import type { EcsState } from './state.ts';
import * as taskDefinitions from './task-definitions.ts';
import * as taskReads from './task-reads.ts';
import { createThrottle, throttled } from './throttle.ts';

export type EcsService = {
  /** One API call, e.g. `call('RunTask', { … })`. Throws EcsError. */
  call(operation: string, input: unknown): Record<string, unknown>;
  /** Every task ever started, in that order, with all fields; also those that the API has forgotten. */
  tasks(): Record<string, unknown>[];
  /** Those that are not STOPPED; takes no longer when there were many before. */
  livingTasks(): Record<string, unknown>[];
  instances(): Record<string, unknown>[];
  /** Spot: the instance is gone at once, its containers without SIGTERM. By ARN, id or EC2 id; says whether it was there. */
  killInstance(id: string): boolean;
  faults(): EcsFaults;
  /** Sets the named ones; throws RangeError, with nothing changed, where one is unknown or out of range. */
  setFaults(changes: Readonly<Record<string, unknown>>): void;
  books(): BooksReport;
};

const OPERATIONS: Readonly<Record<string, (state: EcsState, input: unknown) => Record<string, unknown>>> = {
  RunTask: runTask,
  StopTask: taskReads.stopTask,
  DescribeTasks: taskReads.describeTasks,
  ListTasks: taskReads.listTasks,
  RegisterTaskDefinition: taskDefinitions.registerTaskDefinition,
  DeregisterTaskDefinition: taskDefinitions.deregisterTaskDefinition,
  DescribeTaskDefinition: taskDefinitions.describeTaskDefinition,
  DescribeClusters: clusterReads.describeClusters,
  ListContainerInstances: clusterReads.listContainerInstances,
  DescribeContainerInstances: clusterReads.describeContainerInstances,
  UpdateContainerInstancesState: updateContainerInstancesState,
  DescribeCapacityProviders: clusterReads.describeCapacityProviders,
};

export function createEcsService(options: EcsOptions): EcsService {
  const state = createState(options);
  const takeToken = createThrottle(options.clock);
  return {
    call: (operation, input) => counted(state, operation, () => answer(state, takeToken, operation, input)),
    tasks: () => state.everyTask.map(fullTask),
    livingTasks: () => [...state.living].map(fullTask),
    instances: () => [...state.clusters.values()].flatMap((cluster) => [...instancesOf(cluster)].map(wireInstance)),
    killInstance: (id) => killInstance(state, id),
    faults: () => ({ ...state.faults }),
    setFaults: (changes) => setFaults(state.faults, changes),
    books: () => report(state.books),
  };
}

function counted<Answer>(state: EcsState, operation: string, call: () => Answer): Answer {
  try {
    const result = call();
    enterCall(state.books, operation);
    return result;
  } catch (error) {
    enterCall(state.books, operation, error instanceof EcsError ? error.type : 'bug');
    throw error;
  }
}

function answer(state: EcsState, takeToken: (operation: string) => void, operation: string, input: unknown) {
  const perform = OPERATIONS[operation];
  if (perform === undefined) throw new EcsError('UnknownOperationException', `No operation ${operation}`);
  const { chance, faults } = state;
  takeToken(operation);
  if (chance.happens(throttleShare(faults, operation))) throw throttled();
  if (chance.happens(faults.accessDenied)) {
    throw new EcsError('AccessDeniedException', `User is not authorized to perform: ecs:${operation}`);
  }
  if (chance.happens(faults.failBefore)) throw serverFault();
  if (chance.happens(faults.cutBefore)) throw connectionCut();
  const result = perform(state, input ?? {});
  if (chance.happens(faults.failAfter)) throw serverFault();
  if (chance.happens(faults.cutAfter)) throw connectionCut();
  return result;
}

function throttleShare(faults: EcsFaults, operation: string): number {
  if (operation === 'RunTask' || operation === 'StopTask') return faults.throttleRunTask;
  return /^(Describe|List)/.test(operation) ? faults.throttleReads : 0;
}

function serverFault(): EcsError {
  return new EcsError('ServerException', 'Service Unavailable. Please try again later.');
}

function connectionCut(): EcsError {
  return new EcsError('ConnectionCut', 'The connection was cut before an answer arrived.');
}

function killInstance(state: EcsState, id: string): boolean {
  for (const cluster of state.clusters.values()) {
    const byEc2Id = [...instancesOf(cluster)].find(({ ec2InstanceId }) => ec2InstanceId === id);
    const instance = byEc2Id ?? findInstance(cluster, id);
    if (instance === undefined || !instance.connected) continue;
    kill(state, instance);
    watch(state, instance.provider);
    return true;
  }
  return false;
}
