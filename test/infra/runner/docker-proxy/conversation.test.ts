/** What a client says and hears, and the daemon with it: the same however the bytes are cut into pieces. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CREATED, creating, type End, message, OK, type Stage, setStage } from './ends.ts';

/** `daemon`: what it hears of what the client says, if not the same. `proxy`: what the client hears from nobody else. */
type Exchange = { client?: string; daemon?: string; proxy?: string; answer?: string };

const PING = message('GET /_ping HTTP/1.1', 'Host: docker');
const ATTACH = message('POST /v1.41/containers/1/attach?stream=1&stdin=1 HTTP/1.1', 'Host: docker');
const UPGRADE = message('POST /v1.41/session HTTP/1.1', 'Host: docker', 'Connection: Upgrade', 'Upgrade: h2c');
const SWITCHED = message('HTTP/1.1 101 UPGRADED', 'Connection: Upgrade', 'Upgrade: h2c');
const RAW = message('HTTP/1.1 200 OK', 'Content-Type: application/vnd.docker.raw-stream');
const NOT_FOUND = `${message('HTTP/1.1 404 Not Found', 'Content-Length: 20')}{"message":"no such"}`.slice(0, -1);
const CONTINUE = message('HTTP/1.1 100 Continue');
const CREATE = creating('{}');
const AS_CREATED = creating(CREATED);

const conversations: Record<string, Exchange[]> = {
  'a request without content': [{ client: PING, answer: OK }],
  'one with content of a length': [{ client: creating('xyz', '/v1.41/build'), answer: OK }],
  'a create request': [{ client: CREATE, daemon: AS_CREATED, answer: OK }],
  'a line that the daemon refuses is there for it to refuse': [
    {
      client: message('POST /containers/create HTTP/1.1', 'Content-Length : 2'),
      answer: `${message('HTTP/1.1 400 Bad Request', 'Content-Length: 3')}400`,
    },
  ],
  'bytes of any alphabet, and of none': [
    {
      client: creating('{"a":"\xc3\xa9\xff"}', '/containers/create?name=\xe9', 'X: \xff'),
      daemon: creating(`{"a":"\xc3\xa9\xff",${CREATED.slice(1)}`, '/containers/create?name=\xe9', 'X: \xff'),
      answer: `${message('HTTP/1.1 200 OK', 'X: \xe9', 'Content-Length: 2')}\xff\0`,
    },
  ],
  'one after another, on one connection': [
    { client: PING, answer: OK },
    { client: CREATE, daemon: AS_CREATED, answer: OK },
    { client: PING, answer: OK },
    { client: CREATE, daemon: AS_CREATED, answer: NOT_FOUND },
    { client: CREATE, daemon: AS_CREATED, answer: OK },
  ],
  'chunked content passes as it is': [
    {
      client: `${message('POST /build HTTP/1.1', 'Transfer-Encoding: chunked')}3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nA: b\r\n\r\n`,
      answer: OK,
    },
    { client: CREATE, daemon: AS_CREATED, answer: OK },
  ],
  'a create request in chunks has a length afterwards': [
    {
      client: `${message('POST /containers/create HTTP/1.1', 'Transfer-Encoding: chunked', 'Trailer: A', 'X: y')}1\r\n{\r\n00001  \r\n}\r\n0\r\nA: b\r\n\r\n`,
      daemon: message('POST /containers/create HTTP/1.1', 'X: y', `Content-Length: ${CREATED.length}`) + CREATED,
      answer: OK,
    },
    { client: CREATE, daemon: AS_CREATED, answer: OK },
  ],
  'a create request that cannot be edited passes as it is, chunks and all': [
    {
      client: `${message('POST /containers/create HTTP/1.1', 'Transfer-Encoding: chunked')}2\r\n[]\r\n0\r\n\r\n`,
      answer: NOT_FOUND,
    },
    { client: creating('no JSON'), answer: NOT_FOUND },
    { client: creating(''), answer: NOT_FOUND },
    { client: message('POST /containers/create HTTP/1.1'), answer: NOT_FOUND },
    { client: CREATE, daemon: AS_CREATED, answer: OK },
  ],
  'chunks come before a length': [
    {
      client: `${message('POST /containers/create HTTP/1.1', 'Content-Length: 1', 'Transfer-Encoding: Chunked')}2\r\n{}\r\n0\r\n\r\n`,
      daemon: message('POST /containers/create HTTP/1.1', `Content-Length: ${CREATED.length}`) + CREATED,
      answer: OK,
    },
  ],
  'HTTP/1.0 knows no chunks': [
    {
      client: `${message('POST /containers/create HTTP/1.0', 'Content-Length: 2', 'Transfer-Encoding: chunked')}{}`,
      daemon: message('POST /containers/create HTTP/1.0', `Content-Length: ${CREATED.length}`) + CREATED,
      answer: OK,
    },
  ],
  'a length that is said twice': [
    {
      client: creating('{}', '/containers/create', 'content-length: 2'),
      daemon: creating(CREATED, '/containers/create'),
      answer: OK,
    },
  ],
  'folded lines are one': [
    {
      client: 'POST /containers/create HTTP/1.1\r\nA: b\r\n c\r\nContent-Length:\r\n\t2\r\n \r\n\r\n{}',
      daemon: message('POST /containers/create HTTP/1.1', 'A: b c', `Content-Length: ${CREATED.length}`) + CREATED,
      answer: OK,
    },
  ],
  'lines that end with a line feed only': [
    {
      client: 'POST /containers/create HTTP/1.1\nContent-Length: 2\n\n{}',
      daemon: message('POST /containers/create HTTP/1.1', `Content-Length: ${CREATED.length}`) + CREATED,
      answer: OK,
    },
  ],
  'empty lines before a request, as old clients send them after a POST': [
    { client: creating('xyz', '/v1.41/build'), answer: OK },
    { client: `\r\n\r\n${CREATE}`, daemon: AS_CREATED, answer: OK },
    { client: `\r\n${PING}`, answer: OK },
  ],
  'a client that waits to be asked for its content is asked, for a create request by the proxy': [
    {
      client: message(
        'POST /v1.41/containers/create HTTP/1.1',
        'Host: docker',
        'Expect: 100-Continue',
        'Content-Length: 2',
      ),
      daemon: '',
      proxy: CONTINUE,
    },
    { client: '{}', daemon: AS_CREATED, answer: OK },
  ],
  'and for others by the daemon': [
    { client: message('POST /build HTTP/1.1', 'Expect: 100-continue', 'Content-Length: 2') },
    { answer: CONTINUE },
    { client: '{}', answer: OK },
    { client: CREATE, daemon: AS_CREATED, answer: OK },
  ],
  'answers in chunks, without content, to HEAD': [
    {
      client: PING,
      answer: `${message('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\nA: b\r\n\r\n`,
    },
    { client: message('HEAD /_ping HTTP/1.1'), answer: message('HTTP/1.1 200 OK', 'Content-Length: 2') },
    { client: message('DELETE /containers/1 HTTP/1.1'), answer: message('HTTP/1.1 204 No Content') },
    { client: message('POST /containers/1/start HTTP/1.1'), answer: message('HTTP/1.1 304 Not Modified') },
    { client: CREATE, daemon: AS_CREATED, answer: OK },
  ],
  'an attached stream goes both ways, and is not edited': [
    { client: ATTACH, answer: RAW },
    { answer: 'output' },
    { client: CREATE },
    { answer: OK },
    { client: CREATE, answer: OK },
  ],
  'a stream of another protocol as well': [
    { client: UPGRADE, answer: SWITCHED },
    { client: CREATE, answer: CREATE },
  ],
  'after a switch nothing is read, whatever its head says': [
    { client: UPGRADE, answer: message('HTTP/1.1 101 UPGRADED', 'Content-Length: 0') },
    { client: CREATE, answer: CREATE },
  ],
  'a stream that the daemon refuses is none': [
    { client: ATTACH, answer: NOT_FOUND },
    { client: CREATE, daemon: AS_CREATED, answer: OK },
    { client: UPGRADE, answer: NOT_FOUND },
    { client: CREATE, daemon: AS_CREATED, answer: OK },
  ],
  'an answer without a length ends with its connection': [
    { client: message('GET /containers/1/logs HTTP/1.0'), answer: `${message('HTTP/1.0 200 OK')}a log` },
    { client: CREATE, answer: OK },
  ],
  'HTTP/2 from the first byte on': [
    {
      client: `${message('PRI * HTTP/2.0')}${message('SM')}\0\0\0\x04\0\0\0\0\0`,
      daemon: `${message('PRI * HTTP/2.0')}${message('SM')}`,
      answer: '\0\0\x06\x04\0\0\0\0\0\0\x05\0\0\x40\0',
    },
    { daemon: '\0\0\0\x04\0\0\0\0\0' },
    { client: CREATE, answer: OK },
  ],
};

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage.close());

/** `cut` makes pieces of what is said. */
async function converse(exchanges: readonly Exchange[], cut: (text: string) => string[]): Promise<void> {
  const client = await stage.client();
  const comer = stage.daemon();
  let daemon: End | undefined;
  let toDaemon = '';
  let toClient = '';
  for (const { client: said = '', daemon: wanted = said, proxy = '', answer = '' } of exchanges) {
    await client.says(...cut(said));
    daemon ??= await comer;
    toDaemon += wanted;
    expect(await daemon.hears(toDaemon.length)).toBe(toDaemon);
    await daemon.says(...cut(answer));
    toClient += proxy + answer;
    expect(await client.hears(toClient.length)).toBe(toClient);
  }
  client.socket.end();
  expect(await daemon?.hearsEnd()).toBe(toDaemon);
  daemon?.socket.end();
  expect(await client.hearsEnd()).toBe(toClient);
  await Promise.all([client.closed, daemon?.closed]);
}

const rows = Object.entries(conversations);

test.each(rows)('%s', async (_, exchanges) => {
  await converse(exchanges, (text) => [text]);
});

test.each(rows)('byte by byte: %s', async (_, exchanges) => {
  await converse(exchanges, (text) => text.split(''));
});

test.each(rows)('in any pieces: %s', async (_, exchanges) => {
  const lengths = fc.infiniteStream(fc.integer({ min: 1, max: 60 }));
  await fc.assert(
    fc.asyncProperty(lengths, async (stream) => {
      await converse(exchanges, (text) => pieces(text, stream));
    }),
    { numRuns: 15 },
  );
});

const oneByOne = rows.filter(([, exchanges]) => exchanges.every(({ client, answer }) => client && answer));

test.each(oneByOne)('said all at once, heard one by one: %s', async (_, exchanges) => {
  const client = await stage.client();
  await client.says(exchanges.map(({ client: said }) => said).join(''));
  const daemon = await stage.daemon();
  let toDaemon = '';
  let toClient = '';
  for (const { client: said = '', daemon: wanted = said, answer = '' } of exchanges) {
    toDaemon += wanted;
    expect(await daemon.hears(toDaemon.length)).toBe(toDaemon);
    await daemon.says(answer);
    toClient += answer;
    expect(await client.hears(toClient.length)).toBe(toClient);
  }
  client.socket.end();
  daemon.socket.end();
  await Promise.all([client.closed, daemon.closed]);
});

const targets: [string, string, boolean][] = [
  ['without a version', '/containers/create', true],
  ['of an old version', '/v1.12/containers/create', true],
  ['of a version to come', '/v2.100/containers/create', true],
  ['with a query', '/v1.41/containers/create?name=a/b&platform=', true],
  ['as an absolute address', 'http://docker/v1.41/containers/create?name=x', true],
  ['as an absolute address with all that it may have', 'HTTP+Unix://a:b@[::1]:1/containers/create', true],
  ['with escapes', '/v1.41/%63ontainers%2Fcreat%65', true],
  ['with escapes in lower case', '/v1%2e41/containers%2fcreate', true],
  ['with more slashes', '//v1.41//containers///create', true],
  ['with steps', '/v1.41/./images/../containers/create', true],
  ['of a container that has this name', '/v1.41/containers/create/start', false],
  ['with a slash behind', '/v1.41/containers/create/', false],
  ['that is escaped twice', '/v1.41/containers%252Fcreate', false],
  ['of something else with this in its query', '/v1.41/build?x=/containers/create', false],
  ['of a version that is none', '/vX/containers/create', false],
  ['in capitals', '/v1.41/Containers/Create', false],
];

test.each(targets)('a path %s', async (_, target, isCreate) => {
  const said = creating('{}', target);
  await converse([{ client: said, daemon: isCreate ? creating(CREATED, target) : said, answer: OK }], (text) => [text]);
});

test.each(['GET', 'PUT', 'post', 'HEAD'])('%s creates nothing', async (method) => {
  const said = creating('{}').replace('POST', method);
  await converse(
    [{ client: said, answer: message('HTTP/1.1 405 Method Not Allowed', 'Content-Length: 0') }],
    (text) => [text],
  );
});

const START = 'POST /v1.41/containers/create HTTP/1.1';
const REFUSED = `${message('HTTP/1.1 400 Bad Request', 'Content-Type: text/plain', 'Connection: close')}400`;
const CHUNKED = message(START, 'Transfer-Encoding: chunked');
const unclear: [string, string][] = [
  ['a length that is none', message(START, 'Content-Length: 0x2')],
  ['a length with a sign', message(START, 'Content-Length: +2')],
  ['two lengths', message(START, 'Content-Length: 2', 'Content-Length: 3')],
  ['an encoding that nobody knows', message(START, 'Transfer-Encoding: gzip', 'Content-Length: 2')],
  ['two encodings', message(START, 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')],
  ['a list of encodings', message(START, 'Transfer-Encoding: gzip, chunked')],
  ['a chunk without a size', `${CHUNKED}\r\n`],
  ['a chunk whose size is none', `${CHUNKED}-1\r\n`],
  ['a chunk that goes on behind its end', `${CHUNKED}1\r\n{}\r\n`],
  ['a line of a chunk that does not end', `${CHUNKED}1;${'x'.repeat(70_000)}`],
  ['a head that does not end', `${START}\r\nA: ${'x'.repeat(3_000_000)}`],
  ['HTTP/2 that the daemon does not know', `${message('PRI * HTTP/2.0')}POST /`],
];

test.each(unclear)('%s: the daemon refuses it, and hears nothing more', async (_, said) => {
  const client = await stage.client();
  client.socket.write(said, 'latin1');
  client.socket.write('containers/create HTTP/1.1\r\nHost: next\r\n\r\n');
  const daemon = await stage.daemon();
  const isPreface = said.startsWith('PRI');
  const heard = await (isPreface ? daemon.hears(said.length) : daemon.hearsEnd());
  // The pieces come as they come: of what has no end, it may hear less.
  expect(said.startsWith(heard.slice(0, said.length))).toBe(true);
  expect(heard).not.toContain('Host: next');
  await daemon.says(isPreface ? NOT_FOUND : REFUSED);
  if (isPreface) expect(await daemon.hearsEnd()).toBe(said);
  daemon.socket.end();
  expect(await client.hearsEnd()).toBe(isPreface ? NOT_FOUND : REFUSED);
  client.socket.end();
  await Promise.all([client.closed, daemon.closed]);
});

function pieces(text: string, lengths: Iterator<number>): string[] {
  const cut: string[] = [];
  for (let at = 0; at < text.length; ) {
    const length = Number(lengths.next().value);
    cut.push(text.slice(at, at + length));
    at += length;
  }
  return cut;
}
