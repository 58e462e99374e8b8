/** A planted bug: a small edit of the product that breaks one promise by itself. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The promises of the service, as its design names them. */
export const PROMISES = {
  served: 'every queued job gets a runner',
  working: 'a working runner is never stopped',
  left: 'nothing is left behind',
  asked: 'no more than asked',
  should: 'only who should',
  explained: 'every decision can be explained',
} as const;

export type Mutant = {
  /** Short and unique, as it is given to `--only`. */
  name: string;
  promise: keyof typeof PROMISES;
  /** The failures of other projects that it repeats, by their numbers in `docs/mutants.md`. */
  seen?: readonly number[];
  /** From the root of the repository. */
  file: string;
  /** Occurs once in the file. */
  find: string;
  replace: string;
  /** Files of tests that are to catch it; empty: none is known to. */
  tests: readonly string[];
};

/** What `npm run simulate` runs of the product; all else only tests can catch. */
export function isSimulated({ file }: Pick<Mutant, 'file'>): boolean {
  return /^lib\/(core|flows|handlers)\//.test(file);
}

/** The file's text with the bug in it; `undefined`: the place where it belongs is not there, or not the only one. */
export function mutated(text: string, { find, replace }: Pick<Mutant, 'find' | 'replace'>): string | undefined {
  const parts = text.split(find);
  return parts.length === 2 ? parts.join(replace) : undefined;
}

/** Runs `action` while the bug is in the copy; `undefined`: it has no place there. */
export async function whilePlanted<Result>(
  copy: string,
  mutant: Mutant,
  action: () => Promise<Result>,
): Promise<Result | undefined> {
  const path = join(copy, mutant.file);
  const original = await readFile(path, 'utf8').catch(() => '');
  const changed = mutated(original, mutant);
  if (changed === undefined) return undefined;
  await writeFile(path, changed);
  try {
    return await action();
  } finally {
    await writeFile(path, original);
  }
}
