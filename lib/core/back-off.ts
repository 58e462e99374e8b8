/** When to try again. */
import { BACK_OFF_FIRST_MS, BACK_OFF_MAX_MS } from './limits.ts';

/**
 * Milliseconds to wait after the given number of failures in a row: 5 s, doubling to 10 minutes, less up to a quarter.
 * The jitter follows from `spread` (a job id, say), so that a decision can be repeated and jobs still do not march in step.
 */
export function backOffMs(failures: number, spread: number): number {
  const full = Math.min(BACK_OFF_MAX_MS, BACK_OFF_FIRST_MS * 2 ** Math.max(0, Math.min(failures, 20) - 1));
  return Math.round(full * (1 - ((spread * 2654435761) % 1000) / 4000));
}
