/** The daemon's answers, passed on byte by byte. */
import type { Socket } from 'node:net';
import { readContent } from './content.ts';
import { contentOf, type Head, readHead } from './head.ts';
import type { Ends, Turn } from './relay.ts';
import { pump, write } from './socket-bytes.ts';

/** False if no other answer follows on this connection; what else follows is passed on as `turn.rest`. */
export async function relayAnswer({ client, answers }: Ends, turn: Turn): Promise<boolean> {
  for (;;) {
    const head = await readHead(answers);
    if (!head) {
      if (turn.method !== undefined) refuse(client, 502, 'Bad Gateway', 'The Docker daemon gave no answer');
      client.end();
      return false;
    }
    await write(client, head.text);
    const status = Number(head.first[1]);
    if (head.isWhole && status >= 100 && status < 200 && status !== 101) continue;
    const content = contentOfAnswer(head, status, turn);
    if (content !== undefined) return readContent(answers, content, (bytes) => write(client, bytes));
    turn.rest = pump(answers, client);
    return false;
  }
}

/** `undefined`: until the connection ends, or something that is no answer at all. */
function contentOfAnswer(head: Head, status: number, { method }: Turn): number | 'chunked' | undefined {
  if (!head.isWhole || status === 101) return undefined;
  if (method === 'HEAD' || status === 204 || status === 304) return 0;
  const content = contentOf(head);
  return content === 'none' || content === 'unclear' ? undefined : content;
}

/** As the daemon's own errors look; nothing else can come after it. */
export function refuse(client: Socket, status: number, phrase: string, message: string): void {
  if (!client.writable) return;
  const content = JSON.stringify({ message });
  client.end(
    `HTTP/1.1 ${status} ${phrase}\r\nContent-Type: application/json\r\nContent-Length: ${content.length}\r\nConnection: close\r\n\r\n${content}`,
  );
}
