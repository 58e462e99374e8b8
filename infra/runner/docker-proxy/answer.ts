/** The daemon's answers, passed on byte by byte. */
import type { Socket } from 'node:net';
import { readContent } from './content.ts';
import { type Content, contentOf, type Head, readHead } from './head.ts';
import type { Ends, Turn } from './relay.ts';
import { type Source, write } from './socket-bytes.ts';

/** False if no other answer follows on this connection. */
export async function relayAnswer(answers: Source, { client, daemon }: Ends, turn: Turn): Promise<boolean> {
  for (;;) {
    const head = await readHead(answers);
    if (!head) {
      if (turn.method !== undefined) refuse(client, 502, 'Bad Gateway', 'The Docker daemon gave no answer');
      // A daemon that has only ended what it says may still listen; one that is gone does not.
      if (daemon.errored) client.destroySoon();
      else client.end();
      return false;
    }
    await write(client, head.text);
    const status = Number(head.first[1]);
    if (!head.isWhole || status === 101) return false;
    if (status < 200) continue;
    const content = contentOfAnswer(head, status, turn);
    // Until the connection ends.
    if (typeof content === 'string' && content !== 'chunked') return false;
    return readContent(answers, content, (bytes) => write(client, bytes));
  }
}

function contentOfAnswer(head: Head, status: number, { method }: Turn): Content {
  return method === 'HEAD' || status === 204 || status === 304 ? 0 : contentOf(head);
}

/** As the daemon's own errors look; nothing else can come after it. */
export function refuse(client: Socket, status: number, phrase: string, message: string): void {
  if (!client.writable) return;
  const content = JSON.stringify({ message });
  client.end(
    `HTTP/1.1 ${status} ${phrase}\r\nContent-Type: application/json\r\nContent-Length: ${content.length}\r\nConnection: close\r\n\r\n${content}`,
  );
}
