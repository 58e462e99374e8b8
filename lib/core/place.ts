/** Owners get other names, and have the App installed anew; repositories go from one owner to another. */
import type { JobEvent, JobRecord } from './job.ts';
import type { InstallationRecord } from './runner.ts';

export type Place = { installation: number; owner: string };

/**
 * Where an owner is now, by all installations of the App that work: under its id, or under its name. `undefined`: where it
 * was, or nobody knows.
 */
export function placeNow(
  { installation, owner }: Place,
  installations: readonly { id: number; owner: string }[],
): Place | undefined {
  const same = installations.find(({ id }) => id === installation);
  const found = same ?? installations.find((one) => isSameName(one.owner, owner));
  if (found === undefined || (found === same && isSameName(found.owner, owner))) return undefined;
  return { installation: found.id, owner: found.owner };
}

/** Where something was registered, as of the new place; each place once. */
export function scopesAt(from: Place, to: Place, scopes: InstallationRecord['scopes']): InstallationRecord['scopes'] {
  const moved = scopes.map((scope) => (isSameName(scope.owner, from.owner) ? { ...scope, owner: to.owner } : scope));
  return [...new Map(moved.map((scope) => [`${scope.owner}/${scope.repository ?? ''}`.toLowerCase(), scope])).values()];
}

/** The event says of the very same state of the job that its repository is elsewhere. */
export function isElsewhere(record: JobRecord, event: JobEvent): boolean {
  if (event.attempt !== record.attempt || event.state !== record.state || event.state === 'completed') return false;
  const isThere = isSameName(event.owner, record.owner) && isSameName(event.repository, record.repository);
  return event.installation !== record.installation || !isThere;
}

function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
