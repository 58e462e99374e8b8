/** The time that all processes of a stack share: `origin + (real − origin) × speed`, as `scaledClock` has it. */
import { fileURLToPath } from 'node:url';

export type SharedTime = {
  /** The real instant at which both times agree, in milliseconds since 1970. */
  originMs: number;
  /** Simulated seconds per real second; 1: nothing is changed. */
  speed: number;
};

/** What a Node process needs on its command line, so that its `Date` shows the shared time. */
export function lensArguments(time: SharedTime): string[] {
  return time.speed === 1 ? [] : ['--import', fileURLToPath(new URL('./time-lens.mjs', import.meta.url))];
}

/** What it needs in its environment. */
export function lensEnvironment(time: SharedTime): Record<string, string> {
  return time.speed === 1 ? {} : { TIME_LENS_ORIGIN: String(time.originMs), TIME_LENS_SPEED: String(time.speed) };
}
