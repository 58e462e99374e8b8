/** What the flows need to know, apart from the world: read by the handlers, checked, and fixed for one invocation. */
import type { Pools } from '../core/pool.ts';

/** `observe`: everything is recorded and decided, and nothing is done outside. */
export type Mode = 'launch' | 'observe';

export type Config = {
  mode: Mode;
  /** First part of every runner's name; unique to the deployment. */
  prefix: string;
  /** Where a container reaches the registrar; no slash at the end. */
  registrarUrl: string;
  pools: Pools;
  /** The newest first; one or two, so that they can be rotated. */
  ticketSecrets: readonly string[];
};
