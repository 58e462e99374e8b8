/** Runner names: `<prefix>-<pool>-<place>-<job>-<launch>`, at GitHub followed by `-<mint>`. Every key follows from one. */

export type RunnerName = { pool: string; place: number; job: number; launch: number };

/**
 * GitHub allows 64 characters: with prefix ≤ 12 and pool ≤ 20, job ids of 14 digits (today 12) and 999 launches fit; and for
 * warm runners job 0 and launches of ten digits.
 */
export const PREFIX_PATTERN = /^[a-z0-9]{1,12}$/;

export function runnerName(prefix: string, { pool, place, job, launch }: RunnerName): string {
  return `${prefix}-${pool}-${place}-${job}-${launch}`;
}

export function mintedName(name: string, mint: number): string {
  return `${name}-${mint}`;
}

/** What a runner name says, or `undefined` for a name that is not of our grammar and prefix. */
export function parseRunnerName(prefix: string, name: string): RunnerName | undefined {
  const match = /^([a-z0-9]+)-([a-z0-9][a-z0-9-]*)-(\d{1,5})-(\d{1,16})-(\d{1,10})$/.exec(name);
  if (match?.[1] !== prefix || match[2] === undefined) return undefined;
  return { pool: match[2], place: Number(match[3]), job: Number(match[4]), launch: Number(match[5]) };
}

/** The same for the name under which a runner is registered at GitHub. */
export function parseMintedName(
  prefix: string,
  name: string,
): (RunnerName & { name: string; mint: number }) | undefined {
  const end = name.lastIndexOf('-');
  const mint = /^\d{1,3}$/.test(name.slice(end + 1)) ? Number(name.slice(end + 1)) : undefined;
  const parsed = parseRunnerName(prefix, name.slice(0, Math.max(0, end)));
  return parsed === undefined || mint === undefined ? undefined : { ...parsed, name: name.slice(0, end), mint };
}
