/** What is measured on a Docker socket: calls one after another on several connections, and bytes into a stream. */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { createConnection } from 'node:net';

const CHUNK = Buffer.alloc(1024 * 1024);

/** Calls per second of `once`, `count` in all, `width` at a time. */
export async function perSecond(count: number, width: number, call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  let left = count;
  const worker = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: width }, worker));
  return count / ((performance.now() - start) / 1000);
}

/** Kept connections, as Docker's clients keep them. */
export function callsOf(socketPath: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const call = (method: string, path: string, content?: object): Promise<string> =>
    new Promise((resolve, reject) => {
      const headers = content && { 'content-type': 'application/json' };
      request({ socketPath, agent, method, path, ...(headers && { headers }) })
        .on('error', reject)
        .on('response', async (answer) => {
          const text = Buffer.concat(await answer.toArray()).toString();
          if ((answer.statusCode ?? 0) < 400) resolve(text);
          else reject(new Error(`${method} ${path}: ${text}`));
        })
        .end(content && JSON.stringify(content));
    });
  const create = async (content: object) => JSON.parse(await call('POST', '/containers/create', content)).Id as string;
  return { call, create, close: () => agent.destroy() };
}

/** MB/s into a stream that `path` opens, until the other side has taken everything and ended. */
export async function upload(socketPath: string, path: string, megabytes: number): Promise<number> {
  const socket = createConnection({ path: socketPath, allowHalfOpen: true });
  socket.write(`POST ${path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`);
  const [answer] = await once(socket, 'data');
  if (!String(answer).startsWith('HTTP/1.1 101')) throw new Error(`${path}: ${answer}`);
  const start = performance.now();
  socket.resume();
  const ended = once(socket, 'end');
  for (let sent = 0; sent < megabytes; sent += 1) {
    if (!socket.write(CHUNK)) await once(socket, 'drain');
  }
  socket.end();
  await ended;
  return (megabytes * CHUNK.length) / 1e6 / ((performance.now() - start) / 1000);
}
