/** Both ends of the proxy: a daemon that follows a script, and a client that says what it is told to, in whatever pieces. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ProxyOptions, serveDockerProxy } from '../../../../infra/runner/docker-proxy.ts';

/** One side of a connection; a character is a byte. */
export type End = {
  socket: Socket;
  /** All that came so far. */
  heard: () => string;
  /** Until that much came, or no more will; what came then. */
  hears: (bytes: number) => Promise<string>;
  /** Until the other side has ended; all that came. */
  hearsEnd: () => Promise<string>;
  /** In these pieces, each on its own. */
  says: (...pieces: string[]) => Promise<void>;
  /** Until nothing is left of the connection. */
  closed: Promise<void>;
};

export type Stage = {
  /** The daemon's end of the next connection that comes to it. */
  daemon: () => Promise<End>;
  client: () => Promise<End>;
  /** How many connections came to the daemon. */
  connections: () => number;
  /** From now on nobody listens there. */
  stopDaemon: () => Promise<void>;
  close: () => Promise<void>;
};

export const CREDENTIALS = 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/credentials/1';
export const ENVIRONMENT = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/1' };

/** A daemon's socket, and the proxy before it. */
export async function setStage(options: Partial<ProxyOptions> = {}): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'proxy-'));
  const upstream = join(folder, 'daemon.sock');
  const listen = [join(folder, 'docker.sock')];
  const comers: End[] = [];
  let connections = 0;
  let come = () => {};
  const daemon = createServer({ allowHalfOpen: true }, (socket) => {
    connections += 1;
    comers.push(endOf(socket));
    come();
  });
  await new Promise<void>((resolve) => daemon.listen(upstream, resolve));
  const proxies = await serveDockerProxy({ listen, upstream, environment: ENVIRONMENT, ...options });
  return {
    async daemon() {
      for (;;) {
        const comer = comers.shift();
        if (comer) return comer;
        await new Promise<void>((resolve) => {
          come = resolve;
        });
      }
    },
    client: () => connect((options.listen ?? listen)[0] ?? ''),
    connections: () => connections,
    stopDaemon: () => stop(daemon),
    async close() {
      await Promise.all([...proxies, daemon].map((server) => (server.listening ? stop(server) : undefined)));
      rmSync(folder, { recursive: true });
    },
  };
}

export function connect(path: string): Promise<End> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path, allowHalfOpen: true }, () => resolve(endOf(socket)));
    socket.once('error', reject);
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

function endOf(socket: Socket): End {
  const pieces: Buffer[] = [];
  let length = 0;
  let isOver = false;
  let changed = () => {};
  const heard = () => Buffer.concat(pieces).toString('latin1');
  const over = () => {
    isOver = true;
    changed();
  };
  socket.on('data', (piece) => {
    pieces.push(piece);
    length += piece.length;
    changed();
  });
  socket.on('end', over).on('close', over).on('error', over);
  async function hears(bytes: number): Promise<string> {
    while (!isOver && length < bytes) {
      await new Promise<void>((resolve) => {
        changed = resolve;
      });
    }
    return heard();
  }
  return {
    socket,
    heard,
    hears,
    hearsEnd: () => hears(Number.POSITIVE_INFINITY),
    async says(...said) {
      for (const piece of said) {
        await new Promise<unknown>((resolve) => socket.write(piece, 'latin1', resolve));
        if (said.length > 1) await nextTurn();
      }
    },
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
  };
}

/** A request or an answer: its lines, and after an empty one its content. */
export function message(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** A request to create a container, with the length of its content. */
export function creating(content: string, ...lines: string[]): string {
  const target = lines.length > 0 && lines[0]?.startsWith('/') ? lines.shift() : '/v1.41/containers/create';
  return message(`POST ${target} HTTP/1.1`, 'Host: docker', ...lines, `Content-Length: ${content.length}`) + content;
}

/** What becomes of `{}`. */
export const CREATED = `{"Env":["${CREDENTIALS}"]}`;
export const OK = `${message('HTTP/1.1 200 OK', 'Content-Length: 2')}OK`;
