/** STS as a script on the wire: what is sent to it, and what becomes of everything that may come back. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createIdentity, stsHost } from '../../lib/live/identity.ts';
import type { Proof } from '../../lib/world.ts';

const RUNNER = 'gha-default-0-4711-1';
const TOKEN = 'FwoGZXIvYXdzEBYaDK/+x==';
const SIGNATURE = '0123456789abcdef'.repeat(4);
const SIGNED = 'content-type;host;x-amz-date;x-amz-security-token;x-ecs-runners-name';
const ARN = 'arn:aws:sts::123456789012:assumed-role/task/0f9de17a6465404e8b1b2356dc13c2f8';
const PROOF: Proof = {
  authorization: `AWS4-HMAC-SHA256 Credential=ASIAIOSFODNN7EXAMPLE/20261123/us-east-1/sts/aws4_request, SignedHeaders=${SIGNED}, Signature=${SIGNATURE}`,
  'x-amz-date': '20261123T080000Z',
  'x-amz-security-token': TOKEN,
  host: 'sts.us-east-1.amazonaws.com',
};

/** As STS answers (STS API Reference, "GetCallerIdentity", "Common errors"). */
const identity = (arn: string) =>
  `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    <Arn>${arn}</Arn>
    <UserId>AROACLKWSDQRAOEXAMPLE:0f9de17a6465404e8b1b2356dc13c2f8</UserId>
    <Account>123456789012</Account>
  </GetCallerIdentityResult>
  <ResponseMetadata><RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId></ResponseMetadata>
</GetCallerIdentityResponse>`;
const error = (code: string, message: string) =>
  `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;

let server: Server;
let seen: (Pick<IncomingMessage, 'method' | 'url' | 'headers'> & { body: string })[];
let script: RequestListener;

beforeEach(async () => {
  seen = [];
  script = says(200, identity(ARN));
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    seen.push({ method: request.method, url: request.url, headers: request.headers, body });
    script(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function says(status: number, body: string, headers: Record<string, string> = {}): RequestListener {
  return (_, response) => void response.writeHead(status, { 'content-type': 'text/xml', ...headers }).end(body);
}

const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const signer = (changes: Partial<Proof> = {}) =>
  createIdentity({ region: 'us-east-1', endpoint: address(), timeoutMs: 300 }).signer(RUNNER, { ...PROOF, ...changes });

test('sends the one request that can be meant, to its own address and in the name of STS of its region', async () => {
  expect(await signer()).toEqual({ kind: 'ok', value: ARN });
  expect(seen).toEqual([
    {
      method: 'POST',
      url: '/',
      headers: {
        host: 'sts.us-east-1.amazonaws.com',
        'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
        'content-length': '43',
        authorization: PROOF.authorization,
        'x-amz-date': PROOF['x-amz-date'],
        'x-amz-security-token': TOKEN,
        'x-ecs-runners-name': RUNNER,
        connection: 'close',
      },
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
    },
  ]);
});

test.each([
  ['us-east-1', 'sts.us-east-1.amazonaws.com'],
  ['eu-central-1', 'sts.eu-central-1.amazonaws.com'],
  ['cn-north-1', 'sts.cn-north-1.amazonaws.com.cn'],
  ['us-gov-west-1', 'sts.us-gov-west-1.amazonaws.com'],
])('STS of %s is %s', (region, host) => {
  expect(stsHost(region)).toBe(host);
});

const authorization = (from: string | RegExp, to: string) => ({
  authorization: PROOF.authorization.replace(from, to),
});

describe('nothing is sent for what cannot be a proof', () => {
  test.each<[string, Partial<Proof>]>([
    ['another host', { host: 'sts.eu-central-1.amazonaws.com' }],
    ['a host of somebody else', { host: 'attacker.example' }],
    ['our host with a port', { host: 'sts.us-east-1.amazonaws.com:8443' }],
    ['our host in capitals', { host: 'STS.us-east-1.amazonaws.com' }],
    ['another region', authorization('us-east-1', 'eu-central-1')],
    ['another service', authorization('/sts/', '/iam/')],
    ['another algorithm', authorization('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256')],
    ['a name that is not signed', authorization(';x-ecs-runners-name', '')],
    ['a token that is not signed', authorization(';x-amz-security-token', '')],
    ['a time that is not signed', authorization(';x-amz-date', '')],
    ['a host that is not signed', authorization('host;', '')],
    ['another header that is signed', authorization('host;', 'host;x-amz-target;')],
    ['no signature', authorization(/, Signature.*/, '')],
    ['a second header behind the signature', authorization(/$/, '\r\nx-amz-target: other')],
    ['a second header in the time', { 'x-amz-date': '20261123T080000Z\r\nx-evil: 1' }],
    ['a second header in the token', { 'x-amz-security-token': 'a\nx-evil: 1' }],
    ['a token of any length', { 'x-amz-security-token': 'a'.repeat(10_000) }],
    ['letters that no token has', { 'x-amz-security-token': 'ü' }],
    ['no time', { 'x-amz-date': 'now' }],
    ['a key id that is none', authorization('ASIAIOSFODNN7EXAMPLE', '../../x')],
  ])('%s', async (_, changes) => {
    expect(await signer(changes)).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/^its proof is none/),
    });
    expect(seen).toEqual([]);
  });

  test('content-type need not be signed', async () => {
    expect(await signer(authorization('content-type;', ''))).toMatchObject({ kind: 'ok' });
  });
});

const canonical = `The Canonical String for this request should have been x-amz-security-token:${TOKEN} ${SIGNATURE}`;
const answers: [string, RequestListener, 'ok' | 'refused' | 'retry'][] = [
  ['an identity', says(200, identity(ARN)), 'ok'],
  ['another partition’s', says(200, identity(ARN.replace('aws', 'aws-us-gov'))), 'ok'],
  ['a wrong signature', says(403, error('SignatureDoesNotMatch', canonical)), 'refused'],
  ['a signature of long ago', says(403, error('SignatureDoesNotMatch', 'Signature expired: …')), 'refused'],
  ['expired credentials', says(403, error('ExpiredToken', 'The security token has expired')), 'refused'],
  ['an unknown key', says(403, error('InvalidClientTokenId', 'The token is invalid.')), 'refused'],
  ['half a signature', says(400, error('IncompleteSignature', 'must contain')), 'refused'],
  ['no signature', says(403, error('MissingAuthenticationToken', 'missing')), 'refused'],
  ['throttling', says(400, error('Throttling', 'Rate exceeded')), 'retry'],
  ['too many requests', says(429, ''), 'retry'],
  ['an outage', says(503, error('ServiceUnavailable', 'later')), 'retry'],
  ['an outage with what looks like an identity', says(500, identity(ARN)), 'retry'],
  ['a refusal with what looks like an identity', says(403, identity(ARN)), 'retry'],
  ['a redirect', says(302, identity(ARN), { location: 'http://127.0.0.1:9/' }), 'retry'],
  ['something else altogether', says(200, '<html>Welcome to the hotel’s network</html>'), 'retry'],
  ['an ARN that is none', says(200, identity('arn:aws:sts::1:x y<script>')), 'retry'],
  ['nothing', says(200, ''), 'retry'],
  ['more than any answer of STS', says(200, `${' '.repeat(20_000)}${identity(ARN)}`), 'retry'],
  ['an endless answer', endless, 'retry'],
  ['half an answer, and no end', (_, response) => void response.writeHead(200).write('<GetCaller'), 'retry'],
  ['no answer', () => undefined, 'retry'],
  ['a connection that is cut', (request) => void request.socket.destroy(), 'retry'],
  ['an answer that is cut', cut, 'retry'],
];

function endless(_: IncomingMessage, response: ServerResponse): void {
  const more = () => {
    while (!response.destroyed && response.write(' '.repeat(1024)));
    response.once('drain', more);
  };
  more();
}

function cut(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-length': '9999' }).write(identity(ARN));
  setTimeout(() => request.socket.destroy(), 20);
}

test.each(answers)('%s', async (_, listener, kind) => {
  script = listener;
  const answer = await signer();
  expect(answer.kind).toBe(kind);
  expect(seen).toHaveLength(1);
  for (const hidden of [TOKEN, SIGNATURE]) expect(JSON.stringify(answer)).not.toContain(hidden);
});

test('an STS that cannot be reached says nothing', async () => {
  const identityAt = createIdentity({ region: 'us-east-1', endpoint: 'http://127.0.0.1:9' });
  expect(await identityAt.signer(RUNNER, PROOF)).toMatchObject({ kind: 'retry' });
});
