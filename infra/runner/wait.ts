/** Resolves after so long, or as soon as it is told to stop. */
export function wait(delayMs: number, told: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (told.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      told.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, delayMs);
    told.addEventListener('abort', end);
  });
}
