/**
 * One connection of a client, and the daemon's for it. Requests are read to know where the next one begins, answers to know
 * whether there is a next one: after `101 Switching Protocols`, and after an answer that ends with its connection (as an
 * attached container's does), bytes go both ways until both have ended.
 */
import { createConnection, type Socket } from 'node:net';
import type { Additions } from './additions.ts';
import { relayAnswer } from './answer.ts';
import { readContent } from './content.ts';
import { creationOf, relayCreate } from './create.ts';
import { contentOf, readHead } from './head.ts';
import { forgiveWrites, pump, type Source, sourceOf, write } from './socket-bytes.ts';

/** HTTP/2 begins like a request of this method, with a content that it does not tell (RFC 9113, 3.4); gRPC comes so. */
const PREFACE = 'PRI';
const PREFACE_REST_BYTES = 'SM\r\n\r\n'.length;

export type Upstream = Additions & { upstream: string };
export type Ends = { client: Socket; requests: Source; daemon: Socket; answers: Source };
export type Turn = {
  /** Of the request whose answer comes next. */
  method?: string;
  /** All that the daemon says after its last answer. */
  rest?: Promise<void>;
};

export async function relay(client: Socket, options: Upstream): Promise<void> {
  client.on('error', () => {});
  const requests = sourceOf(client);
  // Who says nothing needs no daemon; and if there is none, it can be said to whoever has asked.
  if (!(await requests.peek())) return void client.end();
  const daemon = createConnection({ path: options.upstream, allowHalfOpen: true });
  daemon.on('error', () => {});
  // What it does not take any more is over; what it has said before is not.
  forgiveWrites(daemon, () => requests.close());
  client.on('error', () => daemon.destroy());
  await converse({ client, requests, daemon, answers: sourceOf(daemon) }, options);
  client.destroySoon();
  daemon.destroySoon();
}

async function converse(ends: Ends, options: Upstream): Promise<void> {
  const { client, requests, daemon, answers } = ends;
  for (;;) {
    const turn: Turn = {};
    const answer = relayAnswer(ends, turn);
    const isWhole = await relayRequest(ends, turn, options);
    // What comes before the answer waits for it, as it does in the daemon; an end does not.
    const more = requests.peek().then((isMore) => isMore && answer);
    const isNext = isWhole && (await Promise.race([answer, more]));
    if (isNext && turn.method !== PREFACE) continue;
    // It knows HTTP/1 only, and may read on otherwise than we.
    if (isNext) requests.close();
    await Promise.all([pump(requests, daemon), answer.then(() => turn.rest ?? pump(answers, client))]);
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
  const creation = creationOf(head);
  if (creation && head.isWhole) return relayCreate(ends, head, creation, options);
  await write(daemon, head.text);
  const content = method === PREFACE ? PREFACE_REST_BYTES : contentOf(head);
  if (head.isWhole && (await readContent(requests, content, (bytes) => write(daemon, bytes)))) return true;
  // The daemon says what is wrong with it, and gets nothing that it might understand otherwise than we.
  requests.close();
  return false;
}
