/** The API of a stack: it listens before there is anything behind it, because the functions need its address. */
import type { Around } from '../sim/faults/around.ts';
import { type LocalApi, startApi } from './api.ts';
import type { Closers } from './closers.ts';
import type { LocalFaults } from './faults.ts';
import type { LocalFunctions } from './functions.ts';
import type { InvokeResult } from './lambda.ts';

export type Back = {
  functions: LocalFunctions;
  state: () => Promise<unknown>;
  now: () => number;
  faults: LocalFaults;
};
export type Front = {
  api: LocalApi;
  open(back: Back): void;
  /** `undefined` as long as the stack is starting. */
  faults(): LocalFaults | undefined;
};

/** Throws `PortBusy`. */
export async function startFront(port: number, around: Around, started: Closers): Promise<Front> {
  let back: Back | undefined;
  const invokeWaiting = (name: 'webhook' | 'registrar') => async (event: unknown) =>
    back === undefined ? NOT_YET : back.functions[name].invokeWaiting(event);
  const faults = (): LocalFaults | undefined => back?.faults;
  const api = await startApi({
    port,
    webhook: { invokeWaiting: invokeWaiting('webhook') },
    registrar: { invokeWaiting: invokeWaiting('registrar') },
    state: async () => back?.state(),
    now: () => back?.now() ?? Date.now(),
    wayOf: around.wayOf,
    faults,
  });
  started.add(api);
  return {
    api,
    open: (opened) => {
      back = opened;
    },
    faults,
  };
}

const NOT_YET: InvokeResult = {
  ok: false,
  throttled: true,
  error: { errorType: 'ResourceNotReadyException', errorMessage: 'the stack is starting' },
};
