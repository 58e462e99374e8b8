/** The heads of HTTP/1 messages, read as Go's server reads them: the daemon is the one who must not understand them otherwise. */
import { HEAD_BYTES_MAX } from './limits.ts';
import type { Source } from './socket-bytes.ts';

export type Head = {
  /** As it came; a character is a byte. */
  text: string;
  /** False: it ended, or did not end, before its empty line. */
  isWhole: boolean;
  /** The first line, by its spaces. */
  first: string[];
  /** The other lines, folded ones as one. */
  lines: string[];
};

/** Empty lines before it belong to it: Go skips some after a POST. */
const HEAD = /^[\r\n]*[^\r\n].*?\n\r?\n/s;

/** `undefined`: no more messages. */
export async function readHead(source: Source): Promise<Head | undefined> {
  let text = '';
  while (text.length <= HEAD_BYTES_MAX) {
    const bytes = await source.some();
    if (!bytes) break;
    text += bytes.toString('latin1');
    // HTTP/2, which is not read here.
    if (text[0] === '\0') break;
    const found = HEAD.exec(text)?.[0];
    if (found === undefined) continue;
    source.giveBack(bytes.subarray(bytes.length - text.length + found.length));
    return parsed(found, true);
  }
  return text ? parsed(text, false) : undefined;
}

function parsed(text: string, isWhole: boolean): Head {
  const [first = '', ...lines] = text
    .trim()
    .replace(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/);
  return { text, isWhole, first: first.split(' '), lines };
}

/** With the space that the daemon refuses behind it, if there is some. */
export function nameOf(line: string): string {
  return (line.split(':', 1)[0] ?? '').toLowerCase();
}

export function valuesOf({ lines }: Head, name: string): string[] {
  return lines.filter((line) => nameOf(line) === name).map((line) => line.slice(line.indexOf(':') + 1).trim());
}

/** Bytes of content, or how else they are told. `unclear`: the daemon refuses it. */
export type Content = number | 'chunked' | 'none' | 'unclear';

export function contentOf(head: Head): Content {
  const [encoding, ...encodings] = valuesOf(head, 'transfer-encoding');
  // Whatever a length says besides, and not in HTTP/1.0: so does Go.
  if (encoding !== undefined && !isOldest(head)) {
    return encodings.length === 0 && /^chunked$/i.test(encoding) ? 'chunked' : 'unclear';
  }
  const [length, ...others] = new Set(valuesOf(head, 'content-length'));
  if (length === undefined) return 'none';
  return others.length === 0 && /^\d+$/.test(length) ? Number(length) : 'unclear';
}

export function isOldest({ first }: Head): boolean {
  return first.includes('HTTP/1.0');
}
