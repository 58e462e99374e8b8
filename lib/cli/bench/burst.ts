/** Calls to GitHub and AWS over a burst of jobs, counted in virtual time by the stage of the tests. */
import { fileURLToPath } from 'node:url';
import { measured } from './child.ts';

/** Calls by operation, as the service's ports name them. `janitor` and `tokens` are counted apart from `service`. */
export type MeasuredBurst = {
  jobs: number;
  max: number;
  virtualMinutes: number;
  /** Calls that the simulated GitHub was asked for, by path, tokens left out. */
  github: Record<string, number>;
  tokens: number;
  service: Record<string, number>;
  janitor: Record<string, number>;
};

export function measureBurst(): Promise<MeasuredBurst> {
  return measured(fileURLToPath(new URL('../../../test/bench/burst.ts', import.meta.url)));
}

export function githubCalls(calls: Readonly<Record<string, number>>): number {
  return sum(calls, (call) => call.startsWith('github.'));
}

export function awsCalls(calls: Readonly<Record<string, number>>): number {
  return sum(calls, (call) => !call.startsWith('github.'));
}

function sum(calls: Readonly<Record<string, number>>, counts: (call: string) => boolean): number {
  return Object.entries(calls).reduce((total, [call, count]) => total + (counts(call) ? count : 0), 0);
}
