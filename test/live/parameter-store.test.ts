import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from '@jest/globals';
import { createGetParameters, type GetParameters, regionalEndpoint } from '../../lib/live/parameter-store.ts';
import { startParameters } from '../../lib/local/parameters.ts';

type Seen = { headers: IncomingHttpHeaders; body: string };
type Answer = { status: number; body: string; headers?: Record<string, string> } | 'cut' | 'cut the body';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a-secret-key', sessionToken: 'a-session' };
const found: Answer = {
  status: 200,
  body: '{"Parameters":[{"Name":"/a","Value":"in clear"}],"InvalidParameters":["/b"]}',
};
const failure = (status: number, type: string, message = 'as SSM says'): Answer => ({
  status,
  body: JSON.stringify({ __type: type, message }),
});

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

/** SSM that gives these answers one after the other, the last one again and again. */
async function ssm(...answers: Answer[]): Promise<{ getParameters: GetParameters; seen: Seen[]; host: string }> {
  const seen: Seen[] = [];
  server = createServer(async (incoming, outgoing) => {
    const answer = answers[Math.min(seen.length, answers.length - 1)] ?? 'cut';
    seen.push({ headers: incoming.headers, body: await text(incoming) });
    if (answer === 'cut') return void incoming.socket.destroy();
    if (answer !== 'cut the body') return void outgoing.writeHead(answer.status, answer.headers).end(answer.body);
    outgoing.writeHead(200, { 'content-length': '1000' }).write('{"Parameters":[', () => incoming.socket.destroy());
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const getParameters = createGetParameters({ region: 'eu-central-1', credentials, endpoint: `http://${host}` });
  return { getParameters, seen, host };
}

test('decrypted, by name, those that are there', async () => {
  const parameters = await startParameters();
  parameters.set('/ecs-runners/pools', 'zweite, ä 🚀');
  parameters.set('/ecs-runners/github-app', '{}');
  const getParameters = createGetParameters({ region: 'us-east-1', credentials, endpoint: parameters.endpoint });
  const values = await getParameters(['/ecs-runners/pools', '/none', '/ecs-runners/github-app']);
  await parameters.close();
  expect(Object.fromEntries(values)).toEqual({ '/ecs-runners/pools': 'zweite, ä 🚀', '/ecs-runners/github-app': '{}' });
});

test('signed as AWS documents it', async () => {
  const { getParameters, seen, host } = await ssm(found);
  await getParameters(['/a']);
  const [{ headers, body } = { headers: {}, body: '' }] = seen;
  expect(headers).toMatchObject({
    host,
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'AmazonSSM.GetParameters',
    'x-amz-security-token': 'a-session',
  });
  expect(JSON.parse(body)).toEqual({ Names: ['/a'], WithDecryption: true });
  expect(headers.authorization).toBe(authorization(headers, body));
});

/** AWS docs, "Create a signed AWS API request", step by step, over the headers that say that they are signed. */
function authorization(headers: IncomingHttpHeaders, body: string): string {
  const sha256 = (data: string) => createHash('sha256').update(data).digest('hex');
  const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
  const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1] ?? '';
  for (const name of ['host', 'x-amz-date', 'x-amz-security-token', 'x-amz-target'])
    expect(names.split(';')).toContain(name);
  const lines = names.split(';').map((name) => `${name}:${headers[name]}\n`);
  const canonical = ['POST', '/', '', lines.join(''), names, sha256(body)].join('\n');
  const time = String(headers['x-amz-date']);
  const scope = `${time.slice(0, 8)}/eu-central-1/ssm/aws4_request`;
  const key = scope.split('/').reduce(hmac, Buffer.from(`AWS4${credentials.secretAccessKey}`)) as Buffer;
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')).toString('hex');
  return `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
}

test.each<{ name: string; first: Answer }>([
  { name: 'a throttled call', first: failure(400, 'ThrottlingException') },
  { name: 'an internal error', first: failure(500, 'InternalServerError') },
  { name: '503 of something in between', first: { status: 503, body: '<html>busy</html>' } },
  { name: 'a cut connection', first: 'cut' },
  { name: 'a cut answer', first: 'cut the body' },
])('$name is repeated', async ({ first }) => {
  const { getParameters, seen } = await ssm(first, found);
  expect(Object.fromEntries(await getParameters(['/a', '/b']))).toEqual({ '/a': 'in clear' });
  expect(seen).toHaveLength(2);
});

test.each<{ name: string; answer: Answer; calls: number; message: string }>([
  {
    name: 'a role that may not',
    answer: failure(400, 'AccessDeniedException', 'User: x is not authorized to perform: ssm:GetParameters'),
    calls: 1,
    message: 'SSM: 400 AccessDeniedException: User: x is not authorized to perform: ssm:GetParameters',
  },
  {
    name: 'a type with its namespace',
    answer: failure(400, 'com.amazonaws.ssm#InvalidKeyId'),
    calls: 1,
    message: 'SSM: 400 InvalidKeyId: as SSM says',
  },
  {
    name: 'a type in the header',
    answer: { status: 403, body: '', headers: { 'x-amzn-errortype': 'ExpiredTokenException:http://x' } },
    calls: 1,
    message: 'SSM: 403 ExpiredTokenException',
  },
  {
    name: 'an answer that is not from SSM',
    answer: { status: 200, body: 'a secret page' },
    calls: 1,
    message: 'SSM: the answer is not what SSM answers: is the endpoint right?',
  },
  { name: 'throttling without end', answer: failure(400, 'ThrottlingException'), calls: 3, message: '400 Throttling' },
  { name: 'errors without end', answer: { status: 502, body: 'a secret page' }, calls: 3, message: '502 UnknownError' },
])('$name is an error that says so', async ({ answer, calls, message }) => {
  const { getParameters, seen } = await ssm(answer);
  const error = await getParameters(['/a']).catch((thrown: Error) => thrown);
  expect((error as Error).message).toContain(message);
  expect((error as Error).message).not.toMatch(/secret/);
  expect(seen).toHaveLength(calls);
});

test('credentials are asked for at each request, and their error is passed on', async () => {
  const getParameters = createGetParameters({
    region: 'eu-central-1',
    credentials: async () => Promise.reject(new Error('no AWS credentials')),
  });
  await expect(getParameters(['/a'])).rejects.toThrow('reading parameters from SSM: no AWS credentials');
});

test.each([
  ['eu-central-1', 'https://ssm.eu-central-1.amazonaws.com'],
  ['cn-north-1', 'https://ssm.cn-north-1.amazonaws.com.cn'],
  ['us-gov-west-1', 'https://ssm.us-gov-west-1.amazonaws.com'],
  ['us-iso-east-1', 'https://ssm.us-iso-east-1.c2s.ic.gov'],
  ['xx-new-1', 'https://ssm.xx-new-1.amazonaws.com'],
])('%s has its SSM at %s', (region, endpoint) => {
  expect(regionalEndpoint(region)).toBe(endpoint);
});
