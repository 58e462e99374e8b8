/** Requests that create something: held until they are whole, because what is added changes their length. */
import { posix } from 'node:path';
import { edited, type Kind } from './additions.ts';
import { refuse } from './answer.ts';
import { readContent } from './content.ts';
import { contentOf, type Head, isOldest, nameOf, valuesOf } from './head.ts';
import { CREATE_BYTES_MAX } from './limits.ts';
import type { Ends, Upstream } from './relay.ts';
import { write } from './socket-bytes.ts';
import { createVolumes, volumesOf } from './volumes.ts';

const CREATE = /^(\/v[\d.]+)?\/(containers|networks|volumes)\/create$/;
/** The length follows from what it becomes. */
const REPLACED = ['content-length', 'transfer-encoding', 'trailer', 'expect'];

/** `version`: what the path begins with, if anything. */
export type Creation = { version: string; kind: Kind };

/** What the daemon would take it for: an absolute address has a path as well, and escapes count as what they stand for. */
export function creationOf({ first: [method, target = ''] }: Head): Creation | undefined {
  if (method !== 'POST') return undefined;
  const [path = ''] = target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?]*/i, '').split('?', 1);
  const unescaped = path.replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  const [, version = '', kind] = CREATE.exec(posix.normalize(unescaped)) ?? [];
  return kind === undefined ? undefined : { version, kind: kind as Kind };
}

/** False if nothing that is a request can follow. */
export async function relayCreate(
  ends: Ends,
  head: Head,
  { version, kind }: Creation,
  options: Upstream,
): Promise<boolean> {
  const { client, requests, daemon } = ends;
  const content = contentOf(head);
  const isAwaited = !isOldest(head) && valuesOf(head, 'expect').some((value) => /^100-continue$/i.test(value));
  if (isAwaited) await write(client, 'HTTP/1.1 100 Continue\r\n\r\n');
  const held = await hold(ends, content);
  if (held.bytes > CREATE_BYTES_MAX) {
    refuse(client, 413, 'Content Too Large', `A create request may have ${CREATE_BYTES_MAX} bytes`);
  } else if (held.isWhole) {
    if (kind === 'containers') await createVolumes(volumesOf(held.text, options), version, options);
    const text = edited(kind, held.text, options);
    const isSame = text === held.text && !isAwaited;
    await write(daemon, isSame ? head.text + held.raw : withLength(head, text));
    return true;
  } else await write(daemon, head.text + held.raw);
  requests.close();
  return false;
}

async function hold({ requests }: Ends, content: ReturnType<typeof contentOf>) {
  const held = { bytes: 0, raw: '', text: '', isWhole: false };
  held.isWhole = await readContent(requests, content, (bytes, isContent) => {
    held.bytes += bytes.length;
    if (held.bytes > CREATE_BYTES_MAX) return;
    const text = bytes.toString('latin1');
    held.raw += text;
    if (isContent) held.text += text;
  });
  return held;
}

function withLength({ first, lines }: Head, text: string): string {
  const kept = lines.filter((line) => !REPLACED.includes(nameOf(line)));
  return [first.join(' '), ...kept, `Content-Length: ${text.length}`, '', text].join('\r\n');
}
