/**
 * One connection of a client, and the daemon's for it. Requests are read to know where the next one begins, answers to know
 * whether there is a next one: after `101 Switching Protocols`, and after an answer that ends with its connection (as an
 * attached container's does), bytes go both ways until both have ended.
 */
import { createConnection, type Socket } from 'node:net';
import type { Additions } from './additions.ts';
import { relayAnswer } from './answer.ts';
import { readContent } from './content.ts';
import { kindOf, relayCreate } from './create.ts';
import { contentOf, readHead } from './head.ts';
import { type Source, sourceOf, write } from './socket-bytes.ts';

export type Upstream = Additions & { upstream: string };
/** What is known of the request whose answer comes next. */
export type Turn = { method?: string };
export type Ends = { client: Socket; requests: Source; daemon: Socket };

export async function relay(client: Socket, options: Upstream): Promise<void> {
  client.on('error', () => {});
  const requests = sourceOf(client);
  // Who says nothing needs no daemon; and if there is none, it can be said to whoever has asked.
  if (!(await requests.peek())) return void client.end();
  const daemon = createConnection({ path: options.upstream, allowHalfOpen: true });
  daemon.on('error', () => {});
  client.on('error', () => daemon.destroy());
  await converse({ client, requests, daemon }, sourceOf(daemon), options);
  client.destroySoon();
  daemon.destroySoon();
}

async function converse(ends: Ends, answers: Source, options: Upstream): Promise<void> {
  for (;;) {
    const turn: Turn = {};
    const answer = relayAnswer(answers, ends, turn);
    // What comes before the answer waits for it, as it does in the daemon; an end does not.
    const isNext = (await relayRequest(ends, turn, options)) && (await ends.requests.peek()) && (await answer);
    if (isNext) continue;
    await Promise.all([pump(ends.requests, ends.daemon), answer.then(() => pump(answers, ends.client))]);
    return;
  }
}

/** False if nothing that is a request can follow. */
async function relayRequest(ends: Ends, turn: Turn, options: Upstream): Promise<boolean> {
  const { requests, daemon } = ends;
  const head = await readHead(requests);
  if (!head) return false;
  const [method = ''] = head.first;
  turn.method = method;
  const kind = kindOf(head);
  if (kind && head.isWhole) return relayCreate(ends, head, kind, options);
  await write(daemon, head.text);
  // HTTP/2 from its first byte on.
  if (method === 'PRI') return false;
  if (head.isWhole && (await readContent(requests, contentOf(head), (bytes) => write(daemon, bytes)))) return true;
  // The daemon says what is wrong with it, and gets nothing that it might understand otherwise than we.
  requests.close();
  return false;
}

async function pump(source: Source, sink: Socket): Promise<void> {
  for (;;) {
    const bytes = await source.some();
    if (!bytes) break;
    await write(sink, bytes);
  }
  sink.end();
}
