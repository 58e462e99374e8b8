/**
 * A program of a job that uses an AWS SDK and knows nothing of ecs-runners. It says whose credentials its client has: now, and
 * again when they have expired; or with each request, as a service. As `metadata` it tries what an SDK tries last.
 */
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ECSClient } from '@aws-sdk/client-ecs';

const client = new ECSClient({});
/** Longer than the credentials of the stage are good for. */
const EXPIRED_MS = 3000;

async function identity(): Promise<string> {
  try {
    const { accessKeyId } = await client.config.credentials();
    return `${accessKeyId} ${await client.config.region()}`;
  } catch (error) {
    return `none (${(error as Error).message})`;
  }
}

/** IMDSv2 as SDKs do it, with their second of patience. */
async function metadata(): Promise<string> {
  const base = 'http://169.254.169.254/latest';
  const get = async (path: string, init: RequestInit) => {
    const answer = await fetch(`${base}/${path}`, { ...init, signal: AbortSignal.timeout(1000) });
    return answer.ok ? answer.text() : '';
  };
  try {
    const token = await get('api/token', { method: 'PUT', headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' } });
    const headers = { 'x-aws-ec2-metadata-token': token };
    const role = await get('meta-data/iam/security-credentials/', { headers });
    const text = await get(`meta-data/iam/security-credentials/${role}`, { headers });
    return (JSON.parse(text) as { AccessKeyId: string }).AccessKeyId;
  } catch {
    return 'blocked';
  }
}

const [, , what] = process.argv;
if (what === 'metadata') console.log(await metadata());
else if (what === 'serve') createServer(async (_, response) => response.end(await identity())).listen(80);
else {
  console.log(await identity());
  await sleep(EXPIRED_MS);
  console.log(await identity());
}
