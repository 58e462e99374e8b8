/** Servers of this process, at addresses of the stage's networks. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { fileURLToPath } from 'node:url';
import { end } from '../engine.ts';

const program = fileURLToPath(new URL('relay.mjs', import.meta.url));

export type Served = { address: string; port: number; socket: string; listener: RequestListener };

/** They are there when it resolves. */
export async function serveIn(network: string, servers: readonly Served[]): Promise<{ close: () => Promise<void> }> {
  const listening = servers.map(({ socket, listener }) => {
    const server = createServer({ keepAlive: true }, listener);
    server.keepAliveTimeout = 60_000;
    return server.listen(socket);
  });
  const routes = servers.map(({ address, port, socket }) => `${address}:${port}=${socket}`);
  const relay = spawn('nsenter', [`--net=/run/netns/${network}`, process.execPath, program, ...routes], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const failed = once(relay, 'exit').then(([code]) => {
    throw new Error(`the relay to ${routes.join(', ')} ended with ${code}`);
  });
  await Promise.race([once(relay.stdout, 'data'), failed]);
  failed.catch(() => undefined);
  return {
    close: async () => {
      await end(relay);
      for (const server of listening) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}
