/** API Gateway's HTTP API in front of a function: payload format 2.0, as its docs describe it, both ways. */

import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { LOCAL_ACCOUNT } from './aws.ts';

export type HttpRequest = {
  raw: IncomingMessage;
  id: string;
  /** As in the API's routes: `POST /runners/{name}/idle`. */
  routeKey: string;
  pathParameters: Record<string, string>;
  body: Buffer;
  /** Milliseconds since 1970. */
  now: number;
};

export type HttpAnswer = {
  status: number;
  headers: Record<string, string>;
  cookies: readonly string[];
  body: Buffer;
};

export function httpEvent(request: HttpRequest): APIGatewayProxyEventV2 {
  const { raw, routeKey, pathParameters } = request;
  const url = new URL(raw.url ?? '/', 'http://localhost');
  const query = Object.entries(Object.groupBy(url.searchParams, ([name]) => name));
  const { cookie, ...headers } = joined(raw);
  return {
    version: '2.0',
    routeKey,
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    ...(cookie === undefined ? {} : { cookies: cookie.split(/; */) }),
    headers,
    ...(query.length === 0
      ? {}
      : {
          queryStringParameters: Object.fromEntries(
            query.map(([name, all = []]) => [name, all.map(([, value]) => value).join(',')]),
          ),
        }),
    ...(Object.keys(pathParameters).length === 0 ? {} : { pathParameters }),
    requestContext: requestContext(request, url.pathname, headers),
    ...encoded(request.body, headers['content-type']),
  };
}

/** Names in lower case; those that occur several times joined by commas. */
function joined(raw: IncomingMessage): Record<string, string> {
  const entries = Object.entries(raw.headersDistinct).map(([name, values = []]) => [name, values.join(',')]);
  return Object.fromEntries(entries) as Record<string, string>;
}

function requestContext(
  { raw, id, routeKey, now }: HttpRequest,
  path: string,
  headers: Record<string, string>,
): APIGatewayProxyEventV2['requestContext'] {
  return {
    accountId: LOCAL_ACCOUNT,
    apiId: 'local',
    domainName: headers['host'] ?? '',
    domainPrefix: 'local',
    http: {
      method: raw.method ?? '',
      path,
      protocol: `HTTP/${raw.httpVersion}`,
      sourceIp: raw.socket.remoteAddress ?? '',
      userAgent: headers['user-agent'] ?? '',
    },
    requestId: id,
    routeKey,
    stage: '$default',
    time: commonLogTime(now),
    timeEpoch: Math.floor(now),
  };
}

/** `12/Mar/2026:19:03:58 +0000` */
function commonLogTime(now: number): string {
  const [, day, month, year, time] = new Date(now).toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}

/**
 * Text stays text, all else is base64 (API Gateway docs: "Working with binary media types for HTTP APIs"). What calls
 * itself text and is not UTF-8 is base64 here too: as text its bytes would be lost.
 */
function encoded(body: Buffer, contentType = ''): Pick<APIGatewayProxyEventV2, 'body' | 'isBase64Encoded'> {
  if (body.length === 0) return { isBase64Encoded: false };
  const text = /^(text\/|application\/(json|javascript|xml)\b)/i.test(contentType) && isUtf8(body);
  return { body: body.toString(text ? 'utf8' : 'base64'), isBase64Encoded: !text };
}

/** An object with a status is the answer itself; anything else is the JSON body of a 200. */
export function httpAnswer(payload: unknown): HttpAnswer {
  const given = payload as {
    statusCode?: number;
    headers?: Record<string, unknown>;
    cookies?: string[];
    body?: string;
    isBase64Encoded?: boolean;
  } | null;
  if (typeof given !== 'object' || given?.statusCode === undefined) return jsonAnswer(200, payload);
  const headers = Object.entries(given.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return {
    status: given.statusCode,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...Object.fromEntries(headers) },
    cookies: given.cookies ?? [],
    body: given.isBase64Encoded === true ? Buffer.from(given.body ?? '', 'base64') : Buffer.from(given.body ?? ''),
  };
}

export function jsonAnswer(status: number, value: unknown): HttpAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    cookies: [],
    body: Buffer.from(JSON.stringify(value)),
  };
}
