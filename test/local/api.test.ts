import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { type LocalApi, startApi } from '../../lib/local/api.ts';
import type { InvokeResult } from '../../lib/local/lambda.ts';

let api: LocalApi;
let event: APIGatewayProxyEventV2 | undefined;
let result: InvokeResult = { ok: true, payload: { statusCode: 202 } };

beforeAll(async () => {
  const invokeWaiting = async (given: unknown): Promise<InvokeResult> => {
    event = given as APIGatewayProxyEventV2;
    return result;
  };
  const state = async (): Promise<unknown> => ({ jobs: [] });
  api = await startApi({
    port: 0,
    webhook: { invokeWaiting },
    registrar: { invokeWaiting },
    state,
    now: () => 1_773_342_238_000,
  });
});
afterAll(() => api.close());

async function post(
  path: string,
  body?: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  event = undefined;
  result = { ok: true, payload: { statusCode: 202 } };
  return fetch(`${api.address}${path}`, { method: 'POST', headers, ...(body === undefined ? {} : { body }) });
}

const BYTES = Uint8Array.from([0x7b, 0xff, 0xfe, 0x7d]);

const bodies: [
  name: string,
  contentType: string | undefined,
  body: string | Uint8Array<ArrayBuffer>,
  expected: object,
][] = [
  ['JSON stays text', 'application/json', '{"a":1}', { body: '{"a":1}', isBase64Encoded: false }],
  [
    'non-ASCII JSON stays text',
    'application/json; charset=utf-8',
    '{"a":"Jürgen 🚀"}',
    { body: '{"a":"Jürgen 🚀"}', isBase64Encoded: false },
  ],
  ['plain text stays text', 'text/plain', 'hello', { body: 'hello', isBase64Encoded: false }],
  [
    'unknown content is base64',
    'application/octet-stream',
    '{"a":1}',
    { body: btoa('{"a":1}'), isBase64Encoded: true },
  ],
  ['a form is base64', 'application/x-www-form-urlencoded', 'a=1', { body: btoa('a=1'), isBase64Encoded: true }],
  ['content without a type is base64', undefined, Uint8Array.from([65]), { body: 'QQ==', isBase64Encoded: true }],
  ['JSON that is not UTF-8 keeps its bytes', 'application/json', BYTES, { body: 'e//+fQ==', isBase64Encoded: true }],
];

test.each(bodies)('%s', async (_, contentType, body, expected) => {
  await post('/webhook', body, contentType === undefined ? {} : { 'content-type': contentType });
  expect(event).toMatchObject(expected);
});

test('no body is no body', async () => {
  await post('/runners/local-default-0-1-1/idle');
  expect(event).toMatchObject({ isBase64Encoded: false });
  expect(event).not.toHaveProperty('body');
});

test('the event has payload format 2.0', async () => {
  await post('/webhook?a=1&a=2&b=%C3%BC', '{}', {
    'Content-Type': 'application/json',
    'X-GitHub-Event': 'workflow_job',
    'User-Agent': 'GitHub-Hookshot/1',
    Cookie: 'one=1; two=2',
  });
  expect(event).toMatchObject({
    version: '2.0',
    routeKey: 'POST /webhook',
    rawPath: '/webhook',
    rawQueryString: 'a=1&a=2&b=%C3%BC',
    queryStringParameters: { a: '1,2', b: 'ü' },
    cookies: ['one=1', 'two=2'],
    headers: { 'content-type': 'application/json', 'x-github-event': 'workflow_job' },
    requestContext: {
      http: {
        method: 'POST',
        path: '/webhook',
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: 'GitHub-Hookshot/1',
      },
      routeKey: 'POST /webhook',
      stage: '$default',
      time: '12/Mar/2026:19:03:58 +0000',
      timeEpoch: 1_773_342_238_000,
    },
  });
  expect(event?.headers).not.toHaveProperty('cookie');
});

test.each(['registration', 'started', 'idle'])('a runner posts to /%s under its name', async (route) => {
  expect((await post(`/runners/local-a%2Db/${route}`, '{}')).status).toBe(202);
  expect(event).toMatchObject({ routeKey: `POST /runners/{name}/${route}`, pathParameters: { name: 'local-a-b' } });
});

test.each([
  ['POST', '/'],
  ['POST', '/webhook/more'],
  ['GET', '/webhook'],
  ['POST', '/runners/a/stop'],
  ['PUT', '/runners/a/idle'],
])('%s %s is not there', async (method, path) => {
  event = undefined;
  const response = await fetch(`${api.address}${path}`, { method });
  expect([response.status, await response.json(), event]).toEqual([404, { message: 'Not Found' }, undefined]);
});

const MEGABYTE = 1024 * 1024;
const sizes: [name: string, contentType: string, bytes: number, status: number][] = [
  ['just under 6 MB of text passes', 'application/json', 6 * MEGABYTE - 4096, 202],
  ['more than 6 MB is too large', 'application/json', 6 * MEGABYTE + 1, 413],
  ['4 MB pass as base64', 'application/octet-stream', 4 * MEGABYTE, 202],
  ['5 MB are more than 6 MB as base64', 'application/octet-stream', 5 * MEGABYTE, 413],
  ['far more is too large, too', 'application/json', 33 * MEGABYTE, 413],
];

test.each(sizes)('%s', async (_, contentType, bytes, status) => {
  const response = await post('/webhook', 'a'.repeat(bytes), { 'content-type': contentType });
  expect(response.status).toBe(status);
  expect(event === undefined).toBe(status === 413);
});

const answers: {
  name: string;
  result: InvokeResult;
  status: number;
  body: string;
  headers?: Record<string, string>;
}[] = [
  {
    name: 'its status and body',
    result: { ok: true, payload: { statusCode: 410, body: 'gone' } },
    status: 410,
    body: 'gone',
  },
  {
    name: 'its headers',
    result: {
      ok: true,
      payload: { statusCode: 503, headers: { 'Retry-After': 7, 'Content-Type': 'application/json' }, body: '{}' },
    },
    status: 503,
    body: '{}',
    headers: { 'retry-after': '7', 'content-type': 'application/json' },
  },
  {
    name: 'base64 as bytes',
    result: { ok: true, payload: { statusCode: 200, body: 'aGk=', isBase64Encoded: true } },
    status: 200,
    body: 'hi',
  },
  { name: 'anything else as JSON', result: { ok: true, payload: { a: 1 } }, status: 200, body: '{"a":1}' },
  {
    name: '500 when it fails',
    result: { ok: false, error: { errorType: 'Error', errorMessage: 'secret' } },
    status: 500,
    body: '{"message":"Internal Server Error"}',
  },
  {
    name: '503 when it takes too long',
    result: { ok: false, error: { errorType: 'Sandbox.Timedout', errorMessage: '' } },
    status: 503,
    body: '{"message":"Service Unavailable"}',
  },
  {
    name: '503 when it is throttled',
    result: { ok: false, throttled: true, error: { errorType: 'TooManyRequestsException', errorMessage: '' } },
    status: 503,
    body: '{"message":"Service Unavailable"}',
  },
];

test.each(answers)("the function's answer becomes $name", async (row) => {
  const pending = post('/webhook', '{}', { 'content-type': 'application/json' });
  result = row.result;
  const response = await pending;
  expect([response.status, await response.text()]).toEqual([row.status, row.body]);
  expect(Object.fromEntries(response.headers)).toMatchObject(row.headers ?? {});
});

test('the state is JSON', async () => {
  expect(await (await fetch(`${api.address}/api/state`)).json()).toEqual({ jobs: [] });
});

test('the root says what this is', async () => {
  expect(await (await fetch(`${api.address}/`)).text()).toContain('ecs-runners');
});

test('a busy port is named', async () => {
  const port = Number(new URL(api.address).port);
  const nothing = { invokeWaiting: async (): Promise<InvokeResult> => result };
  const second = startApi({ port, webhook: nothing, registrar: nothing, state: async () => ({}), now: () => 0 });
  await expect(second).rejects.toThrow(`port ${port} is busy`);
});
