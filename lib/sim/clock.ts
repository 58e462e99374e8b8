/** Time for the simulators: virtual (jumps to the next timer) or scaled (real time, `speed` times as fast). */

export interface SimClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `action` once, `delayMs` later; the returned function cancels it. */
  after(delayMs: number, action: () => void): () => void;
}

export function sleep(clock: SimClock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}

export type VirtualClock = SimClock & {
  /** Runs every timer due up to `until`, in order, letting promises settle before and after each. */
  runUntil(until: number): Promise<void>;
  /** Runs timers until `done` holds or `until` is reached; says whether it holds. */
  runUntilTrue(done: () => boolean, until: number): Promise<boolean>;
};

type Timer = { at: number; order: number; action: () => void };

export function virtualClock(start: number): VirtualClock {
  let now = start;
  let order = 0;
  const timers: Timer[] = [];
  const settle = settler();

  function after(delayMs: number, action: () => void): () => void {
    const timer = { at: now + Math.max(0, delayMs), order: order++, action };
    timers.splice(position(timers, timer), 0, timer);
    return () => {
      const index = timers.indexOf(timer);
      if (index >= 0) timers.splice(index, 1);
    };
  }

  async function runUntilTrue(done: () => boolean, until: number): Promise<boolean> {
    await settle();
    while (!done()) {
      const next = timers[0];
      if (next === undefined || next.at > until) {
        now = Math.max(now, until);
        return done();
      }
      timers.shift();
      now = next.at;
      next.action();
      await settle();
    }
    return true;
  }

  return {
    now: () => now,
    after,
    runUntilTrue,
    runUntil: async (until) => {
      await runUntilTrue(() => false, until);
    },
  };
}

/** `origin`: the real instant at which both times agree, so that several processes can share one scaled time. */
export function scaledClock(options: { origin: number; speed: number }): SimClock {
  return {
    now: () => options.origin + (Date.now() - options.origin) * options.speed,
    after: (delayMs, action) => {
      const timer = setTimeout(action, delayMs / options.speed);
      return () => clearTimeout(timer);
    },
  };
}

const TURNS_AHEAD = 64;

/**
 * Promises settle in micro-tasks, all of them before the platform's next macro-task. Many of these are asked for at once: they
 * follow each other without a turn of the event loop, which costs more than most timers.
 */
function settler(): () => Promise<void> {
  let ahead = 0;
  let waiting: (() => void)[] = [];
  const turn = () => {
    ahead -= 1;
    const settled = waiting;
    waiting = [];
    for (const resolve of settled) resolve();
  };
  return () =>
    new Promise((resolve) => {
      // Whoever else lets time pass waits too.
      waiting.push(resolve);
      if (ahead > 0) return;
      for (; ahead < TURNS_AHEAD; ahead += 1) setImmediate(turn);
    });
}

/** Binary search: after all timers that are due no later. */
function position(timers: readonly Timer[], timer: Timer): number {
  let low = 0;
  let high = timers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = timers[middle];
    if (other !== undefined && (other.at < timer.at || (other.at === timer.at && other.order < timer.order))) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
