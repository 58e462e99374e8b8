/**
 * HTTP in front of the simulated ECS: the JSON protocol of the real API, so that the real SDK client can be pointed at
 * it, and beside it a control surface under `/_sim`.
 */
import { randomUUID } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { EcsError } from '../sim/ecs-service/errors.ts';
import type { EcsService } from '../sim/ecs-service/service.ts';
import { addFaultControls } from './fault-controls.ts';
import type { LocalFaults } from './faults.ts';
import { switchesOfEcs } from './switches.ts';

const TARGET_PREFIX = 'AmazonEC2ContainerServiceV20141113.';
const JSON_1_1 = 'application/x-amz-json-1.1';
/** RunTask's largest body is about 20 kB, a task definition's 64 KB. */
const BODY_BYTES_MAX = 1_048_576;

export type ServedEcs = { url: string; close: () => Promise<void> };

export type EcsServerOptions = {
  service: EcsService;
  /** 0: any free one. */
  port: number;
  faults?: () => LocalFaults | undefined;
};

/** Listens on the local address only. */
export async function serveEcs(options: EcsServerOptions): Promise<ServedEcs> {
  const app = fastify({ bodyLimit: BODY_BYTES_MAX, forceCloseConnections: true });
  app.addContentTypeParser(JSON_1_1, { parseAs: 'string' }, (_request, body, done) => done(null, body));
  addApi(app, options.service);
  addControls(app, options.service);
  const faults = options.faults ?? (() => undefined);
  addFaultControls(app, { faults, switches: switchesOfEcs(options.service) });
  const url = await app.listen({ port: options.port, host: '127.0.0.1' });
  return { url, close: () => app.close() };
}

function addApi(app: FastifyInstance, service: EcsService): void {
  app.post('/', (request, reply) => {
    const target = String(request.headers['x-amz-target'] ?? '');
    const operation = target.startsWith(TARGET_PREFIX) ? target.slice(TARGET_PREFIX.length) : target;
    try {
      return send(reply, 200, service.call(operation, parseBody(request.body)));
    } catch (error) {
      return sendError(reply, error);
    }
  });
}

function sendError(reply: FastifyReply, error: unknown): FastifyReply {
  if (error instanceof SyntaxError)
    return send(reply, 400, { __type: 'SerializationException', message: error.message });
  if (!(error instanceof EcsError)) throw error;
  if (error.type === 'ConnectionCut') {
    reply.hijack();
    reply.raw.destroy();
    return reply;
  }
  const { message, resourceIds, type } = error;
  return send(reply, type === 'ServerException' ? 500 : 400, { __type: type, message, resourceIds });
}

function send(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  return reply
    .code(status)
    .header('content-type', JSON_1_1)
    .header('x-amzn-requestid', randomUUID())
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send(body);
}

function parseBody(body: unknown): unknown {
  return typeof body === 'string' && body !== '' ? JSON.parse(body) : {};
}

function addControls(app: FastifyInstance, service: EcsService): void {
  app.get('/_sim/tasks', () => service.tasks());
  app.get('/_sim/instances', () => service.instances());
  app.get('/_sim/books', () => service.books());
  app.post<{ Params: { id: string } }>('/_sim/instances/:id/kill', (request, reply) => {
    if (service.killInstance(request.params.id)) return { killed: request.params.id };
    return reply.code(404).send({ message: `no instance ${request.params.id}` });
  });
}
