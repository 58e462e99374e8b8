/** What the knobs decide where services meet: drawn each time at the moment when it may happen. */
import type { Chance } from '../chance.ts';
import type { Sticks } from '../container-state.ts';
import type { Knobs } from './knobs.ts';

/** What becomes of a container's request to the registrar: it, or its answer, never arrives, or it is made twice at once. */
export type Way = 'request' | 'answer' | 'doubled' | undefined;
/** With nothing done, or with all done. */
export type When = 'before' | 'after';

export type Around = ReturnType<typeof aroundOf>;

export function aroundOf(knobs: Knobs, chance: Chance) {
  return {
    /** Whether this call to the outside hangs, and for how long then. */
    hangs: () => chance.happens(knobs.hang),
    hangMs: 10_000,
    /** Whether an execution environment dies at this call. */
    kills: () => chance.happens(knobs.kill),
    storageFails: (when: When) => chance.happens(when === 'before' ? knobs.storageFails : knobs.storageAnswerLost),
    /** Whether an invocation cannot read its configuration: SSM is not to be reached. */
    isConfigurationUnread: () => chance.happens(knobs.configurationUnread),
    /** Whether a container that comes up hangs, and where. */
    sticks: (): Sticks | undefined => {
      if (chance.happens(knobs.stuckAtBeginning)) return 'at its beginning';
      return chance.happens(knobs.stuckAtEnd) ? 'at its end' : undefined;
    },
    /** How many janitors begin in this minute. */
    janitors: () => (chance.happens(knobs.janitorMisses) ? 0 : chance.happens(knobs.janitorOverlaps) ? 2 : 1),
    wayOf: (path: string): Way => {
      if (path.endsWith('/started') && chance.happens(knobs.startedLost)) return 'request';
      if (chance.happens(knobs.requestLost)) return 'request';
      if (chance.happens(knobs.answerLost)) return 'answer';
      return chance.happens(knobs.requestTwice) ? 'doubled' : undefined;
    },
  };
}
