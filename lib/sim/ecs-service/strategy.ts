/** Launch type or capacity provider strategy: who gives the instance. */
import type { StrategyItem } from './config.ts';
import { EcsError, invalid } from './errors.ts';
import type { RunTask } from './inputs.ts';
import type { EcsCluster, EcsState, Provider } from './state.ts';

/** `undefined`: any instance of the cluster (launch type EC2), and nobody adds one. */
export function chooseProvider(state: EcsState, cluster: EcsCluster, request: RunTask): Provider | undefined {
  const { capacityProviderStrategy = [], launchType } = request;
  if (capacityProviderStrategy.length > 0 && launchType !== undefined) {
    throw invalid(
      'Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.',
    );
  }
  if (launchType !== undefined && launchType !== 'EC2') {
    throw new EcsError('UnsupportedFeatureException', `The simulated ECS has no launch type ${launchType}.`);
  }
  if (launchType === 'EC2') return undefined;
  const items = capacityProviderStrategy.length > 0 ? capacityProviderStrategy : cluster.defaultStrategy;
  return items.length === 0 ? undefined : chooseByWeight(state, cluster, items);
}

/** Base first, then by weight. ECS API: the default weight is 0, and all-zero weights run nothing. */
function chooseByWeight(state: EcsState, cluster: EcsCluster, items: readonly StrategyItem[]): Provider | undefined {
  const known = items.map((item) => ({ item, provider: findProvider(cluster, item.capacityProvider) }));
  const total = items.reduce((sum, item) => sum + (item.weight ?? 0), 0);
  if (total === 0) throw invalid('The capacity provider strategy must have a capacity provider with a weight above 0.');
  const base = known.find(({ item, provider }) => (item.base ?? 0) > 0 && tasksOf(provider) < (item.base ?? 0));
  if (base !== undefined) return base.provider;
  let left = total === known[0]?.item.weight ? 0 : state.chance.next() * total;
  for (const { item, provider } of known) {
    left -= item.weight ?? 0;
    if (left < 0) return provider;
  }
  return known[0]?.provider;
}

function findProvider(cluster: EcsCluster, name: string): Provider {
  const provider = cluster.providers.get(name);
  if (provider !== undefined) return provider;
  throw invalid(
    'The specified capacity provider strategy cannot contain a capacity provider that is not associated with the ' +
      'cluster. Associate the capacity provider with the cluster and try again.',
  );
}

function tasksOf(provider: Provider): number {
  let count = provider.provisioning.size;
  for (const instance of provider.instances.values()) count += instance.tasks.size;
  return count;
}
