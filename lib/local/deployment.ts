/** What is deployed on the stack: its secrets, its task definitions, and the parameters that the functions read. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { Pools } from '../core/pool.ts';
import type { LocalCluster } from './cluster.ts';
import type { LocalParameters } from './parameters.ts';

export const PARAMETERS_PATH = '/ecs-runners/local';
export const APP_ID = 123_456;
/** As GitHub's own keys have. */
const KEY_BITS = 2048;

export type Secrets = { webhookSecret: string; ticketSecret: string; publicKey: string; privateKey: string };

export function newSecrets(): Secrets {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: KEY_BITS,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const secret = (): string => randomBytes(20).toString('hex');
  return { webhookSecret: secret(), ticketSecret: secret(), publicKey, privateKey };
}

/** As CloudFormation: new task definitions, then the parameters, then the old ones go. */
export function deployer(cluster: LocalCluster, parameters: LocalParameters): () => void {
  let deployed: Pools['pools'] = [];
  return () => {
    const replaced = deployed;
    const next = cluster.deploy();
    deployed = next.pools;
    setPools(parameters, next);
    cluster.deregister(replaced.map(({ taskDefinition }) => taskDefinition));
  };
}

/** One for each pool, and an index, as a deployment makes them. */
function setPools(parameters: LocalParameters, { pools, ...index }: Pools): void {
  set(parameters, 'pools', { ...index, pools: pools.map(({ name }) => name) });
  for (const pool of pools) set(parameters, `pools/${pool.name}`, pool);
}

export function setSecrets(parameters: LocalParameters, { webhookSecret, ticketSecret, privateKey }: Secrets): void {
  set(parameters, 'webhook-secrets', [webhookSecret]);
  set(parameters, 'ticket-secrets', [ticketSecret]);
  set(parameters, 'github-app', { appId: APP_ID, privateKey });
}

function set(parameters: LocalParameters, name: string, value: unknown): void {
  parameters.set(`${PARAMETERS_PATH}/${name}`, JSON.stringify(value));
}
