/** The HTTP API of the service: its routes to the functions, and next to them what only the local stack has. */
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import type { Way } from '../sim/faults/around.ts';
import { addFaultControls } from './fault-controls.ts';
import type { LocalFaults } from './faults.ts';
import { type HttpAnswer, httpAnswer, httpEvent, jsonAnswer } from './http-event.ts';
import type { LocalFunction } from './lambda.ts';
import { listen } from './listen.ts';

export type ApiOptions = {
  /** 0: any free one. */
  port: number;
  webhook: Pick<LocalFunction, 'invokeWaiting'>;
  registrar: Pick<LocalFunction, 'invokeWaiting'>;
  /** For `GET /api/state`. */
  state: () => Promise<unknown>;
  /** Milliseconds since 1970. */
  now: () => number;
  /** What becomes of a container's request to the registrar; default: it is answered. */
  wayOf?: (path: string) => Way;
  faults?: () => LocalFaults | undefined;
};

export type LocalApi = { address: string; close(): Promise<void> };

/** More than GitHub sends (25 MB): what is too large is read to its end, so that its sender gets to see the answer. */
const BODY_BYTES_MAX = 32 * 1024 * 1024;
/** Lambda docs, quotas: 6 MB for the whole event of a synchronous invocation, after base64. */
const EVENT_BYTES_MAX = 6 * 1024 * 1024;

const RUNNER_ROUTES = ['registration', 'started', 'idle'] as const;

export async function startApi(options: ApiOptions): Promise<LocalApi> {
  const app = Fastify({ forceCloseConnections: true, bodyLimit: BODY_BYTES_MAX, exposeHeadRoutes: false });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.post('/webhook', (request, reply) => serve(options, options.webhook, 'POST /webhook', request, reply));
  for (const route of RUNNER_ROUTES) {
    const routeKey = `POST /runners/{name}/${route}`;
    app.post(`/runners/:name/${route}`, (request, reply) => serveRunner(options, routeKey, request, reply));
  }
  app.get('/api/state', async (_request, reply) => send(reply, jsonAnswer(200, await options.state())));
  addFaultControls(app, { faults: () => options.faults?.() });
  app.get('/', async (_request, reply) => reply.type('text/plain').send(ABOUT));
  app.setNotFoundHandler((_request, reply) => send(reply, jsonAnswer(404, { message: 'Not Found' })));
  app.setErrorHandler((error, _request, reply) => send(reply, errorAnswer(error as { statusCode?: number })));
  return { address: await listen(app, options.port), close: () => app.close() };
}

const ABOUT =
  "ecs-runners, the local stack. POST /webhook takes GitHub's events; GET /api/state shows the tables, GET /_sim/faults the faults.\n";

/** The way from a container to the registrar and back is a network. */
async function serveRunner(
  options: ApiOptions,
  routeKey: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { registrar } = options;
  const way = options.wayOf?.(request.url);
  if (way === 'request') return cut(reply);
  if (way === 'doubled') void registrar.invokeWaiting(eventOf(options, routeKey, request));
  if (way !== 'answer') return serve(options, registrar, routeKey, request, reply);
  await registrar.invokeWaiting(eventOf(options, routeKey, request));
  return cut(reply);
}

function cut(reply: FastifyReply): FastifyReply {
  reply.hijack();
  reply.raw.destroy();
  return reply;
}

async function serve(
  options: ApiOptions,
  target: Pick<LocalFunction, 'invokeWaiting'>,
  routeKey: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const event = eventOf(options, routeKey, request);
  if (Buffer.byteLength(JSON.stringify(event)) > EVENT_BYTES_MAX) return send(reply, TOO_LARGE);
  const result = await target.invokeWaiting(event);
  return send(reply, result.ok ? httpAnswer(result.payload) : failureAnswer(result));
}

function eventOf({ now }: ApiOptions, routeKey: string, request: FastifyRequest) {
  return httpEvent({
    raw: request.raw,
    id: request.id,
    routeKey,
    pathParameters: request.params as Record<string, string>,
    body: (request.body as Buffer | undefined) ?? Buffer.alloc(0),
    now: now(),
  });
}

const TOO_LARGE = jsonAnswer(413, { message: 'Request Entity Too Large' });

/** As the HTTP API answers for a function: 503 when it is throttled or takes too long, 500 when it fails. */
function failureAnswer(result: { error: { errorType: string }; throttled?: true }): HttpAnswer {
  return result.throttled === true || result.error.errorType === 'Sandbox.Timedout'
    ? jsonAnswer(503, { message: 'Service Unavailable' })
    : jsonAnswer(500, { message: 'Internal Server Error' });
}

function errorAnswer({ statusCode = 500 }: { statusCode?: number }): HttpAnswer {
  if (statusCode === 413) return TOO_LARGE;
  return jsonAnswer(statusCode, { message: statusCode < 500 ? 'Bad Request' : 'Internal Server Error' });
}

function send(reply: FastifyReply, { status, headers, cookies, body }: HttpAnswer): FastifyReply {
  if (cookies.length > 0) reply.header('set-cookie', [...cookies]);
  return reply.code(status).headers(headers).send(body);
}
