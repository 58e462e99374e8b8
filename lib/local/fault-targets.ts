/** What the faults of the simulation work on, on this stack. */
import type { Chance } from '../sim/chance.ts';
import type { Targets } from '../sim/faults/fault.ts';
import type { Knobs } from '../sim/faults/knobs.ts';
import type { Cloud } from './cloud.ts';

type Parts = {
  knobs: Knobs;
  chance: Chance;
  killFunctions: () => Promise<void>;
  log: (source: string, line: string) => void;
};

/** What a fault cannot do, another fault keeps it from: that is logged, and no more. */
export function targetsOf(cloud: Cloud, { knobs, chance, killFunctions, log }: Parts): Targets {
  const { clock, github, ecs, sts, queue } = cloud;
  const note = (error: unknown): void => log('faults', String(error));
  return {
    clock,
    chance,
    github: github.service,
    ecs: ecs.service,
    sts: sts.service,
    knobs,
    queue: {
      deliver: (body, { delaySeconds } = {}) => {
        queue.send(body, delaySeconds).catch(note);
      },
    },
    redeploy: () => {
      try {
        cloud.redeploy();
      } catch (error) {
        note(error);
      }
    },
    // A deployment of this stack changes nothing but revisions.
    restore: () => undefined,
    killFunctions: () => {
      killFunctions().catch(note);
    },
  };
}
