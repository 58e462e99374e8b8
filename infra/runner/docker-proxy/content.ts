/** The content of HTTP/1 messages, piece by piece. */
import type { Content } from './head.ts';
import { CHUNK_LINE_BYTES_MAX } from './limits.ts';
import type { Source } from './socket-bytes.ts';

/** Every byte comes by, as it came; `isContent` is false for what only frames it. */
type Take = (bytes: Buffer, isContent: boolean) => unknown;

/** False if it is not whole: it ended too early, or nobody can say where it ends. */
export function readContent(source: Source, content: Content, take: Take): Promise<boolean> | boolean {
  if (content === 'chunked') return readChunks(source, take);
  if (content === 'none') return true;
  return content !== 'unclear' && readBytes(source, content, take);
}

async function readBytes(source: Source, length: number, take: Take): Promise<boolean> {
  for (let left = length; left > 0; ) {
    const bytes = await source.some();
    if (!bytes) return false;
    const wanted = bytes.subarray(0, left);
    source.giveBack(bytes.subarray(wanted.length));
    left -= wanted.length;
    await take(wanted, true);
  }
  return true;
}

async function readChunks(source: Source, take: Take): Promise<boolean> {
  for (;;) {
    const line = await readLine(source, take);
    const size = /^([\da-f]+)[ \t]*(;|$)/i.exec(line ?? '')?.[1];
    if (size === undefined) return false;
    const bytes = Number.parseInt(size, 16);
    if (bytes === 0) return readTrailer(source, take);
    if (!(await readBytes(source, bytes, take)) || (await readLine(source, take)) !== '') return false;
  }
}

async function readTrailer(source: Source, take: Take): Promise<boolean> {
  for (;;) {
    const line = await readLine(source, take);
    if (!line) return line === '';
  }
}

/** Without its end; `undefined` if it has none. */
async function readLine(source: Source, take: Take): Promise<string | undefined> {
  for (let line = ''; line.length < CHUNK_LINE_BYTES_MAX; ) {
    const bytes = await source.some();
    if (!bytes) break;
    const wanted = bytes.subarray(0, bytes.indexOf('\n') + 1 || bytes.length);
    source.giveBack(bytes.subarray(wanted.length));
    line += wanted.toString('latin1');
    await take(wanted, false);
    if (line.endsWith('\n')) return line.replace(/\r?\n$/, '');
  }
  return undefined;
}
