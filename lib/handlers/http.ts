/** API Gateway's HTTP API, payload format 2.0: what our routes take from it and give back. */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

export type HttpEvent = Pick<
  APIGatewayProxyEventV2,
  'headers' | 'body' | 'isBase64Encoded' | 'pathParameters' | 'rawPath'
>;
export type HttpAnswer = APIGatewayProxyStructuredResultV2;

/** The body's exact bytes, as they were signed. */
export function bodyBytes({ body, isBase64Encoded }: HttpEvent): Buffer {
  return Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
}

/** Header names come in lower case from the HTTP API, and as they were sent from whatever imitates it. */
export function header({ headers }: HttpEvent, name: string): string | undefined {
  const found = headers[name] ?? Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return found === undefined || found === '' ? undefined : found;
}

export function answer(statusCode: number, body?: object, headers: Record<string, string> = {}): HttpAnswer {
  if (body === undefined) return { statusCode, headers };
  return { statusCode, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}
