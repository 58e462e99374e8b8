/** Reading clusters, container instances and capacity providers. */
import { lastPart } from './identifiers.ts';
import {
  describeCapacityProviders as describeCapacityProvidersSchema,
  describeClusters as describeClustersSchema,
  describeContainerInstances as describeContainerInstancesSchema,
  listContainerInstances as listContainerInstancesSchema,
  parse,
} from './inputs.ts';
import { findCluster, findInstance, instancesOf } from './lookup.ts';
import { decodeToken, page } from './paging.ts';
import { resourceArn, wireInstance, wireProvider } from './shapes.ts';
import type { EcsCluster, EcsState } from './state.ts';

export function describeClusters(state: EcsState, input: unknown) {
  const { clusters: names } = parse(describeClustersSchema, input);
  const wanted = names.length === 0 ? ['default'] : names;
  const found = wanted.map((name) => ({ name, cluster: state.clusters.get(lastPart(name)) }));
  return {
    clusters: found.flatMap(({ cluster }) => (cluster === undefined ? [] : [wireCluster(cluster)])),
    failures: found.flatMap(({ name, cluster }) => (cluster === undefined ? [{ arn: name, reason: 'MISSING' }] : [])),
  };
}

export function listContainerInstances(state: EcsState, input: unknown) {
  const { cluster: name, filter, maxResults, nextToken, status } = parse(listContainerInstancesSchema, input);
  const wanted = [...instancesOf(findCluster(state, name))].filter(
    (instance) =>
      (status === undefined || instance.status === status) &&
      (filter === undefined || filter.endsWith(` ${instance.ec2InstanceId}`)),
  );
  const all = wanted.map((instance, index) => ({ order: index + 1, instance }));
  const after = decodeToken(nextToken);
  const found = page(all.slice(after), maxResults);
  const arns = found.items.map(({ instance }) => instance.arn);
  return { containerInstanceArns: arns, ...(found.nextToken === undefined ? {} : { nextToken: found.nextToken }) };
}

export function describeContainerInstances(state: EcsState, input: unknown) {
  const { cluster: name, containerInstances: ids } = parse(describeContainerInstancesSchema, input);
  const cluster = findCluster(state, name);
  const found = ids.map((id) => ({ id, instance: findInstance(cluster, id) }));
  return {
    containerInstances: found.flatMap(({ instance }) => (instance === undefined ? [] : [wireInstance(instance)])),
    failures: found.flatMap(({ id, instance }) =>
      instance === undefined
        ? [{ arn: resourceArn(state, 'container-instance', cluster.name, lastPart(id)), reason: 'MISSING' }]
        : [],
    ),
  };
}

export function describeCapacityProviders(state: EcsState, input: unknown) {
  const { capacityProviders: names, cluster } = parse(describeCapacityProvidersSchema, input);
  const clusters = cluster === undefined ? [...state.clusters.values()] : [findCluster(state, cluster)];
  const known = clusters.flatMap(({ providers }) => [...providers.values()]);
  const wanted = names.map(lastPart);
  return {
    capacityProviders: known
      .filter((provider) => wanted.length === 0 || wanted.includes(provider.config.name))
      .map((provider) => wireProvider(state, provider)),
    failures: wanted
      .filter((name) => !known.some((provider) => provider.config.name === name))
      .map((name) => ({ arn: name, reason: 'MISSING' })),
  };
}

function wireCluster(cluster: EcsCluster) {
  const statuses = [...cluster.tasks.values()].map((task) => task.lastStatus);
  return {
    clusterArn: cluster.arn,
    clusterName: cluster.name,
    status: 'ACTIVE',
    registeredContainerInstancesCount: [...instancesOf(cluster)].length,
    runningTasksCount: statuses.filter((status) => status === 'RUNNING').length,
    pendingTasksCount: statuses.filter((status) => status === 'PENDING' || status === 'ACTIVATING').length,
    activeServicesCount: 0,
    capacityProviders: [...cluster.providers.keys()],
    defaultCapacityProviderStrategy: cluster.defaultStrategy,
    statistics: [],
    settings: [],
    tags: [],
  };
}
