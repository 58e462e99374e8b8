/** AWS's three wire protocols, as far as the emulator's answers are read here. It checks no signature, only for which service one is. */
import { setTimeout as sleep } from 'node:timers/promises';

export type Aws = {
  /** JSON with `x-amz-target`; throws with the error's own text. */
  json: (service: string, target: string, body?: unknown) => Promise<Record<string, unknown>>;
  /** The query protocol; gives XML. */
  query: (service: string, action: string, parameters?: Record<string, string>) => Promise<string>;
  /** REST with JSON. */
  rest: (service: string, path: string) => Promise<Record<string, unknown>>;
};

export const REGION = 'us-east-1';

export function awsAt(endpoint: string): Aws {
  const call = async (service: string, path: string, init: RequestInit): Promise<string> => {
    const answer = await fetch(`${endpoint}${path}`, { ...init, headers: { ...init.headers, ...signed(service) } });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${service} ${path} answers ${answer.status}: ${text.slice(0, 500)}`);
    return text;
  };
  return {
    json: async (service, target, body = {}) => {
      const headers = { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.1' };
      return parsed(await call(service, '/', { method: 'POST', headers, body: JSON.stringify(body) }));
    },
    query: (service, action, parameters = {}) => {
      const body = new URLSearchParams({ Action: action, ...parameters });
      return call(service, '/', { method: 'POST', body });
    },
    rest: async (service, path) => parsed(await call(service, path, { method: 'GET' })),
  };
}

function signed(service: string): Record<string, string> {
  const scope = `${new Date().toISOString().slice(0, 10).replaceAll('-', '')}/${REGION}/${service}/aws4_request`;
  return { authorization: `AWS4-HMAC-SHA256 Credential=test/${scope}, SignedHeaders=host, Signature=0` };
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
