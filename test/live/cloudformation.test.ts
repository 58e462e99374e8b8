/** Answers to CloudFormation, over the wire. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from '@jest/globals';
import { createCloudFormation } from '../../lib/live/cloudformation.ts';
import type { StackAnswer } from '../../lib/world.ts';

const ANSWER: StackAnswer = {
  Status: 'FAILED',
  Reason: '3 runners live',
  PhysicalResourceId: 'guard',
  StackId: 'stack',
  RequestId: 'request',
  LogicalResourceId: 'RemovalGuard',
};

type Received = { method: string | undefined; url: string | undefined; headers: IncomingHttpHeaders; body: string };

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

/** Answers one after the other with these, and with the last for ever. `undefined`: the connection is cut. */
async function aBucket(...statuses: (number | undefined)[]): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  server = createServer(async (request, response) => {
    received.push({ method: request.method, url: request.url, headers: request.headers, body: await text(request) });
    const status = statuses[Math.min(received.length, statuses.length) - 1];
    if (status === undefined) request.socket.destroy();
    else response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer?Signature=a%2Fb%3D`, received };
}

test('the answer is put, with an empty content type, to exactly the address that was given', async () => {
  const { received, url } = await aBucket(200);
  await createCloudFormation().answer(url, ANSWER);
  expect(received).toMatchObject([{ method: 'PUT', url: '/answer?Signature=a%2Fb%3D' }]);
  expect(received[0]?.headers['content-type'] ?? '').toBe('');
  expect(received[0]?.headers['content-length']).toBe(String(JSON.stringify(ANSWER).length));
  expect(JSON.parse(received[0]?.body ?? '')).toEqual(ANSWER);
});

test.each([
  ['after a failure of S3', [503, 200], 2],
  ['after a cut connection', [undefined, 200], 2],
  ['after two of them', [500, undefined, 200], 3],
])('%s it is put again', async (_name, statuses, times) => {
  const { received, url } = await aBucket(...statuses);
  await createCloudFormation().answer(url, ANSWER);
  expect(received).toHaveLength(times);
});

test.each([
  ['refused', [403], 'S3 answers 403'],
  ['cut', [undefined], 'no connection'],
])('an answer that is %s three times is an error that does not show the address', async (_name, statuses, problem) => {
  const { received, url } = await aBucket(...statuses);
  const error = await createCloudFormation()
    .answer(url, ANSWER)
    .catch((thrown: Error) => thrown);
  expect(error).toEqual(new Error(`CloudFormation could not be answered in 3 attempts: ${problem}`));
  expect(received).toHaveLength(3);
});
