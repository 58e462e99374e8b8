/** Finding what a caller names: by name, id or ARN. */
import { EcsError, invalid } from './errors.ts';
import { lastPart } from './identifiers.ts';
import type { EcsCluster, EcsState, EcsTask, Instance, TaskDefinition } from './state.ts';

export function findCluster(state: EcsState, nameOrArn = 'default'): EcsCluster {
  const cluster = state.clusters.get(lastPart(nameOrArn));
  if (cluster === undefined) throw new EcsError('ClusterNotFoundException', 'Cluster not found.');
  forget(state, cluster);
  return cluster;
}

const TASK_ID = /^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** Throws where it is no task id at all; unknown tasks give `undefined`. */
export function findTask(cluster: EcsCluster, idOrArn: string): EcsTask | undefined {
  const id = lastPart(idOrArn);
  if (!TASK_ID.test(id)) throw invalid('Task Identifier is invalid');
  return cluster.tasks.get(`${taskArnPrefix(cluster)}${id}`);
}

/** The ARN that an id would have. */
export function taskArn(cluster: EcsCluster, idOrArn: string): string {
  return `${taskArnPrefix(cluster)}${lastPart(idOrArn)}`;
}

export function findInstance(cluster: EcsCluster, idOrArn: string): Instance | undefined {
  const arn = cluster.arn.replace(':cluster/', ':container-instance/').concat('/', lastPart(idOrArn));
  for (const provider of cluster.providers.values()) {
    const instance = provider.instances.get(arn);
    if (instance !== undefined) return instance;
  }
  return undefined;
}

/** `family` is its newest active revision; `family:revision` and ARNs are exact, and may be inactive. */
export function findTaskDefinition(state: EcsState, reference: string): TaskDefinition | undefined {
  const [family = '', revision] = lastPart(reference).split(':');
  const revisions = state.families.get(family) ?? [];
  if (revision !== undefined) return revisions[Number(revision) - 1];
  return revisions.findLast((definition) => definition.status === 'ACTIVE');
}

export function* instancesOf(cluster: EcsCluster): Generator<Instance> {
  for (const provider of cluster.providers.values()) yield* provider.instances.values();
}

function taskArnPrefix(cluster: EcsCluster): string {
  return cluster.arn.replace(':cluster/', ':task/').concat('/');
}

/** ECS API: stopped tasks are known for at least an hour; here for exactly that long. */
function forget(state: EcsState, cluster: EcsCluster): void {
  const before = state.clock.now() - state.timings.stoppedRetentionMs;
  for (const task of cluster.stopped) {
    if ((task.stoppedAt ?? 0) > before) return;
    cluster.stopped.delete(task);
    cluster.tasks.delete(task.taskArn);
    const sameStarter = cluster.startedBy.get(task.request.startedBy ?? '');
    sameStarter?.delete(task);
    if (sameStarter?.size === 0) cluster.startedBy.delete(task.request.startedBy ?? '');
  }
}
