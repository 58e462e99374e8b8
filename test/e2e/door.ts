/**
 * One address, on this machine and on Docker's bridge, for what has none that containers can resolve: the deployed API,
 * and the simulated GitHub's side for runners. It writes down what passes.
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  request as send,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export type Passed = { method: string; path: string; status: number };

export type Door = {
  /** For containers, and as the deployment's `registrarUrl`. */
  url: string;
  /** For this machine. */
  localUrl: string;
  passed: Passed[];
  /** Where the API is; before it is deployed everything is answered 503. */
  openTo: (emulator: { port: number; apiId: string }) => void;
  /** Called before an answer is passed on; whoever asked waits for it. */
  beforeAnswer: ((passed: Passed) => Promise<void>) | undefined;
  close: () => Promise<void>;
};

type Target = { port: number; host: string };

export async function openDoor(options: { gateway: string; githubUrl: string }): Promise<Door> {
  const github = new URL(options.githubUrl);
  let api: Target | undefined;
  const listener: RequestListener = (request, response) => {
    const isGitHub = request.url?.startsWith('/_sim/runner/');
    const target = isGitHub ? { port: Number(github.port), host: github.host } : api;
    if (target === undefined) return void response.writeHead(503).end();
    pass(request, response, target, isGitHub ? undefined : (answered) => note(door, answered));
  };
  const outer = await listen(listener, options.gateway, 0);
  const { port } = outer.address() as AddressInfo;
  const inner = await listen(listener, '127.0.0.1', port);
  const door: Door = {
    url: `http://${options.gateway}:${port}`,
    localUrl: `http://127.0.0.1:${port}`,
    passed: [],
    beforeAnswer: undefined,
    openTo: ({ port: emulator, apiId }) => {
      api = { port: emulator, host: `${apiId}.execute-api.localhost:${emulator}` };
    },
    close: async () => {
      await Promise.all([outer, inner].map(closed));
    },
  };
  return door;
}

async function note(door: Door, passed: Passed): Promise<void> {
  door.passed.push(passed);
  await door.beforeAnswer?.(passed);
}

function pass(
  request: IncomingMessage,
  response: ServerResponse,
  { port, host }: Target,
  answered: ((passed: Passed) => Promise<void>) | undefined,
): void {
  const { method = 'GET', url: path = '/', headers } = request;
  const onward = send({ host: '127.0.0.1', port, method, path, headers: { ...headers, host } }, async (answer) => {
    const status = answer.statusCode ?? 502;
    await answered?.({ method, path, status });
    response.writeHead(status, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
  response.on('close', () => onward.destroy());
  request.pipe(onward);
}

async function listen(listener: RequestListener, host: string, port: number): Promise<Server> {
  const server = createServer(listener);
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
