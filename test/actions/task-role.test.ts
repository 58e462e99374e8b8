import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import {
  type Answer,
  credentials,
  type Endpoint,
  expiration,
  KEY,
  ROLE,
  runStep,
  SECRET,
  type Step,
  serveCredentials,
  TOKEN,
} from './step.ts';

const FINE: Answer = { status: 200, body: credentials() };
const HINT =
  'AWS SDKs and the AWS CLI need no keys here, in containers neither: they find the task role, and refresh it.';
const MASKS = [`::add-mask::${KEY}`, `::add-mask::${SECRET}`, `::add-mask::${TOKEN.replace('%', '%25')}`];

let endpoint: Endpoint | undefined;
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(script: readonly Answer[]): Promise<Endpoint> {
  const served = await serveCredentials(script);
  closers.push(served.close);
  return served;
}

/** It waits 5 s for an answer: that has to be enough on a machine that is busy otherwise. */
const FASTER = 5;

/** A step on a runner whose agent answers so. */
async function stepOn(
  script: readonly Answer[],
  environment: Record<string, string> = {},
  inputs: Record<string, string> = {},
  speed = 1,
): Promise<Step> {
  endpoint = await serve(script);
  const address = { AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint.url };
  return runStep({ with: inputs, environment: { ...address, ...environment }, speed });
}

test('outputs, environment and log of a step on a runner', async () => {
  const expires = expiration(355.5);
  const step = await stepOn([{ status: 200, body: credentials({ Expiration: expires }) }], {
    AWS_REGION: 'eu-central-1',
  });
  expect(step).toEqual({
    code: 0,
    stdout: [
      ...MASKS,
      `AWS keys of ${ROLE}, as outputs and in the environment of the later steps.`,
      `They expire at ${expires}, in 355 minutes. They are not refreshed: run this action again to get new ones.`,
      HINT,
    ],
    stderr: '',
    outputs: {
      earlier: '1',
      'access-key-id': KEY,
      'secret-access-key': SECRET,
      'session-token': TOKEN,
      expiration: expires,
      region: 'eu-central-1',
      'role-arn': ROLE,
    },
    variables: {
      earlier: '1',
      AWS_ACCESS_KEY_ID: KEY,
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_SESSION_TOKEN: TOKEN,
      AWS_REGION: 'eu-central-1',
      AWS_DEFAULT_REGION: 'eu-central-1',
    },
  });
});

test('without the wish for it, the environment stays as it is', async () => {
  const step = await stepOn([FINE], {}, { 'export-environment': 'false' });
  expect(step).toMatchObject({ code: 0, variables: { earlier: '1' }, outputs: { 'access-key-id': KEY } });
  expect(step.variables).toEqual({ earlier: '1' });
  expect(step.stdout[3]).toBe(`AWS keys of ${ROLE}, as outputs.`);
});

test('a region and a role that nobody names are left out', async () => {
  const { outputs, variables, stdout } = await stepOn([{ status: 200, body: credentials({ RoleArn: undefined }) }]);
  expect(Object.keys(outputs)).toEqual([
    'earlier',
    'access-key-id',
    'secret-access-key',
    'session-token',
    'expiration',
  ]);
  expect(Object.keys(variables)).toEqual([
    'earlier',
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
  ]);
  expect(stdout[3]).toMatch(/^AWS keys of the task role, /);
});

test.each([
  ['AWS_REGION before AWS_DEFAULT_REGION', { AWS_REGION: 'a', AWS_DEFAULT_REGION: 'b' }, 'a'],
  ['AWS_DEFAULT_REGION alone', { AWS_DEFAULT_REGION: 'b' }, 'b'],
])('the region: %s', async (_, environment, region) => {
  const { outputs, variables } = await stepOn([FINE], environment);
  expect([outputs['region'], variables['AWS_REGION'], variables['AWS_DEFAULT_REGION']]).toEqual([
    region,
    region,
    region,
  ]);
});

const odd: [string, string][] = [
  ['several lines', 'one\ntwo\n\nthree'],
  ['a line that looks like a variable', 'x\nNODE_OPTIONS=--require=/evil.js'],
  ['a line that looks like a command', 'x\n::stop-commands::y\n::error::z'],
  ['percent signs and carriage returns', '100%\r\n%0A%25'],
  ['what ends an entry elsewhere', 'EOF\nghadelimiter\nend-'],
  ['equal signs and brackets', 'a=b<<c==='],
];
test.each(odd)('a value with %s arrives whole and masked', async (_, value) => {
  const { code, stdout, outputs, variables } = await stepOn([
    { status: 200, body: credentials({ SecretAccessKey: value, RoleArn: `arn:aws:iam::1:role/x\n::error::${value}` }) },
  ]);
  expect(code).toBe(0);
  expect(outputs['secret-access-key']).toBe(value);
  expect(variables['AWS_SECRET_ACCESS_KEY']).toBe(value);
  expect(Object.keys(variables)).toHaveLength(4);
  expect(unmasked(stdout[1] ?? '')).toBe(value);
  expect(stdout.slice(3).join('\n')).not.toContain(value.split('\n').at(-1));
  expect(stdout).toHaveLength(6);
});

/** As the runner reads it. */
function unmasked(line: string): string {
  const data = line.replace(/^::add-mask::/, '');
  return data.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
}

test('keys that expire soon are a warning', async () => {
  const expires = expiration(29.5);
  const soon: Answer = { status: 200, body: credentials({ Expiration: expires }) };
  const { code, stdout } = await stepOn([soon], {}, { 'minimum-minutes': '30' });
  expect({ code, last: stdout.at(-1) }).toEqual({
    code: 0,
    last: `::warning::The AWS keys expire in 29 minutes, at ${expires}; at least 30 were wanted.`,
  });
  expect((await stepOn([soon], {}, { 'minimum-minutes': '29' })).stdout.at(-1)).toBe(HINT);
  expect((await stepOn([soon])).stdout.at(-1)).toBe(HINT);
  const past: Answer = { status: 200, body: credentials({ Expiration: expiration(-3) }) };
  expect((await stepOn([past])).stdout.at(-1)).toContain('expire in 0 minutes');
});

const OUTSIDE =
  'No AWS keys of the task role: this is not a runner of ecs-runners, or there is no task role: neither ' +
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set.';

test('outside ECS the step fails and says why', async () => {
  const step = await runStep({ environment: {} });
  const untouched = { earlier: '1' };
  expect(step).toEqual({
    code: 1,
    stdout: [`::error::${OUTSIDE}`],
    stderr: '',
    outputs: untouched,
    variables: untouched,
  });
});

test('outside ECS, where keys are not required, it is a warning', async () => {
  const step = await runStep({ environment: {}, with: { required: 'false' } });
  const untouched = { earlier: '1' };
  const stdout = [`::warning::${OUTSIDE} The outputs are empty.`];
  expect(step).toEqual({ code: 0, stdout, stderr: '', outputs: untouched, variables: untouched });
});

test.each<[string, Answer[]]>([
  ['an agent that has just been restarted', [{ status: 503, body: { code: 'CredentialsUninitialized' } }, FINE]],
  ['an agent that has too much to do', [{ status: 429 }, { status: 500 }, FINE]],
  ['connections that are cut', ['cut', 'half', FINE]],
  ['an agent that does not answer', ['silence', FINE]],
  ['the last attempt', [{ status: 503 }, { status: 503 }, { status: 503 }, { status: 503 }, FINE]],
])('it asks again: %s', async (_, script) => {
  const step = await stepOn(script, {}, {}, FASTER);
  expect(step).toMatchObject({ code: 0, stderr: '', outputs: { 'session-token': TOKEN } });
  expect(step.stdout.slice(0, 3)).toEqual(MASKS);
  expect(endpoint?.requests).toHaveLength(script.length);
});

const notCredentials: [string, unknown][] = [
  ['no JSON', 'no JSON'],
  ['nothing', 'null'],
  ['a list', '[]'],
  ['without a token', credentials({ Token: undefined })],
  ['with an empty secret', credentials({ SecretAccessKey: '' })],
  ['without a time', credentials({ Expiration: 'tomorrow' })],
  ['with a number as key', credentials({ AccessKeyId: 7 })],
];

const hopeless: [string, Answer[], string, number][] = [
  [
    'the agent stays down',
    [{ status: 503 }, 'cut', 'half', { status: 429 }, { status: 500, body: credentials() }],
    'the credentials endpoint gave none in 5 attempts (503, ECONNRESET, ECONNRESET, 429, 500).',
    5,
  ],
  ['nobody answers', ['silence'], `gave none in 5 attempts (${Array(5).fill('no answer in 5 s').join(', ')}).`, 5],
  [
    'the agent does not know the credentials',
    [{ status: 400, body: { code: 'InvalidIdInRequest', message: 'x', HTTPErrorCode: 400 } }],
    'the ECS agent does not know these credentials (400 InvalidIdInRequest): they are those of a task that has ended.',
    1,
  ],
  [
    'there is nothing at the path',
    [{ status: 404, body: '404 page not found' }],
    'there is no credentials endpoint at the address (404): the variable is not from this task.',
    1,
  ],
  ['the token is refused', [{ status: 403 }], 'the credentials endpoint refuses the authorization token (403).', 1],
  [
    'a redirect is not followed',
    [{ status: 302, headers: { location: '/' } }],
    'the credentials endpoint answered 302.',
    1,
  ],
  ...notCredentials.map(([name, body]): [string, Answer[], string, number] => [
    `the answer is ${name}`,
    [{ status: 200, body }],
    'the answer of the credentials endpoint is not what AWS documents.',
    1,
  ]),
];
test.each(hopeless)('no keys: %s', async (_, script, reason, requests) => {
  const step = await stepOn(script, {}, {}, FASTER);
  expect(step).toMatchObject({ code: 1, stderr: '', outputs: { earlier: '1' }, variables: { earlier: '1' } });
  expect(step.stdout).toEqual([expect.stringContaining(reason)]);
  expect(step.stdout[0]).toMatch(/^::error::No AWS keys of the task role: /);
  expect(endpoint?.requests).toHaveLength(requests);
  const shown = step.stdout.join('\n');
  for (const secret of [SECRET, TOKEN, 'secret-path']) expect(shown).not.toContain(secret);
});

test('keys that are not required may be missing for any reason', async () => {
  const { code, stdout } = await stepOn([{ status: 400 }], {}, { required: 'false' });
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: [expect.stringMatching(/^::warning::.* The outputs are empty\.$/)],
  });
});

test.each([
  ['export-environment', 'yes', 'it must be true or false'],
  ['required', '1', 'it must be true or false'],
  ['minimum-minutes', '-1', 'it must be a whole number of minutes'],
  ['minimum-minutes', '1.5', 'it must be a whole number of minutes'],
])('the input %s cannot be %s', async (name, value, problem) => {
  const { code, stdout } = await stepOn([FINE], {}, { [name]: value });
  expect({ code, stdout }).toEqual({ code: 1, stdout: [`::error::The input ${name} is "${value}": ${problem}.`] });
  expect(endpoint?.requests).toEqual([]);
});

test('inputs as YAML may spell them, and empty ones', async () => {
  const inputs = { 'export-environment': 'False', required: 'TRUE', 'minimum-minutes': '' };
  const { code, variables } = await stepOn([FINE], {}, inputs);
  expect({ code, variables }).toEqual({ code: 0, variables: { earlier: '1' } });
});

test('the relative address is one of the ECS agent, and comes first', async () => {
  endpoint = await serve([FINE]);
  const { code, outputs } = await runStep({
    environment: {
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/x?y=1',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/',
      LINK_LOCAL_PORT: String(endpoint.port),
    },
  });
  expect({ code, key: outputs['access-key-id'] }).toEqual({ code: 0, key: KEY });
  const [{ url, headers } = { url: '', headers: {} }] = endpoint.requests;
  expect({ url, host: headers.host }).toEqual({ url: '/v2/credentials/x?y=1', host: '169.254.170.2' });
  expect(headers).not.toHaveProperty('authorization');
});

test('a proxy that the job has set up never sees the keys', async () => {
  const proxy = await serve([{ status: 502 }]);
  const address = `http://127.0.0.1:${proxy.port}`;
  const { code } = await stepOn([FINE], { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: address, http_proxy: address });
  expect({ code, proxied: proxy.requests.length }).toEqual({ code: 0, proxied: 0 });
});

test.each([
  ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'http://example.com/x'],
  ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'http://169.254.169.254/latest/meta-data'],
  ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'http://127.0.0.1.example.com/'],
  ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'http://10.0.0.1/'],
  ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'file:///etc/passwd'],
  ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'nonsense'],
  ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', '@example.com/'],
  ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', '@127.0.0.1/'],
  ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', ':8080/x'],
  ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', '.example.com/'],
  ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', '@127.0.0.1/'],
  ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', ':8080/x'],
  ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'v2/credentials/x'],
])('an address that may not be asked: %s=%s', async (name, address) => {
  const { code, stdout } = await runStep({ environment: { [name]: address } });
  expect({ code, stdout }).toEqual({ code: 1, stdout: [expect.stringContaining(`${name} must be `)] });
  expect(stdout[0]).not.toContain(address);
});

const tokenFile = join(mkdtempSync(join(tmpdir(), 'token-')), 'token');
writeFileSync(tokenFile, 'from-the-file\n');
test.each([
  ['of the variable', { AWS_CONTAINER_AUTHORIZATION_TOKEN: 'Bearer x' }, 'Bearer x'],
  [
    'of the file before the variable’s',
    { AWS_CONTAINER_AUTHORIZATION_TOKEN: 'x', AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile },
    'from-the-file',
  ],
])('the authorization token %s is sent', async (_, environment, expected) => {
  expect(await stepOn([FINE], environment)).toMatchObject({ code: 0 });
  expect(endpoint?.requests.map(({ headers }) => headers.authorization)).toEqual([expected]);
});

test.each([
  ['of a file that is not there', { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/no/such' }, 'cannot be read'],
  ['with a line break', { AWS_CONTAINER_AUTHORIZATION_TOKEN: 'a\r\nx: b' }, 'no HTTP header may hold'],
])('an authorization token %s is none', async (_, environment, reason) => {
  const { code, stdout } = await stepOn([FINE], environment);
  expect({ code, stdout }).toEqual({ code: 1, stdout: [expect.stringContaining(reason)] });
  expect(endpoint?.requests).toEqual([]);
});

test('outside GitHub Actions it says so', async () => {
  const { code, stdout } = await stepOn([FINE], { GITHUB_OUTPUT: '' });
  const last = '::error::GITHUB_OUTPUT is not set: this runs as a step of GitHub Actions only.';
  expect({ code, last: stdout.at(-1) }).toEqual({ code: 1, last });
});
