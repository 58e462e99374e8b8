/**
 * GetParameters of SSM's parameter store, as one signed POST. The SDK's client of SSM knows 150 operations, 76 kB of every
 * bundle; what is used here are the SDK's own signer, HTTP handler and retries, which its other clients bring along anyway.
 */
import { text } from 'node:stream/consumers';
import { partition } from '@aws-sdk/core/client';
import { Sha256 } from '@smithy/core/checksum';
import { loadJsonRpcErrorCode } from '@smithy/core/protocols';
import { isThrottlingError, isTransientError, StandardRetryStrategy } from '@smithy/core/retry';
import { HttpRequest } from '@smithy/core/transport';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { SignatureV4 } from '@smithy/signature-v4';

/**
 * SSM answers within milliseconds. All attempts together stay below the 10 s that GitHub and the webhook function give an
 * event, so that a hanging SSM leaves time to go on with what was read before.
 */
const CONNECTION_TIMEOUT_MS = 1_000;
const ANSWER_TIMEOUT_MS = 2_000;
const ATTEMPTS_MAX = 3;
/** A reason is one line of a log. */
const MESSAGE_CHARACTERS_MAX = 400;

export type ParameterStoreSettings = {
  region: string;
  /** Asked whenever a request is signed. */
  credentials: ConstructorParameters<typeof SignatureV4>[0]['credentials'];
  /** Absent: SSM of the region. */
  endpoint?: string | undefined;
};

/** The values, decrypted, by name; at most 10 names. Those that are not there are left out. Throws what SSM answered. */
export type GetParameters = (names: readonly string[]) => Promise<Map<string, string>>;

type Call = (names: readonly string[]) => Promise<Map<string, string>>;
type SdkError = Parameters<typeof isThrottlingError>[0];

export function createGetParameters(settings: ParameterStoreSettings): GetParameters {
  const { region, credentials, endpoint } = settings;
  const url = new URL(endpoint ?? regionalEndpoint(region));
  const signer = new SignatureV4({ service: 'ssm', region, credentials, sha256: Sha256 });
  const handler = new NodeHttpHandler({
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: ANSWER_TIMEOUT_MS,
    socketTimeout: ANSWER_TIMEOUT_MS,
    throwOnRequestTimeout: true,
  });
  const call: Call = async (names) => {
    const { response } = await handler.handle(new HttpRequest(await signer.sign(request(url, names))));
    const body = parseJson(await text(response.body));
    if (response.statusCode !== 200) throw refusal(response, body);
    return valuesByName(body);
  };
  return withRetries(call);
}

/** AWS docs, "Systems Manager endpoints"; the suffix is another one in China and in the isolated partitions. */
export function regionalEndpoint(region: string): string {
  return `https://ssm.${region}.${partition(region).dnsSuffix}`;
}

/** AWS docs, "Signing AWS API requests"; the JSON 1.1 protocol names the operation in a header. */
function request(url: URL, names: readonly string[]): HttpRequest {
  return new HttpRequest({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    path: url.pathname,
    headers: {
      host: url.host,
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AmazonSSM.GetParameters',
      'user-agent': 'ecs-runners',
    },
    body: JSON.stringify({ Names: names, WithDecryption: true }),
  });
}

/** Cut connections, time-outs, 5xx and throttling are tried again, later each time. */
function withRetries(call: Call): Call {
  const strategy = new StandardRetryStrategy(ATTEMPTS_MAX);
  return async (names) => {
    let token = await strategy.acquireInitialRetryToken('ssm');
    while (true) {
      try {
        const values = await call(names);
        strategy.recordSuccess(token);
        return values;
      } catch (error) {
        const cause = error as SdkError;
        const again = strategy.refreshRetryTokenForRetry(token, { error: cause, errorType: retryErrorType(cause) });
        token = await again.catch(() => {
          throw new Error(`reading parameters from SSM: ${cause.message}`, { cause });
        });
      }
    }
  };
}

function retryErrorType(error: SdkError): 'THROTTLING' | 'TRANSIENT' | 'CLIENT_ERROR' {
  if (isThrottlingError(error)) return 'THROTTLING';
  return isTransientError(error) ? 'TRANSIENT' : 'CLIENT_ERROR';
}

/** The parser's own error is not passed on: it shows the text, and there may be a value in it. */
function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** With the fields by which the SDK's retries know their errors. */
function refusal(
  { statusCode, headers }: { statusCode: number; headers: Record<string, string> },
  body: unknown,
): Error {
  const data = typeof body === 'object' && body !== null ? body : {};
  const name = loadJsonRpcErrorCode({ statusCode, headers }, data) ?? 'UnknownError';
  const { message, Message = message } = data as { message?: unknown; Message?: unknown };
  const said = typeof Message === 'string' ? `: ${Message.slice(0, MESSAGE_CHARACTERS_MAX)}` : '';
  const error = new Error(`${statusCode} ${name}${said}`);
  return Object.assign(error, { name, $metadata: { httpStatusCode: statusCode } });
}

function valuesByName(body: unknown): Map<string, string> {
  const { Parameters } = (body ?? {}) as { Parameters?: { Name: string; Value: string }[] };
  if (!Array.isArray(Parameters)) throw new Error('the answer is not what SSM answers: is the endpoint right?');
  return new Map(Parameters.map(({ Name, Value }) => [Name, Value]));
}
