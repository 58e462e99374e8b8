/**
 * One address, on this machine and on Docker's bridge, for what has none that containers can resolve: the deployed API,
 * the simulated GitHub's side for runners, and the credentials of tasks. It writes down what passes of the first.
 */
import type { RequestListener } from 'node:http';
import { forward, listen, type Target } from './forward.ts';

export type Passed = { method: string; path: string; status: number };

export type Door = {
  /** For containers, and as the deployment's `registrarUrl`. */
  url: string;
  /** For this machine. */
  localUrl: string;
  /** What the API has answered. */
  passed: Passed[];
  /** Where the API is; before it is deployed everything is answered 503. */
  openTo: (emulator: { port: number; apiId: string }) => void;
  /** Called before an answer of the API is passed on; whoever asked waits for it. */
  beforeAnswer: ((passed: Passed) => Promise<void>) | undefined;
  close: () => Promise<void>;
};

export async function openDoor(options: { gateway: string; githubUrl: string }): Promise<Door> {
  const { host, port: githubPort } = new URL(options.githubUrl);
  const github: Target = { port: Number(githubPort), headers: { host } };
  let api: Target | undefined;
  const listener: RequestListener = (request, response) => {
    const { method = 'GET', url: path = '/' } = request;
    if (path.startsWith('/_sim/runner/')) return forward(request, response, github);
    if (api === undefined) return void response.writeHead(503).end();
    if (path.startsWith('/v2/credentials/')) return forward(request, response, { port: api.port, headers: {} });
    forward(request, response, api, (status) => note(door, { method, path, status }));
  };
  const outer = await listen(listener, options.gateway, 0);
  const inner = await listen(listener, '127.0.0.1', outer.port);
  const door: Door = {
    url: `http://${options.gateway}:${outer.port}`,
    localUrl: `http://127.0.0.1:${outer.port}`,
    passed: [],
    beforeAnswer: undefined,
    openTo: ({ port, apiId }) => {
      api = { port, headers: { host: `${apiId}.execute-api.localhost:${port}` } };
    },
    close: async () => {
      await Promise.all([outer.close(), inner.close()]);
    },
  };
  return door;
}

async function note(door: Door, passed: Passed): Promise<void> {
  door.passed.push(passed);
  await door.beforeAnswer?.(passed);
}
