/** HTTP in front of the simulated STS: the query protocol of the real API, of which GetCallerIdentity is all that is asked. */
import fastify from 'fastify';
import type { StsService } from '../sim/sts-service.ts';
import { listen } from './listen.ts';

export type ServedSts = { url: string; close: () => Promise<void> };

/** On any free port of this machine. */
export async function serveSts(service: StsService): Promise<ServedSts> {
  const app = fastify({ forceCloseConnections: true });
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  );
  app.post('/', (request, reply) => {
    const headers = Object.entries(request.headers).map(([name, value]) => [name, value?.toString()]);
    const { status, body } = service.answer({ headers: Object.fromEntries(headers), body: String(request.body ?? '') });
    return reply.code(status).type('text/xml').send(body);
  });
  return { url: await listen(app, 0), close: () => app.close() };
}
