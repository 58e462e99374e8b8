/** What Lambda does around an invocation: a time-out, and an execution environment that may die at any moment. */
import type { SimClock } from '../../sim/clock.ts';
import type { World } from '../../world.ts';
import { intercepted, type Moment } from './intercept.ts';

export type FunctionName = 'webhook' | 'scaler' | 'registrar' | 'janitor';
/** `kill`: the execution environment dies now; nothing that the invocation does afterwards happens. */
export type Invocation = { killed: boolean; kill: () => void };
/** Told of every outside call of the named function's invocations; a call waits for the promise that it gives. */
export type Watch = (name: FunctionName, moment: Moment, invocation: Invocation) => unknown;

export type Lambda = {
  /** The invocation fails when it throws, takes too long, or its environment is killed. */
  invoke: <Answer>(name: FunctionName, run: (world: World) => Promise<Answer>) => Promise<Answer>;
  /** All environments of all functions die. */
  killAll: () => void;
  /** How many invocations were killed, or took too long. */
  deaths: () => number;
};

const TIMEOUT_MS = 30_000;
const JANITOR_TIMEOUT_MS = 60_000;

export function createLambda(clock: SimClock, world: World, watch: Watch | undefined): Lambda {
  const alive = new Set<Invocation>();
  let deaths = 0;

  async function invoke<Answer>(name: FunctionName, run: (world: World) => Promise<Answer>): Promise<Answer> {
    let die: (error: Error) => void = () => undefined;
    const death = new Promise<never>((_, reject) => {
      die = reject;
    });
    const invocation: Invocation = {
      killed: false,
      kill: () => {
        if (!invocation.killed) deaths += 1;
        invocation.killed = true;
        die(new Error(`${name} was killed`));
      },
    };
    const cancel = clock.after(name === 'janitor' ? JANITOR_TIMEOUT_MS : TIMEOUT_MS, invocation.kill);
    const orNeverIfKilled = () => (invocation.killed ? new Promise<void>(() => undefined) : undefined);
    const watched = intercepted(world, (moment) => {
      const watching = invocation.killed ? undefined : watch?.(name, moment, invocation);
      return watching === undefined ? orNeverIfKilled() : Promise.resolve(watching).then(orNeverIfKilled);
    });
    alive.add(invocation);
    try {
      return await Promise.race([run(watched), death]);
    } finally {
      cancel();
      alive.delete(invocation);
    }
  }

  return {
    invoke,
    deaths: () => deaths,
    killAll: () => {
      for (const invocation of [...alive]) invocation.kill();
    },
  };
}
