/** What the figures are to reach. Bytes and calls are the same on every machine, times are not: `firm` says which. */

export type Target = { name: string; value: number; limit: number; unit: string; firm: boolean; ok: boolean };

/** kB of a bundle, and milliseconds of its import over an empty one. */
export const BUNDLE_LIMITS: Readonly<Record<string, { kilobytes: number; importMs: number }>> = {
  webhook: { kilobytes: 300, importMs: 45 },
  scaler: { kilobytes: 500, importMs: 80 },
  registrar: { kilobytes: 500, importMs: 80 },
  janitor: { kilobytes: 500, importMs: 80 },
};

/** CPU of a matched event without the queue's client, log lines included. */
export const MATCHED_EVENT_US = 100;
/** Ten launches in one batch with 100 ms per call. */
export const BATCH_MS = 1_000;
/** Of the service, tokens and janitor apart. */
export const GITHUB_CALLS_PER_JOB = 1.1;

export function target(name: string, value: number, limit: number, unit: string, firm: boolean): Target {
  return { name, value, limit, unit, firm, ok: value <= limit };
}
