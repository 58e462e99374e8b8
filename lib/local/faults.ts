/** The faults of the simulation on a stack that runs: begun and ended by their names at any time. */
import { inject } from '../sim/faults/draw.ts';
import type { Targets } from '../sim/faults/fault.ts';
import type { FaultList } from '../sim/faults/table.ts';
import { stoppable } from '../sim/stoppable-clock.ts';
import { problemsOf, seedIn } from './fault-requests.ts';
import { WIRE_FAULTS } from './wire-faults.ts';

export type LocalFaults = {
  /** `{ name: value, … }`; those that are not named go on, 0 ends one. Every problem in one sentence, and then nothing is changed. */
  set(request: unknown): { on: FaultList } | { problems: string[] };
  /** Why `set` would refuse it. */
  problemsOf(request: unknown): string[];
  /** What is on now. */
  on(): FaultList;
  endAll(): void;
};

const HOUR_MS = 60 * 60 * 1000;

export function createLocalFaults(targets: Targets, seed: number): LocalFaults {
  const running = new Map<string, { value: number; end: () => void }>();

  function end(name: string): void {
    running.get(name)?.end();
    running.delete(name);
  }

  function begin(name: string, value: number, ofSeed: number): void {
    end(name);
    if (value === 0) return;
    const clock = stoppable(targets.clock);
    // Without a length of days: what lasts for hours begins at once.
    const endFault = inject(ofSeed, { [name]: value }, { ...targets, clock }, 0, WIRE_FAULTS);
    const endThis = () => {
      clock.stop();
      endFault();
    };
    running.set(name, { value, end: endThis });
    if (WIRE_FAULTS[name]?.unit === 'hours') clock.after(value * HOUR_MS, () => end(name));
  }

  return {
    set: (request) => {
      const problems = problemsOf(request);
      if (problems.length > 0) return { problems };
      const { seed: ofSeed, faults } = seedIn(request as Record<string, number>, seed);
      for (const [name, value] of Object.entries(faults)) begin(name, value, ofSeed);
      return { on: on() };
    },
    problemsOf,
    on,
    endAll: () => {
      for (const name of [...running.keys()]) end(name);
    },
  };

  function on(): FaultList {
    return Object.fromEntries([...running].map(([name, { value }]) => [name, value]));
  }
}
