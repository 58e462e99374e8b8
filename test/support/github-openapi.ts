/** Compares a request and its answer with GitHub's own description of the operation (test/fixtures/github-openapi.json). */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';

type Operation = { query: Record<string, unknown>; body?: unknown; responses: Record<string, unknown> };
type Description = { operations: Record<string, Operation>; schemas: Record<string, unknown> };

export type Exchange = {
  query?: Record<string, string>;
  body?: unknown;
  status: number;
  response: unknown;
};

const DESCRIPTION = JSON.parse(
  readFileSync(new URL('../fixtures/github-openapi.json', import.meta.url), 'utf8'),
) as Description;

const AJV = new Ajv({ strict: false, allErrors: true });
addFormats.default(AJV);
AJV.addFormat('repo.nwo', true);
AJV.addSchema({ $id: 'github', ...DESCRIPTION });

/** As GitHub documents them: `GET /app`, … */
export const OPERATIONS: readonly string[] = Object.keys(DESCRIPTION.operations);

/** What differs, one sentence each. `requestIsRight` false: it is meant to be refused. */
export function differences(operation: string, exchange: Exchange, requestIsRight = true): string[] {
  const described = DESCRIPTION.operations[operation];
  if (described === undefined) return [`${operation} is not among the extracted operations`];
  const unknown = Object.keys(exchange.query ?? {}).filter((name) => !(name in described.query));
  return [
    ...unknown.map((name) => `there is no query parameter ${name}`),
    ...(requestIsRight && described.body ? invalid(operation, ['body'], exchange.body, 'the request') : []),
    ...responseDifferences(operation, described, exchange),
  ];
}

function responseDifferences(operation: string, { responses }: Operation, { status, response }: Exchange): string[] {
  if (!(status in responses)) return [`the answer ${status} is not documented`];
  if (responses[status] === null) return response === undefined ? [] : ['the answer has a body'];
  return invalid(operation, ['responses', String(status)], response, 'the answer');
}

function invalid(operation: string, path: string[], value: unknown, what: string): string[] {
  const pointer = ['operations', operation, ...path].map(escaped).join('/');
  const validate = AJV.getSchema(`github#/${pointer}`);
  if (validate === undefined) return [`${what} has no schema at ${pointer}`];
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${what}${instancePath} ${message}`);
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
