/**
 * The proof that this container has the task's role: a request to STS that only its credentials can sign, made out to this
 * runner, and good for minutes. The registrar sends it.
 */
import { AwsV4Signer } from 'aws4fetch';
import { CREDENTIALS_MS_MAX } from './limits.ts';

/** The headers of the signed request; none of them is a credential that outlives it. */
export type Identity = Record<string, string>;

const BODY = 'Action=GetCallerIdentity&Version=2011-06-15';
const PROVEN = ['authorization', 'x-amz-date', 'x-amz-security-token'];

/** `undefined`: the task has no role. Throws if the agent does not give its credentials now. */
export async function proveIdentity(name: string, environment: NodeJS.ProcessEnv): Promise<Identity | undefined> {
  const url = credentialsUrl(environment);
  if (url === undefined) return undefined;
  const region = environment['AWS_REGION'] ?? '';
  const host = stsHost(region);
  const { AccessKeyId, SecretAccessKey, Token } = await credentials(url, environment);
  const signer = new AwsV4Signer({
    url: `https://${host}/`,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', 'x-ecs-runners-name': name },
    body: BODY,
    service: 'sts',
    region,
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: Token,
    allHeaders: true,
  });
  const { headers } = await signer.sign();
  return { host, ...Object.fromEntries(PROVEN.map((header) => [header, headers.get(header) ?? ''])) };
}

/** AWS docs, "AWS STS Regions and endpoints". */
function stsHost(region: string): string {
  if (region === '') throw new Error('AWS_REGION is not set');
  return `sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

/** Where AWS SDKs find the credentials of a task. */
function credentialsUrl(environment: NodeJS.ProcessEnv): string | undefined {
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative, AWS_CONTAINER_CREDENTIALS_FULL_URI: full } = environment;
  return relative ? `http://169.254.170.2${relative}` : full || undefined;
}

type Credentials = { AccessKeyId: string; SecretAccessKey: string; Token: string };

async function credentials(
  url: string,
  { AWS_CONTAINER_AUTHORIZATION_TOKEN: token }: NodeJS.ProcessEnv,
): Promise<Credentials> {
  const headers = token ? { authorization: token } : {};
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(CREDENTIALS_MS_MAX) });
  if (!answer.ok) throw new Error(`the ECS agent answers ${answer.status}`);
  return (await answer.json()) as Credentials;
}
