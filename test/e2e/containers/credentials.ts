/**
 * The two places on an instance from which an AWS SDK takes a role: the ECS agent's credentials endpoint (the task's role), and
 * the instance's metadata service (the instance's own role).
 */
import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';

/** So short that a test can wait for it; the agent's are good for hours. */
const VALID_SECONDS = 2;
const INSTANCE_ROLE = 'instance-role';
/** The letters with which keys of the instance's role begin here; a task's begin with its id. */
export const INSTANCE_KEY = 'INSTANCE';

export type TaskCredentials = {
  /** `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` of the task. */
  path: string;
  /** Each key that it was given begins so. */
  key: string;
  /** So many times the agent is not ready yet: 503. */
  notReady: number;
};

export type CredentialsEndpoint = {
  listener: RequestListener;
  add: (role: string) => TaskCredentials;
  /** What the container reads about itself: `ECS_CONTAINER_METADATA_URI_V4` is `metadataPath` of it. */
  describe: (credentials: TaskCredentials, containerId: string) => void;
  /** What was asked for under an unknown id. */
  unknown: string[];
};

/** Agent, tmds/handlers/v1/credentials_handler.go: the id is all that it takes; an unknown one is 400 InvalidIdInRequest. */
export function credentialsEndpoint(): CredentialsEndpoint {
  const tasks = new Map<string, TaskCredentials & { role: string }>();
  const described = new Map<string, string>();
  const unknown: string[] = [];
  return {
    unknown,
    add: (role) => {
      const id = randomUUID();
      const added = { path: `/v2/credentials/${id}`, key: `TASK${id.slice(0, 8).toUpperCase()}`, notReady: 0, role };
      tasks.set(added.path, added);
      return added;
    },
    describe: ({ path }, containerId) => void described.set(metadataPath(path), containerId),
    listener: ({ url = '' }, response) => {
      const task = tasks.get(url);
      response.setHeader('content-type', 'application/json');
      const containerId = described.get(url);
      if (containerId !== undefined) return void response.end(JSON.stringify({ DockerId: containerId }));
      if (task === undefined) {
        unknown.push(url);
        const body = {
          code: 'InvalidIdInRequest',
          message: 'CredentialsV2Request: Credentials not found',
          HTTPErrorCode: 400,
        };
        return void response.writeHead(400).end(JSON.stringify(body));
      }
      if (task.notReady > 0) {
        task.notReady -= 1;
        return void response.writeHead(503).end(JSON.stringify({ code: 'NoIdInRequest', message: 'not ready' }));
      }
      response.end(JSON.stringify({ RoleArn: `arn:aws:iam::123456789012:role/${task.role}`, ...keys(task.key) }));
    },
  };
}

/** The same server is the task metadata endpoint. */
export function metadataPath(credentialsPath: string): string {
  return credentialsPath.replace('/v2/credentials/', '/v4/');
}

export type Metadata = {
  listener: RequestListener;
  /** How often it gave its credentials away. */
  given: number;
};

/** IMDSv2 only: a token by PUT first. */
export function metadataService(): Metadata {
  const role = '/latest/meta-data/iam/security-credentials/';
  const token = randomUUID();
  const metadata: Metadata = {
    given: 0,
    listener: ({ method, url, headers }, response) => {
      if (method === 'PUT' && url === '/latest/api/token') return void response.end(token);
      if (headers['x-aws-ec2-metadata-token'] !== token) return void response.writeHead(401).end();
      if (url === role) return void response.end(INSTANCE_ROLE);
      if (url === `${role}${INSTANCE_ROLE}`) {
        metadata.given += 1;
        return void response.end(JSON.stringify({ Code: 'Success', Type: 'AWS-HMAC', ...keys(INSTANCE_KEY) }));
      }
      response.writeHead(404).end();
    },
  };
  return metadata;
}

/** New ones as soon as the last ones have expired. */
function keys(key: string): Record<string, string> {
  const turn = Math.floor(Date.now() / (VALID_SECONDS * 1000));
  return {
    AccessKeyId: `${key}${turn}`,
    SecretAccessKey: secretOf(`${key}${turn}`),
    Token: tokenOf(`${key}${turn}`),
    Expiration: new Date(Date.now() + VALID_SECONDS * 1000).toISOString(),
    LastUpdated: new Date().toISOString(),
  };
}

/** What belongs to an access key. */
export function secretOf(accessKeyId: string): string {
  return `secret-of-${accessKeyId}`;
}

export function tokenOf(accessKeyId: string): string {
  return `token-of-${accessKeyId}`;
}
