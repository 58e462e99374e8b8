/** The live world: every port over Octokit and the AWS SDK. Its clients are made once, when it is made. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { World } from '../world.ts';
import { clientSettings } from './clients.ts';
import { createCluster } from './cluster.ts';
import { createGitHub } from './github.ts';
import type { App } from './github-app.ts';
import { createIdentity } from './identity.ts';
import { createQueue } from './queue.ts';
import { createListTable, createTable } from './tables.ts';

export type LiveSettings = {
  log: World['log'];
  region: string;
  /** Where STS is reached instead of at the region's own address. */
  stsEndpoint?: string | undefined;
  /** Name or ARN. */
  cluster: string;
  queueUrl: string;
  tables: { history: string; backlog: string; runners: string };
  /** Web base: `https://github.com`, `https://SUB.ghe.com`, `https://HOST`. */
  githubUrl: string;
  /** A function is asked for every token of an installation (once an hour), so that a rotated key is taken up. */
  app: App | (() => Promise<App>);
};

/** SQS and DynamoDB: what failed on the way may be repeated, twice. */
const ATTEMPTS_MAX = 3;

/** Reads no environment variable itself, and reaches nothing before the first call. */
export function createLiveWorld(settings: LiveSettings): World {
  const { region, stsEndpoint, tables, githubUrl, app, cluster, queueUrl, log } = settings;
  const clock = { now: () => Date.now() };
  const client = clientSettings({ region });
  const dynamodb = new DynamoDBClient({ ...client, maxAttempts: ATTEMPTS_MAX });
  const table = <Name extends string>(name: string, ...key: Name[]) => ({ client: dynamodb, table: name, key, clock });
  return {
    clock,
    github: createGitHub({ url: githubUrl, app, clock }),
    // The adapter must see what was repeated: ECS's client repeats nothing by itself.
    cluster: createCluster({ client: new ECSClient({ ...client, maxAttempts: 1 }), cluster }),
    identity: createIdentity({ region, endpoint: stsEndpoint }),
    queue: createQueue({ client: new SQSClient({ ...client, maxAttempts: ATTEMPTS_MAX }), url: queueUrl }),
    history: createTable(table(tables.history, 'job')),
    backlog: createListTable(table(tables.backlog, 'pool', 'job')),
    runners: createListTable(table(tables.runners, 'pool', 'place')),
    log,
  };
}
