/** What a simulated container is given, what it keeps while it lives, and the codes with which it ends. */
import type { Chance } from './chance.ts';
import type { SimClock } from './clock.ts';
import type { IdentityHeaders } from './container-identity.ts';
import type { Connection, RunnerSide } from './github-service/runner-side.ts';

/** It ran a job, whatever the result, or was told that nobody wants it. Every other code: it ended without a job. */
export const EXIT_DONE = 0;
/** Its ticket was refused. */
export const EXIT_REFUSED = 1;
/** It got no JIT configuration, or no connection to GitHub, in time. */
export const EXIT_NOT_BOOTED = 2;
/** It listened and was ended, or its registration was, before a job came. */
export const EXIT_WITHOUT_JOB = 3;
/** Another session lives under its registration. The runner's own code. */
export const EXIT_CONFLICT = 5;
/** It was killed: 128 + SIGKILL. */
export const EXIT_KILLED = 137;

export type RegistrarRequest = { path: string; headers: Record<string, string>; body: string };
export type RegistrarAnswer = { status: number; headers: Record<string, string | undefined>; body: string };
/** Calls the registrar, by path below its address. A rejection is a connection that failed. */
export type Registrar = (request: RegistrarRequest) => Promise<RegistrarAnswer>;

export type ContainerOptions = {
  /** ECS_RUNNERS_NAME, ECS_RUNNERS_TICKET; ECS_RUNNERS_URL is for whoever makes `registrar`. */
  environment: Readonly<Record<string, string | undefined>>;
  clock: SimClock;
  chance: Chance;
  registrar: Registrar;
  /** Signs anew for each request; absent: it is of a version that proves nothing. */
  identity?: (runner: string) => IdentityHeaders;
  github: RunnerSide;
  /** An image that registers its runner under another name, or with other labels, than it is told. */
  registersAs?: (runnerName: string) => { name?: string; labels?: string[] };
  /** SIGTERM: ends it at once unless a job runs; a job is let finish. */
  signal: AbortSignal;
  /** SIGKILL: ends it without a word to anybody. */
  killed?: AbortSignal;
  /** What is wrong with this one: it comes up and does nothing, or does everything but end. */
  sticks?: Sticks;
  log?: (line: string) => void;
};

export type Sticks = 'at its beginning' | 'at its end';

/** What it keeps; `ended` ends everything that is still under way. */
export type Container = {
  options: ContainerOptions;
  name: string;
  killedSoon: Promise<typeof EXIT_KILLED>;
  stopSoon: Promise<'stop'>;
  connection: Connection | undefined;
  ended: boolean;
};

/** A pause that can be cut short; cancelled, it never ends. */
export type Timer<Value> = { due: Promise<Value>; cancel: () => void };

/** Gives the value after so many milliseconds. */
export function timerOf<const Value>(clock: SimClock, delayMs: number, value: Value): Timer<Value> {
  let cancel: () => void = () => undefined;
  const due = new Promise<Value>((resolve) => {
    cancel = clock.after(delayMs, () => resolve(value));
  });
  return { due, cancel };
}

/** A pause that ends early when the container is to end. */
export async function wait(container: Container, delayMs: number): Promise<'stop' | 'waited'> {
  const timer = timerOf(container.options.clock, delayMs, 'waited');
  const word = await Promise.race([timer.due, container.stopSoon, container.killedSoon]);
  timer.cancel();
  return word === 'waited' ? 'waited' : 'stop';
}

/** When the signal comes; never without one. */
export function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}
