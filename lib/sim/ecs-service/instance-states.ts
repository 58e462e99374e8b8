/** UpdateContainerInstancesState: who runs tasks on their own must look after them, since draining leaves those alone. */
import { lastPart } from './identifiers.ts';
import { parse, updateContainerInstancesState as schema } from './inputs.ts';
import { findCluster, findInstance } from './lookup.ts';
import { resourceArn, wireInstance } from './shapes.ts';
import type { EcsState } from './state.ts';

/** An instance that takes tasks again takes those that wait. */
export function updateContainerInstancesState(state: EcsState, input: unknown) {
  const { cluster: name, containerInstances: ids, status } = parse(schema, input);
  const cluster = findCluster(state, name);
  const found = ids.map((id) => ({ id, instance: findInstance(cluster, id) }));
  for (const { instance } of found) {
    if (instance === undefined) continue;
    instance.status = status;
    if (status === 'ACTIVE') state.onRoom(instance);
  }
  return {
    containerInstances: found.flatMap(({ instance }) => (instance === undefined ? [] : [wireInstance(instance)])),
    failures: found.flatMap(({ id, instance }) =>
      instance === undefined
        ? [{ arn: resourceArn(state, 'container-instance', cluster.name, lastPart(id)), reason: 'MISSING' }]
        : [],
    ),
  };
}
