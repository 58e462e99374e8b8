/** What somebody tries who may not, and what such a person is given to try it with. */
import type { Chance } from '../chance.ts';
import type { RegistrarRequest } from '../container-state.ts';

export type Attempt = {
  /** For whoever reads that it went well. */
  what: string;
  door: 'webhook' | 'registrar';
  request: RegistrarRequest;
  /** It brings the ticket of the runner that it names: what it is told may depend on what becomes of that runner. */
  knowsTicket?: true;
};

/** `status`: of the answer; `undefined`: there was none. `changes`: what the service did meanwhile, other than to read. */
export type Answered = { status: number | undefined; changes: readonly string[] };

export type Strangers = {
  /** Its own, so that nothing else that is drawn depends on what they try. */
  chance: Chance;
  /** Makes it through the door by which the right requests come. */
  attempt: (attempt: Attempt) => Promise<void>;
  /** With which that runner's container reports; `undefined`: it has none yet. */
  credentialOf: (runner: string) => string | undefined;
  /** Whether that runner's container has been heard since it has its registration. */
  isHeard: (runner: string) => boolean;
  /** Calls it, once, with the next runner whose container says that it idles. Whoever asked before is forgotten. */
  whenIdle: (then: (runner: string) => void) => void;
};
