/** When this process is to end: a signal, or npm is gone. */

export type ToldToEnd = {
  /** Resolves once. Further signals change nothing: the end is under way. */
  told: Promise<void>;
  close(): void;
};

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const LOOK_MS = 300;

/**
 * npm passes SIGTERM on to the shell between it and us, which ends and tells nobody: then our parent is another one.
 * Without npm a new parent means nothing.
 */
export function watchForEnd(environment: NodeJS.ProcessEnv): ToldToEnd {
  const { promise: told, resolve } = Promise.withResolvers<void>();
  const parent = process.ppid;
  const underNpm = environment['npm_lifecycle_event'] !== undefined;
  const timer = setInterval(() => {
    if (underNpm && process.ppid !== parent) resolve();
  }, LOOK_MS);
  const onSignal = (): void => resolve();
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    told,
    close: () => {
      clearInterval(timer);
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
