/** A clock whose timers can all be cancelled, so that what has been closed does nothing more. */
import type { SimClock } from './clock.ts';

export type StoppableClock = SimClock & {
  /** Cancels every timer; later ones never fire. */
  stop(): void;
};

export function stoppable(clock: SimClock): StoppableClock {
  const cancels = new Set<() => void>();
  let stopped = false;

  function after(delayMs: number, action: () => void): () => void {
    if (stopped) return () => {};
    const cancelTimer = clock.after(delayMs, () => {
      cancels.delete(cancel);
      action();
    });
    function cancel(): void {
      if (cancels.delete(cancel)) cancelTimer();
    }
    cancels.add(cancel);
    return cancel;
  }

  return {
    now: () => clock.now(),
    after,
    stop: () => {
      stopped = true;
      for (const cancel of [...cancels]) cancel();
    },
  };
}
