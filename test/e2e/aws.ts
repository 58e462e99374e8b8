/** AWS's three wire protocols, as far as the emulator's answers are read here. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/transport';
import { SignatureV4 } from '@smithy/signature-v4';

export type Aws = {
  /** JSON with `x-amz-target`; throws with the error's own text. */
  json: (service: string, target: string, body?: unknown) => Promise<Record<string, unknown>>;
  /** The query protocol; gives XML. */
  query: (service: string, action: string, parameters?: Record<string, string>) => Promise<string>;
  /** REST with XML, which is given as it is. */
  text: (service: string, path: string) => Promise<string>;
  /** REST with JSON. */
  rest: (service: string, path: string) => Promise<Record<string, unknown>>;
};

export const REGION = 'us-east-1';
/** The emulator's account root. */
export const ROOT = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };

export function awsAt(endpoint: string): Aws {
  const call = async (service: string, request: Request): Promise<string> => {
    const { method, path, headers, body } = await signed(endpoint, service, request);
    const answer = await fetch(`${endpoint}${path}`, { method, headers, ...(body !== undefined && { body }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${service} ${path} answers ${answer.status}: ${text.slice(0, 500)}`);
    return text;
  };
  return {
    json: async (service, target, body = {}) => {
      const headers = { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.1' };
      return parsed(await call(service, { method: 'POST', path: '/', headers, body: JSON.stringify(body) }));
    },
    query: (service, action, parameters = {}) => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const body = new URLSearchParams({ Action: action, ...parameters }).toString();
      return call(service, { method: 'POST', path: '/', headers, body });
    },
    text: (service, path) => call(service, { method: 'GET', path, headers: {} }),
    rest: async (service, path) => parsed(await call(service, { method: 'GET', path, headers: {} })),
  };
}

type Request = { method: string; path: string; headers: Record<string, string>; body?: string };

async function signed(endpoint: string, service: string, request: Request): Promise<Request> {
  const { hostname, port, host } = new URL(endpoint);
  const credentials = { accessKeyId: ROOT.AWS_ACCESS_KEY_ID, secretAccessKey: ROOT.AWS_SECRET_ACCESS_KEY };
  const signer = new SignatureV4({ service, region: REGION, credentials, sha256: Sha256 });
  const headers = { ...request.headers, host };
  const unsigned = new HttpRequest({ ...request, headers, protocol: 'http:', hostname, port: Number(port) });
  const { headers: complete } = await signer.sign(unsigned);
  return { ...request, headers: complete };
}

function parsed(text: string): Record<string, unknown> {
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

/** The texts of all elements of this name. */
export function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text = '']) => text);
}

/** A list out of an answer, or nothing. */
export function listOf<Item>(answer: Record<string, unknown>, key: string): Item[] {
  return (answer[key] ?? []) as Item[];
}

export const pause = (seconds: number): Promise<void> => sleep(seconds * 1000);
