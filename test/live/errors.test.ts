import { expect, test } from '@jest/globals';
import { AppKeyError, awsFailure, githubFailure } from '../../lib/live/errors.ts';
import type { FailureKind } from '../../lib/world.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const API = 'https://api.github.com';

type GitHubCase = {
  name: string;
  status: number;
  message?: string;
  headers?: Record<string, string>;
  /** A body that is no JSON. */
  page?: string;
  /** No answer at all. */
  network?: boolean;
  url?: string;
  write: FailureKind;
  /** Absent: the same. */
  read?: FailureKind;
  seconds?: number;
  says?: RegExp;
};

const tokens = `${API}/app/installations/7/access_tokens`;
const github: readonly GitHubCase[] = [
  { name: 'a bad gateway says nothing of a write', status: 502, write: 'unknown', read: 'retry' },
  { name: 'an unavailable service says nothing of a write', status: 503, write: 'unknown', read: 'retry' },
  { name: 'a server error says nothing of a write', status: 500, write: 'unknown', read: 'retry' },
  { name: 'a gateway time-out says nothing of a write', status: 504, write: 'unknown', read: 'retry' },
  { name: 'a request time-out says nothing of a write', status: 408, write: 'unknown', read: 'retry' },
  {
    name: 'a cut connection says nothing of a write',
    status: 500,
    network: true,
    message: 'socket hang up',
    write: 'unknown',
    read: 'retry',
    says: /socket hang up/,
  },
  { name: 'without a token, nothing was asked for', status: 502, url: tokens, write: 'retry' },
  {
    name: 'a network failure on the way to a token leaves nothing done',
    status: 500,
    network: true,
    url: tokens,
    write: 'retry',
  },
  {
    name: 'an error page is not quoted',
    status: 502,
    page: '<html>unicorn</html>',
    write: 'unknown',
    read: 'retry',
    says: /^(?!.*unicorn)/,
  },
  {
    name: 'the primary limit lasts until its reset',
    status: 403,
    message: 'API rate limit exceeded',
    headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${NOW / 1000 + 90}` },
    write: 'retry',
    seconds: 90,
  },
  {
    name: 'the reset is on the clock of GitHub',
    status: 429,
    headers: {
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': `${NOW / 1000 + 90}`,
      date: new Date(NOW + 30_000).toUTCString(),
    },
    write: 'retry',
    seconds: 60,
  },
  {
    name: 'a reset in the past is at least a second away',
    status: 403,
    headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${NOW / 1000 - 5}` },
    write: 'retry',
    seconds: 1,
  },
  {
    name: 'an exhausted limit without a reset lasts a minute',
    status: 403,
    headers: { 'x-ratelimit-remaining': '0' },
    write: 'retry',
    seconds: 60,
  },
  {
    name: 'a secondary limit says how long',
    status: 403,
    message: 'You have exceeded a secondary rate limit.',
    headers: { 'retry-after': '17', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${NOW / 1000 + 3000}` },
    write: 'retry',
    seconds: 17,
  },
  {
    name: 'a secondary limit that does not say lasts a minute',
    status: 403,
    message: 'You have exceeded a secondary rate limit.',
    headers: { 'x-ratelimit-remaining': '4000' },
    write: 'retry',
    seconds: 60,
  },
  {
    name: 'a run that goes on cannot be run again yet',
    status: 403,
    message: 'The workflow run containing this job is already running',
    write: 'retry',
  },
  { name: 'too many requests is a limit whatever it says', status: 429, write: 'retry', seconds: 60 },
  {
    name: 'an unreadable wait is a minute',
    status: 429,
    headers: { 'retry-after': 'soon' },
    write: 'retry',
    seconds: 60,
  },
  {
    name: 'a suspended installation',
    status: 403,
    message: 'This installation has been suspended',
    url: tokens,
    write: 'refused',
    says: /suspended: an owner must unsuspend it/,
  },
  {
    name: 'a missing permission is named',
    status: 403,
    message: 'Resource not accessible by integration',
    headers: { 'x-accepted-github-permissions': 'administration=write', 'x-ratelimit-remaining': '4000' },
    write: 'refused',
    says: /may not do this.*needs administration=write/,
  },
  {
    name: 'disabled runners of repositories',
    status: 403,
    message: '',
    write: 'refused',
    says: /disabled self-hosted runners/,
  },
  {
    name: 'a key that GitHub does not know',
    status: 401,
    message: 'A JSON web token could not be decoded',
    url: tokens,
    write: 'refused',
    says: /check its id and private key/,
  },
  { name: 'a token that GitHub does not accept', status: 401, message: 'Bad credentials', write: 'refused' },
  {
    name: 'an App that was uninstalled does not make its runners gone',
    status: 404,
    message: 'Not Found',
    url: tokens,
    write: 'refused',
    says: /not installed there any more/,
  },
  { name: 'not there or not visible', status: 404, message: 'Not Found', write: 'gone' },
  { name: 'gone for ever', status: 410, write: 'gone' },
  {
    name: 'a name that is taken',
    status: 409,
    message: 'Already exists - A runner with the name *** already exists.',
    write: 'conflict',
  },
  {
    name: 'a busy runner in the words of 2022',
    status: 422,
    message: 'Bad request - Runner "a" is still running a job"',
    write: 'busy',
  },
  {
    name: 'a busy runner in the words of 2026',
    status: 422,
    message: 'Bad request - Runner a is currently running a job and cannot be deleted.',
    write: 'busy',
  },
  { name: 'a name that is not allowed', status: 422, message: 'Validation Failed', write: 'refused' },
  { name: 'a request that is wrong', status: 400, message: 'Problems parsing JSON', write: 'bug' },
  { name: 'a repository that is blocked', status: 451, write: 'refused' },
];

function githubError({
  status,
  message,
  headers = {},
  page,
  network,
  url = `${API}/orgs/octo-org/actions/runners`,
}: GitHubCase) {
  const data = page ?? (message === undefined ? {} : { message, secret: 'hidden', errors: ['hidden'] });
  const response = network ? undefined : { status, headers, data };
  return Object.assign(new Error(page ?? message ?? 'Unknown'), { status, response, request: { url } });
}

test.each(github)('GitHub: $name', (given) => {
  const error = githubError(given);
  const write = githubFailure(error, { doing: 'registering a runner', effect: 'write' }, NOW);
  const read = githubFailure(error, { doing: 'registering a runner', effect: 'read' }, NOW);
  expect([write.kind, read.kind, write.retryAfterSeconds]).toEqual([
    given.write,
    given.read ?? given.write,
    given.seconds,
  ]);
  expect(write.reason).toMatch(/^registering a runner: /);
  expect(write.reason).not.toMatch(/hidden|\n/);
  if (given.says !== undefined) expect(write.reason).toMatch(given.says);
});

test('GitHub: a key that cannot be read is refused with what to do', () => {
  const failure = githubFailure(new AppKeyError('store the file'), { doing: 'a', effect: 'write' }, NOW);
  expect(failure).toEqual({ kind: 'refused', reason: 'a: store the file' });
});

test('GitHub: what is no answer is thrown on', () => {
  const bug = new TypeError('undefined is not a function');
  expect(() => githubFailure(bug, { doing: 'a', effect: 'write' }, NOW)).toThrow(bug);
});

test('a reason is one short line', () => {
  const error = githubError({ name: '', status: 403, message: `a\n\tb ${'x'.repeat(1000)}`, write: 'refused' });
  const { reason } = githubFailure(error, { doing: 'a', effect: 'write' }, NOW);
  expect(reason).not.toMatch(/[\n\t]/);
  expect(reason.length).toBeLessThanOrEqual(400);
});

type AwsCase = { name: string; error: object; write: FailureKind; read?: FailureKind; says?: RegExp };

const aws: readonly AwsCase[] = [
  {
    name: 'a throttle',
    error: { name: 'ThrottlingException', message: 'Rate exceeded' },
    write: 'retry',
    says: /throttles.*Rate exceeded/,
  },
  { name: 'another word for a throttle', error: { name: 'TooManyRequestsException' }, write: 'retry' },
  {
    name: 'the limit of tasks in PROVISIONING',
    error: { name: 'ClientException', message: 'Tasks provisioning capacity limit exceeded.' },
    write: 'full',
  },
  {
    name: 'a cluster without instances',
    error: { name: 'InvalidParameterException', message: 'No Container Instances were found in your cluster.' },
    write: 'full',
  },
  {
    name: 'a task that is not known',
    error: { name: 'InvalidParameterException', message: 'The referenced task was not found.' },
    write: 'gone',
  },
  { name: 'a token that was used for another call', error: { name: 'ConflictException' }, write: 'conflict' },
  {
    name: 'a server error',
    error: { name: 'ServerException', $metadata: { httpStatusCode: 500 } },
    write: 'unknown',
    read: 'retry',
  },
  {
    name: 'a server error by the name of another',
    error: { name: 'ClientException', $metadata: { httpStatusCode: 503 } },
    write: 'unknown',
    read: 'retry',
  },
  {
    name: 'a time-out',
    error: { name: 'TimeoutError', message: 'Request timed out' },
    write: 'unknown',
    read: 'retry',
  },
  {
    name: 'a cut connection',
    error: { name: 'Error', code: 'ECONNRESET', message: 'socket hang up' },
    write: 'unknown',
    read: 'retry',
  },
  {
    name: 'an answer that is not of AWS',
    error: { name: 'SyntaxError', message: 'Unexpected token <' },
    write: 'unknown',
    read: 'retry',
  },
  {
    name: 'a missing permission',
    error: { name: 'AccessDeniedException', message: 'User is not authorized to perform: ecs:RunTask' },
    write: 'refused',
    says: /ecs:RunTask/,
  },
  { name: 'credentials that are over', error: { name: 'ExpiredTokenException' }, write: 'refused' },
  {
    name: 'no credentials',
    error: { name: 'CredentialsProviderError', message: 'Could not load credentials' },
    write: 'refused',
  },
  { name: 'a cluster that is not there', error: { name: 'ClusterNotFoundException' }, write: 'refused' },
  { name: 'what this region does not have', error: { name: 'UnsupportedFeatureException' }, write: 'refused' },
  {
    name: 'an inactive task definition',
    error: { name: 'ClientException', message: 'TaskDefinition is inactive' },
    write: 'retry',
    says: /the task definition was replaced; the new one is read within a minute/,
  },
  {
    name: 'a task definition that is not there',
    error: { name: 'ClientException', message: 'TaskDefinition not found.' },
    write: 'refused',
    says: /check the task definition/,
  },
  {
    name: 'a capacity provider that is not there',
    error: { name: 'InvalidParameterException', message: 'The specified capacity provider was not found.' },
    write: 'refused',
    says: /check the capacity provider/,
  },
  {
    name: 'overrides that are too long',
    error: { name: 'InvalidParameterException', message: 'Container Overrides length must be at most 8192' },
    write: 'bug',
  },
];

test.each(aws)('AWS: $name', ({ error, write, read, says }) => {
  const failure = awsFailure(Object.assign(new Error(), error), { doing: 'starting a task', effect: 'write' });
  expect(failure.kind).toBe(write);
  expect(awsFailure(Object.assign(new Error(), error), { doing: 'listing tasks', effect: 'read' }).kind).toBe(
    read ?? write,
  );
  expect(failure.reason).toMatch(/^starting a task: /);
  if (says !== undefined) expect(failure.reason).toMatch(says);
});
