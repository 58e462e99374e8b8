/** The fault that somebody meant who wrote its name wrong. */
import leven from 'leven';
import { FAULTS } from './table.ts';

/** Names that differ in more letters than this, or in half of all, are no slip of the pen. */
const LETTERS_MAX = 6;

/** `undefined`: none is near. */
export function nearestFault(name: string, known: readonly string[] = Object.keys(FAULTS)): string | undefined {
  const [nearest] = known
    .map((other) => ({ other, distance: leven(name, other) }))
    .toSorted((one, another) => one.distance - another.distance);
  return nearest !== undefined && nearest.distance <= Math.min(LETTERS_MAX, name.length / 2)
    ? nearest.other
    : undefined;
}
