/** AWS's Signature Version 4 of a POST to the root of a service (AWS docs, "Create a signed AWS API request"). */
import { createHash, createHmac } from 'node:crypto';

/** `headers`: those that are signed, by their names in lower case. */
export type Signable = { headers: Readonly<Record<string, string>>; body: string };

/** Where and when a signature counts; `date` is `x-amz-date`. */
export type CredentialScope = { date: string; region: string; service: string };

/** Hex, 64 characters. */
export function signature(secretKey: string, scope: CredentialScope, { headers, body }: Signable): string {
  const names = Object.keys(headers).sort();
  const canonical = [
    'POST',
    '/',
    '',
    ...names.map((name) => `${name}:${headers[name]?.trim().replaceAll(/ +/g, ' ')}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', scope.date, scopeText(scope), sha256(canonical)].join('\n');
  return hmac(signingKey(secretKey, scope), text).toString('hex');
}

/** Kept: a container asks again and again, and whoever checks needs the same one. */
const keys = new Map<string, Buffer>();
const KEYS_KEPT_MAX = 1000;

function signingKey(secretKey: string, scope: CredentialScope): Buffer {
  const name = `${secretKey} ${scopeText(scope)}`;
  const known = keys.get(name);
  if (known !== undefined) return known;
  const day = hmac(`AWS4${secretKey}`, scope.date.slice(0, 8));
  const key = [scope.region, scope.service, 'aws4_request'].reduce<Buffer>((last, part) => hmac(last, part), day);
  if (keys.size >= KEYS_KEPT_MAX) keys.clear();
  keys.set(name, key);
  return key;
}

/** `20261123/us-east-1/sts/aws4_request`. */
export function scopeText({ date, region, service }: CredentialScope): string {
  return `${date.slice(0, 8)}/${region}/${service}/aws4_request`;
}

/** `20261123T080000Z`. */
export function amzDate(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
