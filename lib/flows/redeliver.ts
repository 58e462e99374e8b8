/**
 * Events that GitHub could not deliver are asked for again. The list of what failed is read from the newest on, back to where
 * the last reading began; a run that does not get through leaves its place to the next one. How far we are is written
 * down only after GitHub has been asked, so that no crash skips an event; that it is about to be asked, before.
 */
import type { DeliveriesRecord, Tried } from '../core/deliveries.ts';
import { aboutToTry, assess, DELIVERIES, dueAgain, firstDeliveries, movedOn, review } from '../core/deliveries.ts';
import { DELIVERY_PAGES_MAX, REDELIVERIES_KEPT_MAX, REDELIVERIES_PER_RUN_MAX } from '../core/limits.ts';
import type { World } from '../world.ts';

const KEY = { pool: DELIVERIES, place: 0 } as const;
/** Requests side by side. */
const PARALLEL = 10;

type State = Omit<DeliveriesRecord, 'version'>;
/** What is to be, over what is stored. */
type Place = { state: State; stored: DeliveriesRecord | undefined };

/** `until`: when to stop (ms since 1970). */
export async function redeliverLost(world: World, until: number): Promise<void> {
  let place = await readPlace(world);
  let left = REDELIVERIES_PER_RUN_MAX;
  for (let page = 1; page <= DELIVERY_PAGES_MAX && world.clock.now() < until; page++) {
    const read = await readPage(world, place, left, until);
    if (read?.place.state.reading === undefined) return;
    place = read.place;
    left -= read.asked;
  }
}

async function readPlace(world: World): Promise<Place> {
  const record = await world.runners.get(KEY);
  if (record?.kind === 'deliveries') return { state: record, stored: record };
  return { state: firstDeliveries(world.clock.now()), stored: undefined };
}

/** `undefined`: the page is not done with, and is read again by the next run. */
async function readPage(
  world: World,
  { state, stored }: Place,
  left: number,
  until: number,
): Promise<{ place: Place; asked: number } | undefined> {
  const beganAt = state.reading?.beganAt ?? world.clock.now();
  const page = await world.github.failedDeliveries(state.reading?.cursor);
  if (page.kind !== 'ok') {
    world.log({ decision: 'deliveries not read', reason: page.reason });
    // A place in the list that GitHub does not know any more is given up: the next reading begins anew.
    if (state.reading !== undefined && page.kind !== 'retry') await write(world, withoutReading(state), stored);
    return undefined;
  }
  const now = world.clock.now();
  const { tried, untried } = assess(state, page.value.deliveries, now);
  const wanted = [...dueAgain(tried, now), ...untried.toSorted((one, other) => one.firstAt - other.firstAt)];
  const room = wanted.length - untried.length + REDELIVERIES_KEPT_MAX - tried.length;
  const chosen = wanted.slice(0, Math.max(0, Math.min(left, room)));
  const asked = await askAgain(world, { state: { ...state, tried }, stored }, chosen, until);
  if (asked === undefined) return undefined;
  const isDone = asked.all && chosen.length === wanted.length;
  const moved = isDone ? movedOn(asked.place.state, page.value, beganAt) : asked.place.state;
  const written = await write(world, forget(world, moved), asked.place.stored);
  return written && isDone ? { place: { state: written, stored: written }, asked: chosen.length } : undefined;
}

/** `all`: whether GitHub was asked for every one. `undefined`: somebody else is at it. */
async function askAgain(
  world: World,
  { state, stored }: Place,
  chosen: readonly Tried[],
  until: number,
): Promise<{ place: Place; all: boolean } | undefined> {
  if (chosen.length === 0) return { place: { state, stored }, all: true };
  const about = chosen.map((one) => aboutToTry(one, world.clock.now()));
  const announced = await write(world, withTried(state, about), stored);
  if (announced === undefined) return undefined;
  const became: Tried[] = [];
  const notAsked: Tried[] = [];
  for (let start = 0; start < about.length; start += PARALLEL) {
    const batch = about.slice(start, start + PARALLEL);
    const isLate = notAsked.length > 0 || world.clock.now() >= until;
    const answers = isLate ? [] : await Promise.all(batch.map((one) => redeliver(world, one)));
    became.push(...answers.filter((one) => one !== undefined));
    notAsked.push(...batch.filter((_, index) => answers[index] === undefined));
  }
  const before = new Map(state.tried.map((one) => [one.guid, one]));
  const restored = notAsked.flatMap(({ guid }) => before.get(guid) ?? []);
  const dropped = new Set(notAsked.map(({ guid }) => guid));
  const kept = { ...announced, tried: announced.tried.filter(({ guid }) => !dropped.has(guid)) };
  return { place: { state: withTried(kept, [...became, ...restored]), stored: announced }, all: notAsked.length === 0 };
}

/** What has become of it; `undefined`: GitHub did nothing, and is to be asked later. */
async function redeliver(world: World, one: Tried): Promise<Tried | undefined> {
  const answer = await world.github.redeliver(one.id);
  const isAccepted = answer.kind === 'ok';
  const decision = isAccepted ? 'webhook redelivered' : 'webhook not redelivered';
  const reason = isAccepted ? 'GitHub could not deliver it' : answer.reason;
  world.log({ decision, reason, delivery: one.guid, tries: one.tries });
  return answer.kind === 'retry' ? undefined : { ...one, failed: !isAccepted };
}

function forget(world: World, state: State): State {
  const { kept, givenUp } = review(state.tried, state.since, world.clock.now());
  for (const { guid, tries } of givenUp) {
    world.log({
      decision: 'webhook given up',
      reason: `GitHub could not deliver it ${tries} times more`,
      delivery: guid,
    });
  }
  return { ...state, tried: kept };
}

function withTried(state: State, changed: readonly Tried[]): State {
  const tried = new Map([...state.tried, ...changed].map((one) => [one.guid, one]));
  return { ...state, tried: [...tried.values()] };
}

function withoutReading({ reading: _, ...state }: State): State {
  return state;
}

async function write(
  world: World,
  state: State,
  stored: DeliveriesRecord | undefined,
): Promise<DeliveriesRecord | undefined> {
  const written = await world.runners.put(state, stored);
  return written?.kind === 'deliveries' ? written : undefined;
}
