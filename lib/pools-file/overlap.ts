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
 * Whether some text matches both. From the back: `meet[j]` says whether the rest of `one` from the current letter on
 * and the rest of `other` from j on have a text in common.
 */
function textsOverlap(one: string, other: string): boolean {
  let meet: boolean[] = [];
  for (let i = one.length; i >= 0; i--) {
    const later = meet;
    meet = [];
    for (let j = other.length; j >= 0; j--) {
      // A star ends here, or takes what the other pattern has next.
      const isStar = one[i] === '*' || other[j] === '*';
      const skip = (later[j] ?? false) || (meet[j + 1] ?? false);
      const both = i === one.length && j === other.length ? true : (later[j + 1] ?? false);
      meet[j] = isStar ? skip : one[i] === other[j] && both;
    }
  }
  return meet[0] ?? false;
}
