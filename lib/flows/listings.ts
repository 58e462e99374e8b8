/** The lists of registered runners that a run of the janitor reads: every decision about a registration stands on one. */
import { LISTED_SEATS_EVERY_MINUTES, SCOPE_ACTIVE_MS } from '../core/limits.ts';
import { listedAs } from '../core/presence.ts';
import type { InstallationRecord, Seat } from '../core/runner.ts';
import { INSTALLATIONS, isBound } from '../core/runner.ts';
import type { GitHubRunner, Outcome, Scope, World } from '../world.ts';
import { scopeOf } from './end.ts';

export type Listing = { scope: Scope; mintedAt: number; runners: Outcome<GitHubRunner[]> };

/** Lists read side by side, so that one that is slow holds up nobody. */
const PARALLEL = 10;

/**
 * Every scope in which something was registered lately, or of which there is something to find out; the others once an hour.
 * `seats`: as they were just before. `until`: later, no other list is begun (ms since 1970).
 */
export async function listRegistrations(world: World, seats: readonly Seat[], until: number): Promise<Listing[]> {
  const now = world.clock.now();
  const records = await world.runners.list(INSTALLATIONS);
  const installations = records.filter((record): record is InstallationRecord => record.kind === 'installation');
  const states = statesByScope(seats);
  const due = installations.flatMap(({ place, scopes }) =>
    scopes
      .map(({ mintedAt, ...scope }) => ({ mintedAt, scope: scopeOf({ installation: place, ...scope }) }))
      .filter(({ mintedAt, scope }) => isDue(now, mintedAt, states.get(keyOf(scope)))),
  );
  return readInTurn(world, inTurn(due, now), until);
}

/** The names of our runners in which no job runs, as far as the list of their owner was read and says so. */
export function notListedBusy(seats: readonly Seat[], listings: readonly Listing[]): Set<string> {
  const lists = new Map(listings.map(({ scope, runners }) => [keyOf(scope), runners]));
  const idle = seats.filter((seat) => {
    const list = isBound(seat) ? lists.get(keyOf(scopeOf(seat))) : undefined;
    return list?.kind === 'ok' && listedAs(seat, list.value)?.busy !== true;
  });
  return new Set(idle.map(({ name }) => name));
}

/** As GitHub does: names in any case are the same. */
export function keyOf({ installation, owner, repository }: Scope): string {
  return [installation, owner, repository ?? ''].join('/').toLowerCase();
}

function statesByScope(seats: readonly Seat[]): Map<string, Set<string>> {
  const states = new Map<string, Set<string>>();
  for (const { installation, owner, repository, state } of seats) {
    if (installation === undefined || owner === undefined) continue;
    const key = keyOf({ installation, owner, ...(repository !== undefined && { repository }) });
    states.set(key, (states.get(key) ?? new Set()).add(state));
  }
  return states;
}

/** Runners that only work need no list each minute; one that is idle, or that was told to go, does. */
function isDue(now: number, mintedAt: number, states: ReadonlySet<string> = new Set()): boolean {
  const minutes = Math.floor((now - mintedAt) / 60_000);
  if (now - mintedAt < SCOPE_ACTIVE_MS || states.has('registered') || states.has('gone')) return true;
  return minutes % (states.has('busy') ? LISTED_SEATS_EVERY_MINUTES : 60) === 0;
}

/** A run that does not get through begins with other scopes than the last one. */
function inTurn<Item>(items: readonly Item[], now: number): Item[] {
  const start = items.length === 0 ? 0 : (Math.floor(now / 60_000) * PARALLEL) % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

async function readInTurn(world: World, due: readonly Omit<Listing, 'runners'>[], until: number): Promise<Listing[]> {
  const listings: Listing[] = [];
  for (let start = 0; start < due.length; start += PARALLEL) {
    const batch = due.slice(start, start + PARALLEL);
    listings.push(
      ...(await Promise.all(batch.map(async (one) => ({ ...one, runners: await read(world, one.scope, until) })))),
    );
  }
  return listings;
}

async function read(world: World, scope: Scope, until: number): Promise<Listing['runners']> {
  if (world.clock.now() >= until) return { kind: 'retry', reason: 'this run had no time left to list it' };
  const runners = await world.github.listRunners(scope, until);
  if (runners.kind !== 'ok') world.log({ decision: 'runners not listed', reason: runners.reason, ...scope });
  return runners;
}
