/** Labels on what is made. */
import type { Additions } from './additions.ts';
import { append, changeMember, written } from './json-text.ts';

/** Ours come last: of labels with the same name the last one counts. */
export function labelled(object: string, { labels }: Additions): string {
  const added = written(labels ?? {}).slice(1, -1);
  if (added === '') return object;
  return changeMember(object, 'Labels', (own) => append(own, added, '{}'));
}
