/** The strangers' ways to our functions: what each of them does to the world, and what becomes of what they try. */
import type { Chance } from '../../sim/chance.ts';
import type { RegistrarAnswer, RegistrarRequest } from '../../sim/container-state.ts';
import type { Answered, Attempt, Strangers } from '../../sim/strangers/attempt.ts';
import type { Functions } from './functions.ts';
import { intercepted } from './intercept.ts';

/** What the containers have said and been told, as far as somebody may make use of it. */
export type Overheard = Pick<Strangers, 'credentialOf' | 'isHeard' | 'whenIdle'> & {
  overhear: (request: RegistrarRequest, answer: RegistrarAnswer) => void;
};

export function createOverheard(): Overheard {
  const credentials = new Map<string, string>();
  const heard = new Set<string>();
  let waiting: (runner: string) => void = () => undefined;
  return {
    credentialOf: (runner) => credentials.get(runner),
    isHeard: (runner) => heard.has(runner),
    whenIdle: (then) => {
      waiting = then;
    },
    overhear: ({ path }, { status, body }) => {
      const [, runner = '', what] = /^\/runners\/([^/]+)\/(\w+)$/.exec(path) ?? [];
      if (status >= 300) return;
      if (what === 'registration') credentials.set(runner, String(JSON.parse(body).reportCredential));
      else heard.add(runner);
      if (what !== 'idle') return;
      const then = waiting;
      waiting = () => undefined;
      then(runner);
    },
  };
}

/** `told`: of what became of each. */
export function strangersOf(parts: {
  chance: Chance;
  doors: Functions['doors'];
  overheard: Overheard;
  told: (attempt: Attempt, answered: Answered) => void;
}): Strangers {
  const { chance, doors, overheard, told } = parts;
  return {
    ...overheard,
    chance,
    attempt: async (attempt) => {
      const changes: string[] = [];
      const through: Parameters<typeof doors>[0] = (world) =>
        intercepted(world, ({ when, call }) => {
          if (when === 'before' && !READS.test(call)) changes.push(call);
        });
      const status = await doors(through)
        [attempt.door](attempt.request)
        .then(({ status }) => status, statusOf);
      told(attempt, { status, changes });
    },
  };
}

/** Calls that change nothing, and of which nobody outside hears but STS. */
const READS = /^identity\.signer$|\.(get|getMany|list)$/;

/** What API Gateway makes of a function that fails; if it died, or could not reach something, nothing follows from that. */
function statusOf(error: Error): number | undefined {
  return /was killed$|the connection was cut$/.test(error.message) ? undefined : 500;
}
