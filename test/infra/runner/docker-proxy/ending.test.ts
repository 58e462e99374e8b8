/** Who ends, who goes away, who does not come, and how much is held for whom. */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { CREATED, creating, type End, message, OK, type Stage, setStage } from './ends.ts';

const PING = message('GET /_ping HTTP/1.1');
const ATTACH = message('POST /containers/1/attach HTTP/1.1', 'Upgrade: tcp', 'Connection: Upgrade');
const SWITCHED = message('HTTP/1.1 101 UPGRADED', 'Upgrade: tcp', 'Connection: Upgrade');
const LOG = message('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked');

let stage: Stage;
beforeEach(async () => {
  stage = await setStage();
});
afterEach(() => stage.close());

/** Both ends after a request and the beginning of its answer. */
async function talk(request: string, answer: string): Promise<{ client: End; daemon: End }> {
  const client = await stage.client();
  await client.says(request);
  const daemon = await stage.daemon();
  expect(await daemon.hears(request.length)).toBe(request);
  await daemon.says(answer);
  expect(await client.hears(answer.length)).toBe(answer);
  return { client, daemon };
}

test('an input that ends reaches the daemon, and the output goes on', async () => {
  const { client, daemon } = await talk(ATTACH, SWITCHED);
  client.socket.end('input');
  expect(await daemon.hearsEnd()).toBe(`${ATTACH}input`);
  await daemon.says('output');
  expect(await client.hears(SWITCHED.length + 6)).toBe(`${SWITCHED}output`);
  daemon.socket.end('more');
  expect(await client.hearsEnd()).toBe(`${SWITCHED}outputmore`);
  await Promise.all([client.closed, daemon.closed]);
});

test('an output that ends reaches the client, and the input goes on', async () => {
  const { client, daemon } = await talk(ATTACH, SWITCHED);
  daemon.socket.end('output');
  expect(await client.hearsEnd()).toBe(`${SWITCHED}output`);
  await client.says('input');
  expect(await daemon.hears(ATTACH.length + 5)).toBe(`${ATTACH}input`);
  client.socket.end();
  await Promise.all([client.closed, daemon.closed]);
});

test('what is said before the daemon has switched waits, and is all there afterwards', async () => {
  const client = await stage.client();
  client.socket.end(`${ATTACH}input`);
  const daemon = await stage.daemon();
  expect(await daemon.hears(ATTACH.length)).toBe(ATTACH);
  await daemon.says(SWITCHED);
  expect(await daemon.hearsEnd()).toBe(`${ATTACH}input`);
  daemon.socket.end();
  await client.closed;
});

const leaving: [string, (client: End) => unknown][] = [
  ['ends', ({ socket }) => socket.end()],
  ['closes at once', ({ socket }) => socket.destroy()],
];

test.each(leaving)('a client that %s while it follows a log ends it at the daemon', async (_, leaves) => {
  const { client, daemon } = await talk(PING, `${LOG}3\r\nabc\r\n`);
  leaves(client);
  expect(await daemon.hearsEnd()).toBe(PING);
  daemon.socket.end();
  await daemon.closed;
});

test.each(leaving)('a client that %s before it is answered', async (_, leaves) => {
  const client = await stage.client();
  await client.says(PING);
  const daemon = await stage.daemon();
  leaves(client);
  expect(await daemon.hearsEnd()).toBe(PING);
  await daemon.says(OK);
  daemon.socket.end();
  await daemon.closed;
});

test.each(leaving)('a client that %s amid a request', async (_, leaves) => {
  const client = await stage.client();
  const begun = creating('{}').slice(0, -1);
  await client.says(begun);
  const daemon = await stage.daemon();
  leaves(client);
  expect(await daemon.hearsEnd()).toBe(begun);
  daemon.socket.end();
  await daemon.closed;
});

test.each(leaving)('a client that %s amid the head of a request', async (_, leaves) => {
  const client = await stage.client();
  await client.says('POST /containers/cr');
  const daemon = await stage.daemon();
  leaves(client);
  expect(await daemon.hearsEnd()).toBe('POST /containers/cr');
  daemon.socket.end();
  await daemon.closed;
});

test('a client that is gone is noticed when something is said to it', async () => {
  const { client, daemon } = await talk(ATTACH, SWITCHED);
  client.socket.destroy();
  expect(await daemon.hearsEnd()).toBe(ATTACH);
  const speaks = setInterval(() => daemon.socket.write('output'), 1);
  await daemon.closed;
  clearInterval(speaks);
});

test('who comes and says nothing costs the daemon no connection', async () => {
  const client = await stage.client();
  client.socket.end();
  await client.closed;
  expect(stage.connections()).toBe(0);
});

test('a daemon that goes away between requests ends the connection, without a word', async () => {
  const { client, daemon } = await talk(PING, OK);
  daemon.socket.destroy();
  expect(await client.hearsEnd()).toBe(OK);
  client.socket.end();
  await client.closed;
});

test.each([
  ['a log', PING, `${LOG}3\r\nab`],
  ['an answer with a length', PING, message('HTTP/1.1 200 OK', 'Content-Length: 5')],
  ['a stream', ATTACH, `${SWITCHED}output`],
])('a daemon that goes away amid %s: the client has what there was, and its end', async (_, request, answer) => {
  const { client, daemon } = await talk(request, answer);
  daemon.socket.destroy();
  expect(await client.hearsEnd()).toBe(answer);
  client.socket.end();
  await client.closed;
});

test('a daemon that goes away with input unread closes the connection', async () => {
  const { client, daemon } = await talk(ATTACH, SWITCHED);
  daemon.socket.pause();
  const speaks = setInterval(() => client.socket.write('input'), 1);
  daemon.socket.destroy();
  await client.closed;
  clearInterval(speaks);
});

/** As the daemon's own errors look. */
function expectRefusal(heard: string, status: number, reason: RegExp): void {
  const [head = '', content = ''] = heard.split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head).toContain('Content-Type: application/json');
  expect(head).toContain(`Content-Length: ${content.length}`);
  expect(JSON.parse(content)).toEqual({ message: expect.stringMatching(reason) });
}

test.each([PING, creating('{}'), ATTACH])('without a daemon the client hears so: %j', async (request) => {
  await stage.stopDaemon();
  const client = await stage.client();
  await client.says(request);
  expectRefusal(await client.hearsEnd(), 502, /Docker daemon/);
  client.socket.end();
  await client.closed;
});

test('a daemon that comes and gives no answer', async () => {
  const client = await stage.client();
  await client.says(PING);
  const daemon = await stage.daemon();
  await daemon.hears(PING.length);
  daemon.socket.destroy();
  expectRefusal(await client.hearsEnd(), 502, /Docker daemon/);
  client.socket.end();
  await client.closed;
});

test('an answer that comes before its request is whole', async () => {
  const client = await stage.client();
  const begun = message('POST /build HTTP/1.1', 'Content-Length: 5');
  await client.says(`${begun}ab`);
  const daemon = await stage.daemon();
  expect(await daemon.hears(begun.length + 2)).toBe(`${begun}ab`);
  await daemon.says(OK);
  expect(await client.hears(OK.length)).toBe(OK);
  await client.says(`cde${creating('{}')}`);
  const whole = `${begun}abcde${creating(CREATED)}`;
  expect(await daemon.hears(whole.length)).toBe(whole);
  client.socket.end();
  daemon.socket.end();
  await client.closed;
});

test.each(['build', 'containers/1/attach'])(
  'an answer before the daemon goes away is heard, whatever is still on its way to /%s',
  async (path) => {
    const request = message(`POST /${path} HTTP/1.1`, `Content-Length: ${MEGABYTE}`);
    const refusal = message('HTTP/1.1 404 Not Found', 'Content-Length: 2000') + 'x'.repeat(2000);
    for (let time = 0; time < 50; time += 1) {
      const client = await stage.client();
      client.socket.write(request);
      const speaks = setInterval(() => client.socket.write('input'), 1);
      const daemon = await stage.daemon();
      await daemon.hears(request.length);
      daemon.socket.pause();
      // On a socket that has nothing to read, an answer and the end of its connection come as one.
      daemon.socket.write(refusal, () => daemon.socket.destroy());
      for (let piece = 0; piece < time; piece += 1) client.socket.write('input');
      expect(await client.hearsEnd()).toBe(refusal);
      clearInterval(speaks);
      client.socket.destroy();
    }
  },
);

test('an answer without a length that comes before its request is whole', async () => {
  const begun = message('POST /build HTTP/1.0', 'Content-Length: 5');
  const { client, daemon } = await talk(`${begun}ab`, message('HTTP/1.0 200 OK'));
  await daemon.says('progress');
  expect(await client.hears(message('HTTP/1.0 200 OK').length + 8)).toBe(`${message('HTTP/1.0 200 OK')}progress`);
  await client.says('cde');
  expect(await daemon.hears(begun.length + 5)).toBe(`${begun}abcde`);
  daemon.socket.end();
  client.socket.end();
  await client.closed;
});

const MEGABYTE = 1024 * 1024;
const PIECE_BYTES = MEGABYTE / 4;
const PIECES = 256;
/** The kernel's buffers and ours; less than what is said by far. */
const HELD_BYTES_MAX = 4 * MEGABYTE;

/** Says 64 MB to somebody who does not listen yet, and then does. */
async function flood(speaker: End, listener: End, before: string): Promise<void> {
  listener.socket.pause();
  const said = createHash('sha256').update(before);
  let taken = 0;
  const speaks = async () => {
    for (let piece = 0; piece < PIECES; piece += 1) {
      const bytes = Buffer.alloc(PIECE_BYTES, piece);
      said.update(bytes);
      await new Promise((resolve) => speaker.socket.write(bytes, resolve));
      taken += PIECE_BYTES;
    }
    speaker.socket.end();
  };
  const spoken = speaks();
  for (let last = -1; last !== taken; ) {
    last = taken;
    for (let turn = 0; turn < 200; turn += 1) await nextTurn();
  }
  expect(taken).toBeLessThan(HELD_BYTES_MAX);
  const heard = createHash('sha256').update(listener.heard(), 'latin1');
  listener.socket.removeAllListeners('data').on('data', (bytes) => heard.update(bytes));
  listener.socket.resume();
  await Promise.all([spoken, new Promise((resolve) => listener.socket.once('end', resolve))]);
  expect(heard.digest('hex')).toBe(said.digest('hex'));
}

test('a client that goes away while the daemon takes none of its input is noticed when something is said to it', async () => {
  const { client, daemon } = await talk(ATTACH, SWITCHED);
  daemon.socket.pause();
  client.socket.write(Buffer.alloc(2 * MEGABYTE));
  while (daemon.socket.readableLength === 0) await nextTurn();
  client.socket.destroy();
  const speaks = setInterval(() => daemon.socket.write('output'), 1);
  await daemon.closed;
  clearInterval(speaks);
});

test('input that the daemon does not take stays with the client', async () => {
  const { client, daemon } = await talk(ATTACH, SWITCHED);
  await flood(client, daemon, ATTACH);
  daemon.socket.end();
  await client.closed;
});

test('output that the client does not take stays with the daemon', async () => {
  const { client, daemon } = await talk(ATTACH, SWITCHED);
  await flood(daemon, client, SWITCHED);
  client.socket.end();
  await daemon.closed;
});

test('content that the daemon does not take stays with the client', async () => {
  const client = await stage.client();
  const request = message('POST /build HTTP/1.1', `Content-Length: ${PIECES * PIECE_BYTES}`);
  await client.says(request);
  const daemon = await stage.daemon();
  await daemon.hears(request.length);
  await flood(client, daemon, request);
  daemon.socket.end();
  await client.closed;
});

test('a head of 900 kB passes', async () => {
  const request = message('POST /build HTTP/1.1', `X-Registry-Config: ${'x'.repeat(900_000)}`);
  const { client, daemon } = await talk(request, OK);
  client.socket.end();
  daemon.socket.end();
  await client.closed;
});

test('a create request of 15 MB is edited', async () => {
  const label = 'x'.repeat(15 * MEGABYTE);
  const client = await stage.client();
  client.socket.write(creating(`{"Labels":{"a":"${label}"}}`));
  const daemon = await stage.daemon();
  const wanted = creating(`{"Labels":{"a":"${label}"},${CREATED.slice(1)}`);
  expect((await daemon.hears(wanted.length)) === wanted).toBe(true);
  client.socket.end();
  daemon.socket.end();
  await client.closed;
});

test('one of more than 16 MB is refused, and the daemon hears nothing of it', async () => {
  const client = await stage.client();
  client.socket.write(creating(`{"Labels":{"a":"${'x'.repeat(16 * MEGABYTE)}"}}`));
  expectRefusal(await client.hearsEnd(), 413, /16777216 bytes/);
  const daemon = await stage.daemon();
  expect(await daemon.hearsEnd()).toBe('');
  client.socket.end();
  daemon.socket.end();
  await client.closed;
});

test('a thousand clients at once', async () => {
  const clients = Array.from({ length: 1000 }, async () => {
    const client = await stage.client();
    await client.says(creating('{}'));
    expect(await client.hears(OK.length)).toBe(OK);
    client.socket.end();
    await client.closed;
  });
  const wanted = creating(CREATED);
  for (let count = 0; count < 1000; count += 1) {
    const daemon = await stage.daemon();
    void daemon.hears(wanted.length).then((heard) => daemon.socket.end(heard === wanted ? OK : heard));
  }
  await Promise.all(clients);
});
