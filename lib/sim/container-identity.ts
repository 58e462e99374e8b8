/** How a container proves which task it is: a request to STS, signed with its task's credentials, that it does not send. */
import { amzDate, scopeText, signature } from './signature.ts';
import type { SessionCredentials } from './sts-service.ts';

export type IdentityHeaders = Record<'authorization' | 'x-amz-date' | 'x-amz-security-token' | 'host', string>;

const BODY = 'Action=GetCallerIdentity&Version=2011-06-15';

/** Made out to one runner, by its name; without one, it is what any client of STS signs. `now`: milliseconds since 1970. */
export function identityHeaders(
  credentials: SessionCredentials,
  { runner, now, region = 'us-east-1' }: { runner?: string; now: number; region?: string },
): IdentityHeaders {
  const date = amzDate(now);
  const scope = { date, region, service: 'sts' };
  const host = `sts.${region}.amazonaws.com`;
  const headers = {
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    host,
    'x-amz-date': date,
    'x-amz-security-token': credentials.sessionToken,
    ...(runner !== undefined && { 'x-ecs-runners-name': runner }),
  };
  const signed = Object.keys(headers).join(';');
  const by = `Credential=${credentials.accessKeyId}/${scopeText(scope)}`;
  const signedWith = signature(credentials.secretAccessKey, scope, { headers, body: BODY });
  return {
    authorization: `AWS4-HMAC-SHA256 ${by}, SignedHeaders=${signed}, Signature=${signedWith}`,
    'x-amz-date': date,
    'x-amz-security-token': credentials.sessionToken,
    host,
  };
}
