/** The simulators' own switches, one by one: what the faults of the stack are made of. */
import { noFaults, setFaults } from '../sim/ecs-service/faults.ts';
import type { EcsService } from '../sim/ecs-service/service.ts';
import type { Control } from '../sim/github-service/control.ts';
import { mergeFaults, NO_FAULTS } from '../sim/github-service/faults.ts';

type Changes = Readonly<Record<string, unknown>>;

export type Switches = {
  has(name: string): boolean;
  shown(): Changes;
  /** One sentence each. */
  problemsOf(changes: Changes): string[];
  /** Those that are not named stay. */
  set(changes: Changes): void;
  reset(): void;
};

export function switchesOfGitHub(control: Control): Switches {
  return {
    has: (name) => Object.hasOwn(NO_FAULTS, name),
    shown: control.faults,
    problemsOf: (changes) => {
      const merged = mergeFaults(control.faults(), changes);
      return 'problems' in merged ? merged.problems : [];
    },
    set: (changes) => void control.setFaults(changes),
    reset: () => void control.setFaults(NO_FAULTS),
  };
}

export function switchesOfEcs(service: EcsService): Switches {
  return {
    has: (name) => Object.hasOwn(noFaults(), name),
    shown: service.faults,
    problemsOf: (changes) => {
      try {
        setFaults(service.faults(), changes);
        return [];
      } catch (error) {
        if (error instanceof RangeError) return [error.message];
        throw error;
      }
    },
    set: service.setFaults,
    reset: () => service.setFaults(noFaults()),
  };
}
