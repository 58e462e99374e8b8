/**
 * A stage that observes: it records and decides beside whatever runs the jobs today, and begins nothing (`MODE=observe`).
 * What it had begun before it was told to observe is brought to its end as ever: so a busy stage is drained.
 */
import type { Failure, World } from '../world.ts';
import type { Config } from './config.ts';

export const OBSERVES = 'this stage only observes';

/** The world as such a stage may touch it, whatever is tried: nothing is started, and nothing registered. */
export function worldFor(world: World, { mode }: Config): World {
  return mode === 'observe' ? observed(world) : world;
}

function observed(world: World): World {
  const refuse = async (decision: string, about: Record<string, unknown>): Promise<Failure> => {
    world.log({ decision, reason: OBSERVES, ...about });
    return { kind: 'refused', reason: OBSERVES };
  };
  return {
    ...world,
    cluster: {
      ...world.cluster,
      runTask: ({ name }) => refuse('would start task', { runner: name }),
    },
    github: {
      ...world.github,
      registerRunner: (_, { name }) => refuse('would register runner', { runner: name }),
      registrationToken: ({ owner }) => refuse('would make a token', { owner }),
    },
  };
}
