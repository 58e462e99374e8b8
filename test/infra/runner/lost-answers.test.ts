/** An answer of the registrar is cut at each of its bytes: the container asks again, and takes the whole one. */
import { createServer, type Socket } from 'node:net';
import { afterEach, expect, jest, test } from '@jest/globals';
import { register } from '../../../infra/runner/registrar.ts';
import { CREDENTIAL, JIT } from './container.ts';

const BODY = JSON.stringify({ jitConfig: JIT, reportCredential: CREDENTIAL, runnerName: 'runner-1' });
const FRAMINGS = {
  'of a given length': `content-length: ${BODY.length}\r\n\r\n${BODY}`,
  'in chunks': `transfer-encoding: chunked\r\n\r\n${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`,
  'until the connection ends': `connection: close\r\n\r\n${BODY}`,
};

afterEach(() => {
  jest.restoreAllMocks();
});

/** The first answer to each runner ends after so many bytes as its name says; every later one is whole. */
async function serve(answer: string) {
  const asked = new Map<number, number>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', (request) => {
      const cutAt = Number(/\/runners\/(\d+)\//.exec(request.toString())?.[1]);
      const times = (asked.get(cutAt) ?? 0) + 1;
      asked.set(cutAt, times);
      socket.end(times === 1 ? answer.slice(0, cutAt) : answer);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { url: `http://127.0.0.1:${port}`, asked, close };
}

test.each(Object.entries(FRAMINGS))(
  'an answer %s',
  async (_, framed) => {
    jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    const answer = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${framed}`;
    const registrar = await serve(answer);
    const never = new AbortController().signal;
    const cuts = Array.from({ length: answer.length }, (_, bytes) => bytes);
    const registrations = await Promise.all(
      cuts.map((bytes) => {
        const self = { url: registrar.url, name: String(bytes) };
        return register({ self, ticket: 'ticket', environment: {}, broken: never, told: never });
      }),
    );
    registrar.close();
    const whole = { jitConfig: JIT, reportCredential: CREDENTIAL, runnerName: 'runner-1' };
    expect(registrations.filter((one) => JSON.stringify(one) !== JSON.stringify(whole))).toEqual([]);
    // What was cut behind the last byte of the body lacked nothing.
    const twice = cuts.filter((bytes) => registrar.asked.get(bytes) === 2);
    expect(twice.length).toBeGreaterThanOrEqual(answer.indexOf(BODY) + BODY.length);
  },
  30_000,
);
