/**
 * What a stand-in for the runner's binary, in a real container, asks of the simulated GitHub: connect with its JIT
 * configuration, wait for messages, acquire and finish a job.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { RunnerMessage } from '../sim/github-service/books.ts';
import type { Connection, RunnerSide } from '../sim/github-service/runner-side.ts';

/** A long poll ends with 204 after this long, as GitHub's does. */
const POLL_MS = 50_000;
/** A process that has not asked for so long is taken for dead. */
const SILENT_MS_MAX = 120_000;

type Held = {
  connection: Connection;
  pending: Promise<RunnerMessage> | undefined;
  silence: NodeJS.Timeout | undefined;
};
const REFUSALS = { conflict: 409, deleted: 404, refused: 503, 'too old': 403 } as const;

type WithSession = { Params: { session: string } };

export function addRunnerSide(app: FastifyInstance, github: RunnerSide): void {
  const sessions = new Map<string, Held>();
  app.addHook('onClose', () => {
    for (const held of sessions.values()) clearTimeout(held.silence);
  });

  app.post('/_sim/runner/connect', async (request, reply) => {
    const answer = await github.connect(String(bodyOf(request.body)['jitConfig'] ?? ''));
    if (answer.kind !== 'connected') return reply.code(REFUSALS[answer.kind]).send(answer);
    sessions.set(answer.session, { connection: answer, pending: undefined, silence: undefined });
    heard(sessions, answer.session);
    return reply.code(201).send({ session: answer.session, runnerName: answer.runnerName });
  });
  app.get<WithSession>('/_sim/runner/:session/message', async (request, reply) => {
    const held = heard(sessions, request.params.session);
    if (held === undefined) return noSession(reply);
    const message = await nextOf(held);
    return message === undefined ? reply.code(204).send() : reply.send(message);
  });
  app.post<WithSession>('/_sim/runner/:session/acquire', async (request, reply) => {
    const held = heard(sessions, request.params.session);
    if (held === undefined) return noSession(reply);
    const job = await held.connection.acquire(Number(bodyOf(request.body)['job']));
    return job === undefined ? reply.code(404).send({ message: 'The job is not this runner’s.' }) : reply.send(job);
  });
  app.post<WithSession>('/_sim/runner/:session/finish', async (request, reply) => {
    const held = heard(sessions, request.params.session);
    if (held === undefined) return noSession(reply);
    await held.connection.finish(conclusionOf(bodyOf(request.body)['conclusion']));
    return reply.code(204).send();
  });
  app.delete<WithSession>('/_sim/runner/:session', async (request, reply) => {
    const held = heard(sessions, request.params.session);
    if (held === undefined) return noSession(reply);
    clearTimeout(held.silence);
    sessions.delete(request.params.session);
    await held.connection.close();
    return reply.code(204).send();
  });
}

/** The session, with its silence counted anew. */
function heard(sessions: Map<string, Held>, session: string): Held | undefined {
  const held = sessions.get(session);
  if (held === undefined) return undefined;
  clearTimeout(held.silence);
  held.silence = setTimeout(() => {
    sessions.delete(session);
    held.connection.vanish();
  }, SILENT_MS_MAX);
  held.silence.unref();
  return held;
}

/** A message that came between two polls is not lost: the wait for it goes on. */
async function nextOf(held: Held): Promise<RunnerMessage | undefined> {
  held.pending ??= held.connection.next();
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, POLL_MS, undefined);
  });
  const message = await Promise.race([held.pending, tooLong]);
  clearTimeout(timer);
  if (message !== undefined) held.pending = undefined;
  return message;
}

function noSession(reply: FastifyReply): FastifyReply {
  return reply.code(404).send({ message: 'There is no such session.' });
}

function conclusionOf(value: unknown): 'success' | 'failure' | 'cancelled' {
  return value === 'failure' || value === 'cancelled' ? value : 'success';
}

function bodyOf(body: unknown): Record<string, unknown> {
  try {
    return (JSON.parse(String(body || '{}')) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}
