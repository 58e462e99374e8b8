/** Passing HTTP requests on, with other headers; and listening for them. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  request as send,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export type Target = { port: number; headers: Record<string, string> };

/** Bodies pass as they are. `answered` may hold the answer back for a while; it is given the status. */
export function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { port, headers }: Target,
  answered: (status: number) => Promise<void> = async () => undefined,
): void {
  const { method = 'GET', url: path = '/' } = request;
  const all = { ...request.headers, ...headers };
  const onward = send({ host: '127.0.0.1', port, method, path, headers: all }, async (answer) => {
    const status = answer.statusCode ?? 502;
    await answered(status);
    response.writeHead(status, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
  response.on('close', () => onward.destroy());
  request.pipe(onward);
}

export type Listening = { port: number; close: () => Promise<void> };

/** `port` 0: any free one. */
export async function listen(listener: RequestListener, host: string, port: number): Promise<Listening> {
  const server = createServer(listener);
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => closed(server) };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
