/** Whether two lists of repository patterns can admit the same repository. */
import { fold } from '../core/label.ts';

const EVERY_REPOSITORY = ['*/*'];

/** Absent: every repository. */
export function repositoriesOverlap(
  one: readonly string[] = EVERY_REPOSITORY,
  other: readonly string[] = EVERY_REPOSITORY,
): boolean {
  return one.some((first) => other.some((second) => patternsOverlap(first, second)));
}

function patternsOverlap(one: string, other: string): boolean {
  const [owner = '', name = ''] = fold(one).split('/');
  const [otherOwner = '', otherName = ''] = fold(other).split('/');
  return textsOverlap(owner, otherOwner) && textsOverlap(name, otherName);
}

/**
 * Whether some text matches both. From the back: `reachable[j]` says whether the rest of `one` from the current
 * letter on and the rest of `other` from j on have a text in common.
 */
function textsOverlap(one: string, other: string): boolean {
  let reachable: boolean[] = [];
  for (let i = one.length; i >= 0; i--) {
    const below = reachable;
    reachable = [];
    for (let j = other.length; j >= 0; j--) {
      reachable[j] = step(one[i], other[j], below[j] ?? false, reachable[j + 1] ?? false, below[j + 1] ?? false);
    }
  }
  return reachable[0] ?? false;
}

/** A star ends here (go on in its own pattern) or takes what the other pattern has next (go on in the other). */
function step(
  one: string | undefined,
  other: string | undefined,
  oneOn: boolean,
  otherOn: boolean,
  bothOn: boolean,
): boolean {
  if (one === undefined && other === undefined) return true;
  if (one === '*') return oneOn || (other !== undefined && otherOn);
  if (other === '*') return otherOn || (one !== undefined && oneOn);
  return one === other && bothOn;
}
