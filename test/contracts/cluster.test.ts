import { ECSClient } from '@aws-sdk/client-ecs';
import { createCluster } from '../../lib/live/cluster.ts';
import { serveEcs } from '../../lib/local/ecs.ts';
import { createSimCluster } from '../../lib/sim/cluster.ts';
import { clusterContract } from '../support/contract-cluster.ts';

clusterContract('the cluster in ECS', async ({ ecs }, clusterName) => {
  const served = await serveEcs({ service: ecs, port: 0 });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new ECSClient({ endpoint: served.url, region: 'us-east-1', credentials, maxAttempts: 1 });
  return {
    cluster: createCluster({ client, cluster: clusterName }),
    close: async () => {
      client.destroy();
      await served.close();
    },
  };
});

clusterContract('the simulated cluster', async ({ ecs }, clusterName) => ({
  cluster: createSimCluster(ecs, { cluster: clusterName }),
  close: async () => {},
}));
