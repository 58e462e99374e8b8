/** The service's clock, of which every timer can be ended at once. */
import type { SimClock } from '../clock.ts';

export type Time = SimClock & {
  /** Cancels every timer, and those to come. */
  stop(): void;
};

export function timeOf(clock: SimClock): Time {
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
