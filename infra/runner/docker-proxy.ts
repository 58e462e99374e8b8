/**
 * The Docker socket that jobs use. It stands in front of the daemon's own and adds to what is created there what jobs cannot know:
 * where the task's role is had, which task made it, and where a path of ours is on the instance. Otherwise it is not to be
 * noticed (docs/decisions/0014-docker-socket-proxy.md). Runs as a process of its own, on nothing but Node.js 20.
 */
import { chmodSync, chownSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { Additions } from './docker-proxy/additions.ts';
import { CONNECTIONS_WAITING_MAX } from './docker-proxy/limits.ts';
import { relay } from './docker-proxy/relay.ts';

export type ProxyOptions = Additions & {
  /** Paths of sockets; what is there already is replaced. */
  listen: string[];
  /** The daemon's own socket. */
  upstream: string;
  /** Of the sockets. */
  owner?: { uid: number; gid: number };
  mode?: number | string;
};

/** What `node … docker-proxy <options as JSON>` runs: says "ready" when it listens, and goes on until it is killed. */
export async function proxyMain(json: string): Promise<void> {
  await serveDockerProxy(JSON.parse(json));
  process.stdout.write('ready\n');
}

/** Listens on every path, or rejects. */
export function serveDockerProxy(options: ProxyOptions): Promise<Server[]> {
  return Promise.all(options.listen.map((path) => serve(path, options)));
}

function serve(path: string, options: ProxyOptions): Promise<Server> {
  rmSync(path, { force: true });
  // A client may end what it sends and still wait for answers.
  const server = createServer({ allowHalfOpen: true }, (client) => relay(client, options));
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen({ path, backlog: CONNECTIONS_WAITING_MAX }, () => {
      const { owner, mode } = options;
      if (owner) chownSync(path, owner.uid, owner.gid);
      if (mode !== undefined) chmodSync(path, mode);
      resolve(server);
    });
  });
}
