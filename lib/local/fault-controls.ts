/** `/_sim/faults` on a server of the stack: what is on, what there is, begin and end. */
import type { FastifyInstance } from 'fastify';
import type { LocalFaults } from './faults.ts';
import type { Switches } from './switches.ts';
import { SIMULATED_ONLY, WIRE_FAULTS } from './wire-faults.ts';

type Controls = {
  /** `undefined` as long as the stack is starting, and where a simulator stands alone. */
  faults?: () => LocalFaults | undefined;
  /** Of the simulator behind this server: they are taken and shown beside the faults. */
  switches?: Switches;
};

export function addFaultControls(app: FastifyInstance, { faults = () => undefined, switches }: Controls): void {
  const shown = () => ({ ...switches?.shown(), on: faults()?.on() ?? {} });
  app.get('/_sim/faults', (_request, reply) => reply.send({ ...shown(), ...KNOWN }));
  app.post('/_sim/faults', (request, reply) => {
    const body = parsed(request.body);
    const problems = body === undefined ? ['The body is not JSON.'] : set(body, faults(), switches);
    if (problems.length > 0) return reply.code(400).send({ message: problems.join(' '), problems });
    return reply.send(shown());
  });
  app.delete('/_sim/faults', (_request, reply) => {
    faults()?.endAll();
    switches?.reset();
    return reply.send(shown());
  });
}

const KNOWN = {
  faults: Object.fromEntries(
    Object.entries(WIRE_FAULTS).map(([name, { what, unit, range, max }]) => [name, { what, unit, range, max }]),
  ),
  simulatedOnly: SIMULATED_ONLY,
};

/** Gives every problem; then nothing is changed. */
function set(body: unknown, faults: LocalFaults | undefined, switches: Switches | undefined): string[] {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const entries = isObject ? Object.entries(body) : [];
  const ofSwitches = Object.fromEntries(entries.filter(([name]) => switches?.has(name) === true));
  const others = isObject ? Object.fromEntries(entries.filter(([name]) => !(name in ofSwitches))) : body;
  const problems = [...(switches?.problemsOf(ofSwitches) ?? []), ...(faults ?? ALONE).problemsOf(others)];
  if (problems.length > 0) return problems;
  switches?.set(ofSwitches);
  faults?.set(others);
  return [];
}

/** Where there is no stack, there are no faults but the simulator's own switches. */
const ALONE: Pick<LocalFaults, 'problemsOf'> = {
  problemsOf: (request) => {
    if (typeof request !== 'object' || request === null || Array.isArray(request))
      return ['The faults are not a JSON object.'];
    return Object.keys(request).map((name) => `There is no switch ${name} here; GET /_sim/faults shows them all.`);
  },
};

function parsed(body: unknown): unknown {
  if (typeof body === 'object' && body !== null && !Buffer.isBuffer(body)) return body;
  try {
    return JSON.parse(String(body || '{}'));
  } catch {
    return undefined;
  }
}
