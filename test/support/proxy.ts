/** Stands between a client and a server: sees every request, and can lose requests and answers. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Seen = { method: string; path: string; operation: string; body: string };
/** `lose request`: the server never gets it. `lose answer`: the server has done it. Both cut the connection. */
export type Fate = 'pass' | 'lose request' | 'lose answer';

export type WireProxy = { url: string; seen: Seen[]; close(): Promise<void> };

/** `fate` decides for each request; `operation` is the last part of AWS's `X-Amz-Target`, or empty. */
export async function startProxy(target: string, fate: (seen: Seen) => Fate): Promise<WireProxy> {
  const seen: Seen[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const body = await text(incoming);
    const each = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      operation: String(incoming.headers['x-amz-target'] ?? '')
        .split('.')
        .at(-1) as string,
      body,
    };
    seen.push(each);
    const chosen = fate(each);
    if (chosen === 'lose request') incoming.socket.destroy();
    else forward(target, incoming, body, outgoing, chosen);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function forward(target: string, incoming: IncomingMessage, body: string, outgoing: ServerResponse, fate: Fate): void {
  const { method, headers, url } = incoming;
  const onward = request(new URL(url ?? '/', target), { method, headers: { ...headers } }, async (answer) => {
    const answered = await text(answer);
    if (fate === 'lose answer') {
      incoming.socket.destroy();
      return;
    }
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
    outgoing.end(answered);
  });
  onward.on('error', () => incoming.socket.destroy());
  onward.end(body);
}

async function text(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
