/** Where the functions find their services: a relay before each, in which calls can go wrong. */
import type { Closers } from './closers.ts';
import type { Cloud } from './cloud.ts';
import type { functionVariables } from './functions.ts';
import type { Gates } from './gates.ts';
import { type Gate, startRelay } from './relay.ts';

export type ServiceAddresses = Pick<
  Parameters<typeof functionVariables>[0],
  'githubUrl' | 'ecsEndpoint' | 'stsEndpoint' | 'parametersEndpoint' | 'queue' | 'tables'
>;

export async function startRelays(cloud: Cloud, gates: Gates, started: Closers): Promise<ServiceAddresses> {
  const { github, ecs, sts, queue, tables, parameters } = cloud;
  const relay = async (target: string, gate: Gate): Promise<string> =>
    started.add(await startRelay(target, gate)).address;
  const sqs = await relay(queue.endpoint, gates.queue);
  return {
    githubUrl: await relay(github.address, gates.calls),
    ecsEndpoint: await relay(ecs.address, gates.calls),
    stsEndpoint: await relay(sts.address, gates.calls),
    parametersEndpoint: await relay(parameters.endpoint, gates.parameters),
    queue: { endpoint: sqs, queueUrl: `${sqs}${new URL(queue.queueUrl).pathname}` },
    tables: { endpoint: await relay(tables.endpoint, gates.tables), names: tables.names },
  };
}
