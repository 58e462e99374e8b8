/** The body of a request for registration. Whatever is not as it should be is no proof, and says nothing else. */
import type { Proof } from '../world.ts';
import type { HttpEvent } from './http.ts';
import { bodyBytes } from './http.ts';

/** A session token has hundreds to some thousands of letters, the rest a few hundred. */
const BODY_BYTES_MAX = 16 * 1024;
const HEADERS = ['authorization', 'x-amz-date', 'x-amz-security-token', 'host'] as const;

export function projectProof(event: HttpEvent): Proof | undefined {
  const body = bodyBytes(event);
  if (body.length > BODY_BYTES_MAX) return undefined;
  const { identity } = parsed(body.toString('utf8')) as { identity?: unknown };
  if (typeof identity !== 'object' || identity === null) return undefined;
  const headers = HEADERS.map((name) => [name, (identity as Record<string, unknown>)[name]] as const);
  if (headers.some(([, value]) => typeof value !== 'string')) return undefined;
  return Object.fromEntries(headers) as Proof;
}

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
