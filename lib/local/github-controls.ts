/** The control surface of the simulated GitHub, under `/_sim`. Every body is JSON; what is refused says why. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Control } from '../sim/github-service/control.ts';

type WithId = { Params: { id: string } };

export function addControls(app: FastifyInstance, control: Control, calls: ReadonlyMap<string, number>): void {
  app.post('/_sim/jobs', (request, reply) => take(request, reply, 201, control.addJobs));
  app.get('/_sim/jobs', () => control.jobs());
  app.post<WithId>('/_sim/jobs/:id/cancel', (request, reply) => change(reply, request.params.id, control.cancel));
  app.post<WithId>('/_sim/jobs/:id/release', (request, reply) => change(reply, request.params.id, control.release));
  app.post<WithId>('/_sim/jobs/:id/rerun', (request, reply) => change(reply, request.params.id, control.rerun));
  app.get('/_sim/runners', () => control.runners());
  app.post('/_sim/installations', (request, reply) => take(request, reply, 201, control.putInstallation));
  app.delete<{ Params: { owner: string } }>('/_sim/installations/:owner', (request, reply) =>
    reply.code(control.removeInstallation(request.params.owner) ? 204 : 404).send(),
  );
  app.get('/_sim/calls', () => Object.fromEntries(calls));
}

function take(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  action: (body: unknown) => object,
): FastifyReply {
  const body = parsed(request.body);
  const result = body === undefined ? { problems: ['The body is not JSON.'] } : action(body);
  if (!('problems' in result)) return reply.code(status).send(result);
  const { problems } = result as { problems: string[] };
  return reply.code(400).send({ message: problems.join(' '), problems });
}

/** 404: no such job; 409: there is nothing to do in its state. */
function change(reply: FastifyReply, id: string, action: (job: number) => boolean | number | undefined): FastifyReply {
  const result = action(Number(id));
  if (result === undefined) return reply.code(404).send({ message: `There is no job ${id}.` });
  if (result === false) return reply.code(409).send({ message: `Job ${id} is not in a state for that.` });
  return reply.code(202).send({ id: result === true ? Number(id) : result });
}

function parsed(body: unknown): unknown {
  try {
    return JSON.parse(String(body || '{}'));
  } catch {
    return undefined;
  }
}
