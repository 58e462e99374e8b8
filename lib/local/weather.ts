/** What may go wrong on a stack at the moment: the knobs that faults turn, and what they decide. */
import { type Chance, seededChance } from '../sim/chance.ts';
import { type Around, aroundOf } from '../sim/faults/around.ts';
import { type Knobs, noKnobs } from '../sim/faults/knobs.ts';

export type Weather = { knobs: Knobs; chance: Chance; around: Around };

/** With a chance of its own: how the simulators draw does not depend on it. */
const APART = 2;

export function createWeather(seed: number): Weather {
  const knobs = noKnobs();
  const chance = seededChance(seed + APART);
  return { knobs, chance, around: aroundOf(knobs, chance) };
}
