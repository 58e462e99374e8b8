/**
 * HTTP in front of the simulated GitHub: its REST API, bare and below `/api/v3` (the form of GitHub Enterprise Server), and
 * beside it the control surface and the runner's side under `/_sim`.
 */
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { RestAnswer } from '../sim/github-service/answers.ts';
import type { GitHubService } from '../sim/github-service/service.ts';
import type { Deliver } from '../sim/github-service/webhooks.ts';
import { addFaultControls } from './fault-controls.ts';
import type { LocalFaults } from './faults.ts';
import { addControls } from './github-controls.ts';
import { addRunnerSide } from './github-runner-side.ts';
import { listen } from './listen.ts';
import { switchesOfGitHub } from './switches.ts';

export type ServedGitHub = { url: string; close: () => Promise<void> };

export type GitHubServerOptions = {
  service: GitHubService;
  /** 0: any free one. */
  port: number;
  faults?: () => LocalFaults | undefined;
};

/** Throws `PortBusy`. Closing ends the service's timers too. Listens on this machine only. */
export async function serveGitHub(options: GitHubServerOptions): Promise<ServedGitHub> {
  const { service } = options;
  const app = fastify({ forceCloseConnections: true });
  takeRawBodies(app);
  addControls(app, service.control, service.calls);
  const faults = options.faults ?? (() => undefined);
  addFaultControls(app, { faults, switches: switchesOfGitHub(service.control) });
  addRunnerSide(app, service.runnerSide);
  app.all('/*', (request, reply) => answerRest(service, request, reply));
  const url = await listen(app, options.port);
  return {
    url,
    close: async () => {
      service.close();
      await app.close();
    },
  };
}

/** Webhooks by HTTP, redirects not followed: GitHub does not. For `GitHubServiceOptions.deliver`. */
export const deliverByHttp: Deliver = async ({ url, headers, body }) => {
  if (url === undefined) throw new Error('The hook has no address yet');
  const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual' });
  return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
};

/** Every type, also none: GitHub's REST reads JSON whatever it is called. */
function takeRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
}

async function answerRest(service: GitHubService, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { pathname, searchParams } = new URL(request.url, 'http://github.invalid');
  const given = await service.rest({
    method: request.method,
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: singleHeaders(request),
    body: request.body,
  });
  return send(reply, given);
}

function singleHeaders(request: FastifyRequest): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, value?.toString()]));
}

function send(reply: FastifyReply, { status, headers, body }: RestAnswer): FastifyReply {
  if (status === 0) {
    reply.hijack();
    reply.raw.destroy();
    return reply;
  }
  reply.code(status).headers(headers);
  if (body === undefined) return reply.send();
  // Text is an error page, which says so, or what is left of JSON.
  if (headers['content-type'] === undefined) reply.type('application/json; charset=utf-8');
  return reply.send(typeof body === 'string' ? body : JSON.stringify(body));
}
