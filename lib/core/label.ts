/** Labels and repository names, compared as GitHub compares them. */

/**
 * Two texts are the same to GitHub when their folds are equal.
 *
 * GitHub docs: "Labels are case-insensitive"; its runner compares with .NET's `OrdinalIgnoreCase`, that is, letter
 * by letter, in upper case, in no language. `toLowerCase` would differ: it turns the Kelvin sign into an ASCII "k",
 * and "ΑΣ" into "ας", which is not the "ασ" that means the same.
 */
export function fold(text: string): string {
  return ASCII.test(text) ? text.toUpperCase() : Array.from(text, foldLetter).join('');
}

const ASCII = /^[\0-\x7f]*$/;

/** Letters that would grow ("ß" to "SS") or turn into ASCII ("ſ" to "S") stay as they are, as in .NET. */
function foldLetter(letter: string): string {
  const upper = letter.toUpperCase();
  const turnsAscii = !ASCII.test(letter) && ASCII.test(upper);
  return upper.length === letter.length && !turnsAscii ? upper : letter;
}

/** The labels as a set: order, repetition and case do not matter. */
export function labelSet(labels: readonly string[]): Set<string> {
  return new Set(labels.map(fold));
}

/** Whether `owner/name` matches one pattern of the form `owner/name`, in which `*` stands for any letters, also none. */
export function matchesRepository(pattern: string, owner: string, repository: string): boolean {
  const [ownerPattern = '', repositoryPattern = ''] = pattern.split('/', 2);
  return matches(ownerPattern, owner) && matches(repositoryPattern, repository);
}

/** In linear time: the first and the last piece are fixed, those between are taken as early as they occur. */
function matches(pattern: string, text: string): boolean {
  const [first = '', ...pieces] = fold(pattern).split('*');
  const rest = fold(text);
  const last = pieces.pop();
  if (last === undefined) return rest === first;
  if (!rest.startsWith(first) || !rest.endsWith(last)) return false;
  let position = first.length;
  for (const piece of pieces) {
    const found = rest.indexOf(piece, position);
    if (found < 0) return false;
    position = found + piece.length;
  }
  return position <= rest.length - last.length;
}
