/** What the faults of the simulation work on, on a stage of tests. */
import type { Targets } from '../../lib/sim/faults/fault.ts';
import { type Knobs, noKnobs } from '../../lib/sim/faults/knobs.ts';
import type { Stage } from './stage.ts';

/** Deployments change nothing there. */
export function faultTargets(stage: Stage, knobs: Knobs = noKnobs()): Targets {
  const { clock, chance, github, ecs, queue, sts, killFunctions } = stage;
  const [redeploy, restore] = [() => undefined, () => undefined];
  return { clock, chance, github, ecs, queue, sts, killFunctions, knobs, redeploy, restore };
}
