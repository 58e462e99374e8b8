/**
 * Two times. Everything that takes time runs on the simulator's clock. What clients compare with their own clock
 * (JWT, token expiry, dates in answers and webhooks, resets of rate limits) is wall time: in the local stack the
 * simulator may run 50 times as fast, while the functions' clock is the machine's.
 */
import type { SimClock } from '../clock.ts';

/** `speed`: simulated milliseconds per wall millisecond. */
export type Wall = { now(): number; speed: number };

export type Time = {
  /** Simulated, milliseconds; only differences mean something. */
  now(): number;
  after(delayMs: number, action: () => void): () => void;
  /** Milliseconds since 1970, as clients see it. */
  wall(): number;
  /** How long a simulated span is for a client, in whole seconds, rounded up. */
  wallSeconds(spanMs: number): number;
  /** The simulated span of so many wall seconds, in milliseconds. */
  simulatedMs(wallSeconds: number): number;
  /** Cancels every timer, for good. */
  stop(): void;
};

export function timeOf(clock: SimClock, wall: Wall = { now: clock.now, speed: 1 }): Time {
  const pending = new Set<() => void>();
  let stopped = false;
  function after(delayMs: number, action: () => void): () => void {
    if (stopped) return () => undefined;
    const cancelTimer = clock.after(delayMs, () => {
      pending.delete(cancel);
      action();
    });
    const cancel = () => {
      if (pending.delete(cancel)) cancelTimer();
    };
    pending.add(cancel);
    return cancel;
  }
  return {
    now: () => clock.now(),
    after,
    wall: () => wall.now(),
    wallSeconds: (spanMs) => Math.ceil(spanMs / wall.speed / 1000),
    simulatedMs: (wallSeconds) => wallSeconds * 1000 * wall.speed,
    stop: () => {
      stopped = true;
      for (const cancel of [...pending]) cancel();
    },
  };
}

/** As GitHub writes dates: whole seconds, UTC. */
export function dateText(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
