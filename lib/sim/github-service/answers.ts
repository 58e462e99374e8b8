/** REST answers in GitHub's words. */

export type RestRequest = {
  method: string;
  /** Without the query; bare or below `/api/v3`. */
  path: string;
  query?: Record<string, string>;
  /** Names in lower case. */
  headers: Record<string, string | undefined>;
  /** Parsed, or the JSON text. */
  body?: unknown;
};

/** `body` is JSON to be written, text as it stands, or `undefined`. Status 0: the connection is cut. */
export type RestAnswer = { status: number; headers: Record<string, string>; body: unknown };

export function answer(status: number, body?: unknown, headers: Record<string, string> = {}): RestAnswer {
  return { status, headers, body };
}

export function failure(status: number, message: string, more: Record<string, unknown> = {}): RestAnswer {
  return answer(status, {
    message,
    documentation_url: 'https://docs.github.com/rest',
    status: String(status),
    ...more,
  });
}

/** GitHub also hides what one may not see behind it. */
export function notFound(): RestAnswer {
  return failure(404, 'Not Found');
}

export function invalid(resource: string, field: string): RestAnswer {
  return failure(422, 'Validation Failed', { errors: [{ resource, field, code: 'invalid' }] });
}

export const BAD_GATEWAY: RestAnswer = {
  status: 502,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: '<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>',
};

export const CUT: RestAnswer = { status: 0, headers: {}, body: undefined };

/** Pages of at most 100, 30 if nothing is asked for, with the `Link` header of those beside it. */
export function paged<Item>(request: RestRequest, items: readonly Item[], body: (page: Item[]) => unknown): RestAnswer {
  const perPage = Math.min(100, wholeNumber(request.query?.['per_page'], 30));
  const page = wholeNumber(request.query?.['page'], 1);
  const last = Math.max(1, Math.ceil(items.length / perPage));
  const wanted = items.slice((page - 1) * perPage, page * perPage);
  const links = [
    ...(page > 1 ? [link(request, 'prev', page - 1)] : []),
    ...(page < last ? [link(request, 'next', page + 1), link(request, 'last', last)] : []),
    ...(page > 1 ? [link(request, 'first', 1)] : []),
  ];
  return answer(200, body(wanted), links.length === 0 ? {} : { link: links.join(', ') });
}

/** The address of the same question with another query; `host` is the client's word for us. */
export function addressOf(request: RestRequest, query: Record<string, string>): string {
  const host = request.headers['host'];
  const base = host === undefined ? 'https://api.github.com' : `http://${host}`;
  return `${base}${request.path}?${new URLSearchParams({ ...request.query, ...query })}`;
}

function link(request: RestRequest, relation: string, page: number): string {
  return `<${addressOf(request, { page: String(page) })}>; rel="${relation}"`;
}

function wholeNumber(text: string | undefined, otherwise: number): number {
  const number = Number(text ?? otherwise);
  return Number.isInteger(number) && number > 0 ? number : otherwise;
}
