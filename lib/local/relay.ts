/** Stands between the functions and one service, and may refuse, delay or cut what they say to each other. */
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** An answer in the service's place, or a connection that is cut; `undefined`: nothing happens. */
export type Verdict = 'cut' | { status: number; headers: Record<string, string>; body: string } | undefined;

/** Each may take its time. */
export type Gate = {
  /** The service has not heard of the call yet. */
  before(headers: IncomingHttpHeaders): Promise<Verdict>;
  /** The service has done it, and its caller does not know. */
  after(headers: IncomingHttpHeaders): Promise<Verdict>;
};

export type Relay = { address: string; close(): Promise<void> };

type Answer = { status: number; headers: IncomingHttpHeaders; body: Buffer };

/** `target`: the service's own address. Listens on any free port of this machine. */
export async function startRelay(target: string, gate: Gate): Promise<Relay> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  });

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { headers } = incoming;
    const body = await buffer(incoming);
    const refused = await gate.before(headers);
    // Whoever has died meanwhile has asked for nothing.
    if (outgoing.destroyed) return;
    if (refused !== undefined) return put(outgoing, refused);
    const answer = await ask({ target, agent, incoming, body });
    put(outgoing, (await gate.after(headers)) ?? answer);
  }

  // A function that has waited for its next invocation would send its call on a connection that is being closed.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Question = { target: string; agent: Agent; incoming: IncomingMessage; body: Buffer };

/** Nothing is changed, the host's name neither: addresses in answers lead back to where the question came from. */
function ask({ target, agent, incoming, body }: Question): Promise<Answer> {
  const { method, url = '/', headers } = incoming;
  return new Promise((resolve, reject) => {
    const asked = request(new URL(url, target), { method, headers, agent }, (response) => {
      buffer(response).then(
        (answered) => resolve({ status: response.statusCode ?? 502, headers: response.headers, body: answered }),
        reject,
      );
    });
    asked.once('error', reject);
    asked.end(body);
  });
}

function put(outgoing: ServerResponse, verdict: Answer | Exclude<Verdict, undefined>): void {
  if (verdict === 'cut') {
    outgoing.destroy();
    return;
  }
  const { status, headers, body } = verdict;
  outgoing.statusCode = status;
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !OF_THE_CONNECTION.includes(name)) outgoing.setHeader(name, value);
  }
  outgoing.end(body);
}

/** Each connection has its own. */
const OF_THE_CONNECTION = ['connection', 'keep-alive', 'transfer-encoding'];
