/** What a fault is, and on what it works. */
import type { Chance } from '../chance.ts';
import type { SimClock } from '../clock.ts';
import type { EcsFault } from '../ecs-service/faults.ts';
import type { EcsService } from '../ecs-service/service.ts';
import { type Faults, NO_FAULTS } from '../github-service/faults.ts';
import type { GitHubService } from '../github-service/service.ts';
import type { SimQueue } from '../queue.ts';
import type { Strangers } from '../strangers/attempt.ts';
import type { StsService } from '../sts-service.ts';
import type { Knobs } from './knobs.ts';

export type Targets = {
  clock: SimClock;
  chance: Chance;
  github: GitHubService;
  ecs: EcsService;
  queue: Pick<SimQueue, 'deliver'>;
  sts: StsService;
  knobs: Knobs;
  /** The ways to our functions, for whoever must not be let in; absent: nobody is there who tries. */
  strangers?: Strangers;
  /** Another deployment: new task definitions, other maxima, pools missing, and functions that read the old configuration for a while. */
  redeploy: () => void;
  /** The last one: everything as it was before the first. */
  restore: () => void;
  /** All execution environments of all functions die. */
  killFunctions: () => void;
};

/**
 * `hours`: it lasts so long, some time in the simulated days. `times an hour`: `begin` happens so often on average. All others
 * are there from the beginning until the faults end.
 */
export type Fault = {
  what: string;
  unit: 'share' | 'hours' | 'times an hour' | 'seconds' | 'calls';
  /** From which it is drawn. */
  range: readonly [low: number, high: number];
  max: number;
  begin: (targets: Targets, value: number) => void;
  end: (targets: Targets) => void;
};

type NumberOf<Of> = { [Name in keyof Of]: Of[Name] extends number ? Name : never }[keyof Of];

/** A switch of the simulated GitHub. */
export function ofGitHub(
  name: NumberOf<Faults>,
  what: string,
  range: Fault['range'],
  unit: Fault['unit'] = 'share',
): Fault {
  const set = ({ github }: Targets, value: number) => void github.control.setFaults({ [name]: value });
  return { what, unit, range, max: maxOf(unit), begin: set, end: (targets) => set(targets, NO_FAULTS[name]) };
}

/** A switch of the simulated ECS. */
export function ofEcs(name: EcsFault, what: string, range: Fault['range'], unit: Fault['unit'] = 'share'): Fault {
  const set = ({ ecs }: Targets, value: number) => ecs.setFaults({ [name]: value });
  return { what, unit, range, max: maxOf(unit), begin: set, end: (targets) => set(targets, 0) };
}

/** Something around them; lasting for `hours`, it is wholly so. */
export function ofKnob(
  name: NumberOf<Knobs>,
  what: string,
  range: Fault['range'],
  unit: Fault['unit'] = 'share',
): Fault {
  const set = ({ knobs }: Targets, value: number) => {
    knobs[name] = value;
  };
  const begin = (targets: Targets, value: number) => set(targets, unit === 'hours' ? 1 : value);
  return { what, unit, range, max: maxOf(unit), begin, end: (targets) => set(targets, 0) };
}

/** Something that happens now and then, at once. */
export function nowAndThen(what: string, range: Fault['range'], act: (targets: Targets) => void): Fault {
  return { what, unit: 'times an hour', range, max: maxOf('times an hour'), begin: act, end: () => undefined };
}

/** Something that lasts for hours. */
export function forHours(
  what: string,
  range: Fault['range'],
  begin: (targets: Targets) => void,
  end: (targets: Targets) => void,
): Fault {
  return { what, unit: 'hours', range, max: maxOf('hours'), begin, end };
}

export function maxOf(unit: Fault['unit']): number {
  return { share: 1, hours: 24, 'times an hour': 60, seconds: 3600, calls: 1_000_000 }[unit];
}
