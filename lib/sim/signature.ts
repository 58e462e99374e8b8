/** AWS's Signature Version 4 of a POST to the root of a service (AWS docs, "Create a signed AWS API request"). */
import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

/** `headers`: those that are signed, by their names in lower case. */
export type Signable = { headers: Readonly<Record<string, string>>; body: string };

/** Where and when a signature counts; `date` is `x-amz-date`. */
export type CredentialScope = { date: string; region: string; service: string };

/** Hex, 64 characters. */
export function signature(secretKey: string, scope: CredentialScope, { headers, body }: Signable): string {
  const names = Object.keys(headers).sort();
  const signed = [
    ...names.map((name) => `${name}:${headers[name]?.trim().replaceAll(/ +/g, ' ')}`),
    '',
    names.join(';'),
  ].join('\n');
  return kept(signatures, JSON.stringify([secretKey, scope, signed, body]), () => {
    const canonical = ['POST', '/', '', signed, sha256(body)].join('\n');
    const text = ['AWS4-HMAC-SHA256', scope.date, scopeText(scope), sha256(canonical)].join('\n');
    return hmac(signingKey(secretKey, scope), text).toString('hex');
  });
}

/** As a key object: Node.js takes one several times faster than bytes. */
function signingKey(secretKey: string, scope: CredentialScope): KeyObject {
  return kept(keys, `${secretKey} ${scopeText(scope)}`, () => {
    const first = createSecretKey(`AWS4${secretKey}`, 'utf8');
    return [scope.date.slice(0, 8), scope.region, scope.service, 'aws4_request'].reduce(
      (last, part) => createSecretKey(hmac(last, part)),
      first,
    );
  });
}

/** Whoever checks a signature makes the one that the signer has just made; and a container asks again and again. */
const signatures = new Map<string, string>();
const keys = new Map<string, KeyObject>();
const KEPT_MAX = 1000;

function kept<Value>(values: Map<string, Value>, name: string, make: () => Value): Value {
  const known = values.get(name);
  if (known !== undefined) return known;
  if (values.size >= KEPT_MAX) values.clear();
  const made = make();
  values.set(name, made);
  return made;
}

/** `20261123/us-east-1/sts/aws4_request`. */
export function scopeText({ date, region, service }: CredentialScope): string {
  return `${date.slice(0, 8)}/${region}/${service}/aws4_request`;
}

/** `20261123T080000Z`. */
export function amzDate(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
}

function hmac(key: KeyObject, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return hash('sha256', text);
}
