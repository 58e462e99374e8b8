/**
 * Who has signed a request: STS is sent that request and says so. What comes from a container is checked letter by letter
 * and goes into four headers; where it goes to, and what it asks for, is ours.
 */
import { partition } from '@aws-sdk/core/client';
import { HttpRequest } from '@smithy/core/transport';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Failure, Identity, Outcome, Proof } from '../world.ts';
import { awsFailure, type Call } from './errors.ts';

/** STS answers within milliseconds, and the container asks again. */
const CONNECTION_TIMEOUT_MS = 1_000;
const ANSWER_TIMEOUT_MS = 3_000;
/** An answer has some 500 bytes. */
const ANSWER_BYTES_MAX = 16 * 1024;

const BODY = 'Action=GetCallerIdentity&Version=2011-06-15';
const CONTENT_TYPE = 'application/x-www-form-urlencoded; charset=utf-8';
/** What must be signed; without the last one, a proof for one runner would be one for all of its task's role. */
const SIGNED = ['host', 'x-amz-date', 'x-amz-security-token', 'x-ecs-runners-name'];
const SIGNED_ALSO = ['content-type'];

export type IdentitySettings = {
  region: string;
  /** Where STS is reached instead; it is spoken to as STS of the region all the same. */
  endpoint?: string | undefined;
  /** For the whole answer. */
  timeoutMs?: number;
};

export function createIdentity({ region, endpoint, timeoutMs = ANSWER_TIMEOUT_MS }: IdentitySettings): Identity {
  const host = stsHost(region);
  const url = new URL(endpoint ?? `https://${host}`);
  // A function may be frozen between two calls, and a connection that was kept dies meanwhile.
  const agent = { keepAlive: false, maxSockets: Number.POSITIVE_INFINITY };
  const handler = new NodeHttpHandler({
    httpAgent: agent,
    httpsAgent: agent,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: timeoutMs,
    throwOnRequestTimeout: true,
  });
  return {
    signer: async (runner, proof) => {
      const call: Call = { doing: `asking STS who ${runner} is`, effect: 'read' };
      const fault = faultOf(proof, { region, host });
      if (fault !== undefined) return { kind: 'refused', reason: `its proof is none: ${fault}` };
      try {
        const abortSignal = AbortSignal.timeout(timeoutMs);
        const { response } = await handler.handle(request(url, { host, runner, proof }), { abortSignal });
        return outcome(response.statusCode, await text(response.body), call);
      } catch (error) {
        return awsFailure(error, call);
      }
    },
  };
}

/** AWS docs, "AWS STS Regions and endpoints"; the suffix is another one in China and in the isolated partitions. */
export function stsHost(region: string): string {
  return `sts.${region}.${partition(region).dnsSuffix}`;
}

/** AWS docs, "Signature Version 4": what makes the proof one that could be ours; `undefined`: nothing is wrong with it. */
function faultOf(proof: Proof, { region, host }: { region: string; host: string }): string | undefined {
  const { authorization, 'x-amz-date': date, 'x-amz-security-token': token } = proof;
  if (proof.host !== host) return `it must be made out to ${host}`;
  if (!/^\d{8}T\d{6}Z$/.test(date)) return 'x-amz-date is no time';
  if (!/^[\w+/=.-]{1,8192}$/.test(token)) return 'x-amz-security-token is no session token';
  const parts =
    /^AWS4-HMAC-SHA256 Credential=\w{16,128}\/\d{8}\/([a-z0-9-]+)\/sts\/aws4_request, ?SignedHeaders=([a-z0-9;-]{1,200}), ?Signature=[0-9a-f]{64}$/.exec(
      authorization,
    );
  if (parts === null) return 'authorization is no signature for STS';
  if (parts[1] !== region) return `it must be signed for ${region}`;
  const signed = parts[2]?.split(';') ?? [];
  const missing = SIGNED.find((name) => !signed.includes(name));
  if (missing !== undefined) return `${missing} is not signed`;
  return signed.every((name) => SIGNED.includes(name) || SIGNED_ALSO.includes(name))
    ? undefined
    : 'more is signed than is sent';
}

function request(url: URL, { host, runner, proof }: { host: string; runner: string; proof: Proof }): HttpRequest {
  return new HttpRequest({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    path: '/',
    headers: {
      host,
      'content-type': CONTENT_TYPE,
      'content-length': String(BODY.length),
      authorization: proof.authorization,
      'x-amz-date': proof['x-amz-date'],
      'x-amz-security-token': proof['x-amz-security-token'],
      'x-ecs-runners-name': runner,
    },
    body: BODY,
  });
}

/** Not more than an answer of STS can have; when the time is up, the handler ends it. */
async function text(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error('the answer is larger than any of STS');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A redirect is not followed: it is an answer that says nothing, like every other. */
function outcome(status: number, body: string, call: Call): Outcome<string> {
  const arn = /<Arn>(arn:[\w:+=,.@/-]{1,512})<\/Arn>/.exec(body)?.[1];
  if (status === 200 && arn !== undefined) return { kind: 'ok', value: arn };
  return refusal(status, body, call);
}

/** Only the code is passed on: the message may repeat what was signed, the session token included. */
function refusal(status: number, body: string, call: Call): Failure {
  const name = /<Code>(\w{1,100})<\/Code>/.exec(body)?.[1] ?? 'Error';
  return awsFailure({ name, message: `status ${status}`, $metadata: { httpStatusCode: status } }, call);
}
