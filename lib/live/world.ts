/** The live world: every port over Octokit and the AWS SDK. Its clients are made once, when it is made. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { World } from '../world.ts';
import type { AwsCredentials } from './clients.ts';
import { clientSettings } from './clients.ts';
import { createCluster } from './cluster.ts';
import { createGitHub } from './github.ts';
import type { App } from './github-app.ts';
import { createLog } from './log.ts';
import { createQueue } from './queue.ts';
import { createListTable, createTable } from './tables.ts';

export type LiveSettings = {
  /** Name of the function, in every line of its log. */
  service: string;
  region: string;
  /** Name or ARN. */
  cluster: string;
  queueUrl: string;
  tables: { history: string; backlog: string; runners: string };
  /** Web base: `https://github.com`, `https://SUB.ghe.com`, `https://HOST`. */
  githubUrl: string;
  /** A function is asked for every token of an installation (once an hour), so that a rotated key is taken up. */
  app: App | (() => Promise<App>);
  /** Absent: the SDK's own. */
  endpoints?: { ecs?: string; sqs?: string; dynamodb?: string };
  /** Absent: the SDK's own chain. */
  credentials?: AwsCredentials;
};

/** Reads no environment variable itself; reaches nothing before the first call. */
export function createLiveWorld(settings: LiveSettings): World {
  const clock = { now: () => Date.now() };
  const dynamodb = new DynamoDBClient({ ...clientSettings(settings, 'dynamodb'), maxAttempts: 3 });
  const table = <Name extends string>(name: string, ...key: Name[]) => ({ client: dynamodb, table: name, key, clock });
  const { history, backlog, runners } = settings.tables;
  return {
    clock,
    github: createGitHub({ url: settings.githubUrl, app: settings.app, clock }),
    // What the SDK repeats by itself the adapter cannot tell apart: see its `runTask`.
    cluster: createCluster({
      client: new ECSClient({ ...clientSettings(settings, 'ecs'), maxAttempts: 1 }),
      cluster: settings.cluster,
    }),
    queue: createQueue({
      client: new SQSClient({ ...clientSettings(settings, 'sqs'), maxAttempts: 3 }),
      url: settings.queueUrl,
    }),
    history: createTable(table(history, 'job')),
    backlog: createListTable(table(backlog, 'pool', 'job')),
    runners: createListTable(table(runners, 'pool', 'place')),
    log: createLog({ service: settings.service }),
  };
}
