/** `/_sim/faults` on a server of the stack: what is on, what there is, begin and end. */
import type { FastifyInstance } from 'fastify';
import type { LocalFaults } from './faults.ts';
import { SIMULATED_ONLY, WIRE_FAULTS } from './wire-faults.ts';

/** The server's bodies are text or bytes. `faults` gives `undefined` as long as the stack is starting. */
export function addFaultControls(app: FastifyInstance, faults: () => LocalFaults | undefined): void {
  app.get('/_sim/faults', (_request, reply) => reply.send({ on: faults()?.on() ?? {}, ...KNOWN }));
  app.post('/_sim/faults', (request, reply) => {
    const body = parsed(request.body);
    const result = body === undefined ? { problems: ['The body is not JSON.'] } : faults()?.set(body);
    if (result === undefined) return reply.code(503).send({ message: 'The stack is starting.' });
    if (!('problems' in result)) return reply.send(result);
    return reply.code(400).send({ message: result.problems.join(' '), ...result });
  });
  app.delete('/_sim/faults', (_request, reply) => {
    faults()?.endAll();
    return reply.send({ on: faults()?.on() ?? {} });
  });
}

const KNOWN = {
  faults: Object.fromEntries(
    Object.entries(WIRE_FAULTS).map(([name, { what, unit, range, max }]) => [name, { what, unit, range, max }]),
  ),
  simulatedOnly: SIMULATED_ONLY,
};

function parsed(body: unknown): unknown {
  if (typeof body === 'object' && body !== null && !Buffer.isBuffer(body)) return body;
  try {
    return JSON.parse(String(body || '{}'));
  } catch {
    return undefined;
  }
}
