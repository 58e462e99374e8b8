/**
 * The one table of vendor errors: what an answer of GitHub or AWS means to the caller (`FailureKind` of `lib/world.ts`).
 *
 * A read that got no usable answer is `retry` (nothing was done, the same call may succeed); a write that got none is
 * `unknown`. Reasons carry the vendor's own message and nothing else of the answer.
 */
import type { Failure, FailureKind } from '../world.ts';

/** `doing` begins the reason, e.g. "registering a runner in octo-org". */
export type Call = { doing: string; effect: 'read' | 'write' };

/** GitHub: "wait for at least one minute" when a secondary limit comes without `retry-after`. */
const SECONDARY_LIMIT_SECONDS = 60;
/** A reason is one line of a log and a field of a record. */
const REASON_CHARACTERS_MAX = 400;

/** The App's credentials cannot be used; raised while a token is made, before anything was sent. */
export class AppKeyError extends Error {
  override name = 'AppKeyError';
}

type Answer = {
  status: number;
  message: string;
  headers: Record<string, unknown>;
  /** It was the request for an installation token that failed: what we wanted to do was never asked for. */
  forToken: boolean;
  effect: 'read' | 'write';
};

type GitHubRow = { when: (answer: Answer) => boolean; kind: FailureKind; explanation: string };

/** The first row that holds decides. Rate limits are decided before it. */
const GITHUB: readonly GitHubRow[] = [
  {
    when: ({ status, effect }) => noAnswer(status) && effect === 'read',
    kind: 'retry',
    explanation: 'no usable answer',
  },
  { when: ({ status }) => noAnswer(status), kind: 'unknown', explanation: 'no usable answer; it may have been done' },
  {
    when: ({ status, forToken }) => status === 401 && forToken,
    kind: 'refused',
    explanation: 'GitHub does not accept the App: check its id and private key',
  },
  {
    when: ({ status }) => status === 401,
    kind: 'refused',
    explanation: 'GitHub does not accept a fresh token of the App',
  },
  {
    when: ({ status, message }) => status === 403 && /suspended/i.test(message),
    kind: 'refused',
    explanation: 'the installation of the App is suspended: an owner must unsuspend it',
  },
  {
    when: ({ status, message }) => status === 403 && message === '',
    kind: 'refused',
    explanation: 'the organisation has probably disabled self-hosted runners of repositories',
  },
  {
    // The words of "Re-run a job" and of "Re-run failed jobs" (cli/cli#9221).
    when: ({ status, message }) => status === 403 && /already running/i.test(message),
    kind: 'retry',
    explanation: 'the run has not ended',
  },
  { when: ({ status }) => status === 403, kind: 'refused', explanation: 'the App may not do this' },
  {
    when: ({ status, forToken }) => status === 404 && forToken,
    kind: 'refused',
    explanation: 'the App is not installed there any more',
  },
  {
    when: ({ status }) => status === 404 || status === 410,
    kind: 'gone',
    explanation: 'not there, or not visible to the App',
  },
  { when: ({ status }) => status === 409, kind: 'conflict', explanation: 'something of that name exists' },
  {
    when: ({ status, message }) => status === 422 && /running a job/i.test(message),
    kind: 'busy',
    explanation: 'the runner executes a job',
  },
  { when: ({ status }) => status === 400, kind: 'bug', explanation: 'the request was wrong' },
  { when: () => true, kind: 'refused', explanation: 'GitHub refused it' },
];

/** 408 and 5xx; network errors and time-outs are 500 in Octokit's errors; 0 is an answer that cannot be read. */
function noAnswer(status: number): boolean {
  return status === 0 || status === 408 || status >= 500;
}

/** Throws what is not an answer at all: a bug of ours must not look like an outage. `now`: milliseconds since 1970. */
export function githubFailure(error: unknown, call: Call, now: number): Failure {
  if (error instanceof AppKeyError) return { kind: 'refused', reason: reason(call, error.message) };
  const answer = githubAnswer(error, call);
  if (answer === undefined) throw error;
  return limited(answer, call, now) ?? fromGitHubTable(answer, call);
}

function fromGitHubTable(answer: Answer, call: Call): Failure {
  const row = GITHUB.find(({ when }) => when(answer));
  const permission = text(answer.headers['x-accepted-github-permissions']);
  const needs = row?.kind === 'refused' && permission !== '' ? `; needs ${permission}` : '';
  const status = answer.status === 0 ? '' : `${answer.status} `;
  return {
    kind: row?.kind ?? 'unknown',
    reason: reason(call, row?.explanation ?? '', `${status}${answer.message}`.trim() + needs),
    ...(noAnswer(answer.status) && { why: 'no answer' as const }),
  };
}

/** GitHub docs, "Rate limits for the REST API": `retry-after` first, then `x-ratelimit-reset`, then a minute. */
function limited(answer: Answer, call: Call, now: number): Failure | undefined {
  if (answer.status !== 403 && answer.status !== 429) return undefined;
  const after = seconds(answer.headers['retry-after']);
  const exhausted = text(answer.headers['x-ratelimit-remaining']) === '0';
  const secondary = /secondary rate/i.test(answer.message) || answer.status === 429;
  if (after === undefined && !exhausted && !secondary) return undefined;
  const reset = exhausted ? seconds(answer.headers['x-ratelimit-reset']) : undefined;
  const untilReset = reset === undefined ? undefined : Math.max(1, Math.ceil(reset - serverNow(answer, now) / 1000));
  const isPrimary = exhausted && !/secondary rate/i.test(answer.message);
  const limit = isPrimary ? 'rate limit' : 'secondary rate limit';
  return {
    kind: 'retry',
    reason: reason(call, `GitHub's ${limit} is reached`, `${answer.status} ${answer.message}`.trim()),
    retryAfterSeconds: after ?? untilReset ?? SECONDARY_LIMIT_SECONDS,
    why: isPrimary ? 'primary limit' : 'secondary limit',
  };
}

/** The reset is an instant on GitHub's clock; so is the `date` of the same answer. */
function serverNow(answer: Answer, now: number): number {
  const date = Date.parse(text(answer.headers['date']));
  return Number.isNaN(date) ? now : date;
}

/** Octokit's RequestError, by its shape: `status`, `request.url`, and `response` unless the network failed. */
function githubAnswer(error: unknown, call: Call): Answer | undefined {
  if (!isRecord(error) || typeof error['status'] !== 'number') return undefined;
  const response = isRecord(error['response']) ? error['response'] : undefined;
  const data = response?.['data'];
  const request = isRecord(error['request']) ? error['request'] : {};
  const forToken = /\/app\/installations\/\d+\/access_tokens$/.test(text(request['url']));
  return {
    status: error['status'],
    // Never the body: with a string body (an HTML error page), Octokit's own message is that body.
    message: response === undefined ? text(error['message']) : isRecord(data) ? text(data['message']) : '',
    headers: isRecord(response?.['headers']) ? response['headers'] : {},
    forToken,
    effect: forToken ? 'read' : call.effect,
  };
}

/** GitHub said yes, and the rest of the answer cannot be understood (cut, or not GitHub at all). */
export function unreadable(call: Call): Failure {
  const answer = { status: 0, message: '', headers: {}, forToken: false, effect: call.effect };
  return fromGitHubTable(answer, call);
}

type AwsRow = { name: RegExp; message?: RegExp; kind: FailureKind; explanation: string };

/** The first row whose name (and message) fits decides; anything else is an answer that says nothing. */
const AWS: readonly AwsRow[] = [
  {
    name: /^(Throttl|TooManyRequests|RequestLimitExceeded|RequestThrottled)/,
    kind: 'retry',
    explanation: 'AWS throttles these calls',
  },
  {
    name: /^ClientException$/,
    message: /provisioning capacity limit/i,
    kind: 'full',
    explanation: 'the cluster has as many tasks in PROVISIONING as ECS allows (500)',
  },
  {
    name: /^InvalidParameterException$/,
    message: /no container instances were found/i,
    kind: 'full',
    explanation: 'the cluster has no instance, and without a capacity provider none will come',
  },
  {
    name: /^(InvalidParameterException|ClientException)$/,
    message: /task was not found/i,
    kind: 'gone',
    explanation: 'ECS does not know the task any more',
  },
  { name: /^ConflictException$/, kind: 'conflict', explanation: 'a task was started under this name' },
  {
    name: /^AccessDenied|^UnauthorizedOperation$/,
    kind: 'refused',
    explanation: 'the role of the function may not do this',
  },
  {
    name: /^(ExpiredToken|UnrecognizedClient|(Invalid|Incomplete)Signature|SignatureDoesNotMatch|Invalid(ClientTokenId|Token)$|RequestExpired|MissingAuthenticationToken|CredentialsProviderError)/,
    kind: 'refused',
    explanation: 'AWS does not accept the credentials',
  },
  { name: /^ClusterNotFoundException$/, kind: 'refused', explanation: 'there is no such cluster' },
  {
    name: /^(UnsupportedFeature|Platform\w+|Blocked)Exception$/,
    kind: 'refused',
    explanation: 'ECS refuses this here',
  },
  {
    // A deployment has just replaced it; the functions read which one is new within a minute.
    name: /^(InvalidParameter|Client)Exception$/,
    message: /task ?definition is inactive/i,
    kind: 'retry',
    explanation: 'the task definition was replaced; the new one is read within a minute, or else deploy again',
  },
  { name: /./, message: /capacity provider/i, kind: 'refused', explanation: 'check the capacity provider' },
  {
    name: /^(InvalidParameter|Client)Exception$/,
    message: /task ?definition/i,
    kind: 'refused',
    explanation: 'check the task definition',
  },
  { name: /^(InvalidParameter|Validation|Serialization)\w*$/, kind: 'bug', explanation: 'the request was wrong' },
  { name: /^ClientException$/, kind: 'refused', explanation: 'ECS refuses this' },
];

/** For the AWS SDK's errors; network errors and 5xx included. */
export function awsFailure(error: unknown, call: Call): Failure {
  const fields = isRecord(error) ? error : {};
  const name = text(fields['name']) || 'Error';
  const message = text(fields['message']);
  const row = serverFailed(fields)
    ? undefined
    : AWS.find((each) => each.name.test(name) && (each.message?.test(message) ?? true));
  const detail = message === '' ? name : `${name}: ${message}`;
  if (row !== undefined) return { kind: row.kind, reason: reason(call, row.explanation, detail) };
  return call.effect === 'read'
    ? { kind: 'retry', reason: reason(call, 'no usable answer', detail) }
    : { kind: 'unknown', reason: reason(call, 'no usable answer; it may have been done', detail) };
}

function serverFailed(error: Record<string, unknown>): boolean {
  const metadata = isRecord(error['$metadata']) ? error['$metadata'] : {};
  return typeof metadata['httpStatusCode'] === 'number' && metadata['httpStatusCode'] >= 500;
}

/** "doing: explanation (detail)", on one line. */
function reason(call: Call, explanation: string, detail = ''): string {
  const whole = `${call.doing}: ${explanation}${detail === '' ? '' : ` (${detail})`}`;
  return whole.replaceAll(/\s+/g, ' ').slice(0, REASON_CHARACTERS_MAX);
}

function seconds(header: unknown): number | undefined {
  const value = text(header);
  return /^\d+(\.\d+)?$/.test(value) ? Math.ceil(Number(value)) : undefined;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
