/** A runner's registration: paced, numbered before GitHub is asked, noted before it is answered. */
import { heldBack, needsProbe, withProbe } from '../core/budget.ts';
import { IDLE_FOR_TURN_MAX_MS } from '../core/limits.ts';
import { mintedName } from '../core/name.ts';
import { isItsTurn, takeTurn, waitsForTurn } from '../core/pacing.ts';
import type { BoundSeat, InstallationRecord, Seat } from '../core/runner.ts';
import { INSTALLATIONS, isBound } from '../core/runner.ts';
import type { Failure, Outcome, World } from '../world.ts';
import { change } from './change.ts';
import type { Config } from './config.ts';
import { scopeOf } from './end.ts';
import { giveUp } from './give-up.ts';
import type { RegistrationAnswer } from './register.ts';
import { changeSeat } from './seats.ts';
import { reportCredentialFor } from './ticket.ts';

/** What a container becomes a runner with. */
export type Grant =
  | { jitConfig: string }
  /** For an hour, and for any number of runners; so it is for images that cannot take a JIT configuration. */
  | {
      registration: {
        token: string;
        /** Of the organisation or the repository at GitHub. */
        url: string;
        labels: string[];
        group: string;
        scope: 'organization' | 'repository';
      };
    };

/** While another mint of the runner is in flight, or GitHub did not answer. */
const RETRY_SECONDS = 2;

type Installation = Omit<InstallationRecord, 'version'>;
/** `at`: when it may be registered. */
type Turn = { record: Installation; at: number; reason: string };

/** Below GitHub's limits: who comes too early is given a turn, and told when that is. */
export async function paceMint(world: World, seat: BoundSeat): Promise<RegistrationAnswer | undefined> {
  const now = world.clock.now();
  let turn: Turn | undefined;
  await change(world.runners, { pool: INSTALLATIONS, place: seat.installation }, (stored) => {
    const record = stored?.kind === 'installation' ? stored : undefined;
    turn = turnOf(record, seat, now);
    return turn.record === record ? stored : turn.record;
  });
  if (turn === undefined || turn.at <= now) return undefined;
  if (turn.at - now > IDLE_FOR_TURN_MAX_MS) return giveUp(world, seat, turn.reason);
  return waitUntil(world, seat, turn.at, turn.reason);
}

function turnOf(record: InstallationRecord | undefined, seat: BoundSeat, now: number): Turn {
  const reason = (record && heldBack(record, undefined, 'registration', now)?.reason) ?? 'registrations are paced';
  if (record !== undefined && needsProbe(record, now)) {
    return { record: withProbe(takeTurn(record, seat, now).record, now), at: now, reason };
  }
  if (record !== undefined && isItsTurn(seat, record, now)) return { record, at: now, reason };
  if (record !== undefined && waitsForTurn(seat, record, now)) return { record, at: seat.turnAt ?? now, reason };
  return { ...takeTurn(record, seat, now), reason };
}

/** The boot deadline counts from then. */
async function waitUntil(world: World, seat: Seat, at: number, reason: string): Promise<RegistrationAnswer> {
  if (seat.turnAt !== at) {
    await changeSeat(world, seat, (current) => ({ ...current, turnAt: at, mintNotBefore: at }));
  }
  return { kind: 'wait', reason, retryAfterSeconds: Math.max(1, Math.ceil((at - world.clock.now()) / 1000)) };
}

export async function mint(world: World, config: Config, seat: BoundSeat): Promise<RegistrationAnswer> {
  const number = seat.mint + 1;
  const mintingAt = world.clock.now();
  const minting = await changeSeat(world, seat, (current) => {
    const isAsRead = current.mint === seat.mint && current.mintingAt === seat.mintingAt && isSame(current, seat);
    if (!isAsRead) return current;
    const { turnAt: _, ...kept } = current;
    return { ...kept, mint: number, mintingAt };
  });
  if (minting?.mint !== number || minting.mintingAt !== mintingAt) {
    return { kind: 'wait', reason: 'another registration of it was faster', retryAfterSeconds: RETRY_SECONDS };
  }
  const runnerName = mintedName(seat.name, number);
  const answer = await grantOf(world, seat, runnerName);
  if (answer.kind !== 'ok') return failedMint(world, { ...seat, ...minting }, answer);
  const { runnerId, ...grant } = answer.value;
  const noted = await noteRegistration(world, minting, runnerId);
  if (!noted) return { kind: 'wait', reason: 'its record changed meanwhile', retryAfterSeconds: RETRY_SECONDS };
  const reportCredential = reportCredentialFor(config.ticketSecrets, seat.name);
  return { kind: 'registered', runnerName, reportCredential, ...grant };
}

/** A token makes no registration yet: the runner will be known by its name. */
async function grantOf(
  world: World,
  seat: BoundSeat,
  runnerName: string,
): Promise<Outcome<Grant & { runnerId?: number }>> {
  const { labels, group, workFolder } = seat;
  const scope = scopeOf(seat);
  if (seat.registration === 'token') {
    const made = await world.github.registrationToken(scope);
    if (made.kind !== 'ok') return made;
    const of = scope.repository === undefined ? ('organization' as const) : ('repository' as const);
    return { kind: 'ok', value: { registration: { ...made.value, labels, group, scope: of } } };
  }
  const wanted = { name: runnerName, labels, group, ...(workFolder !== undefined && { workFolder }) };
  const made = await world.github.registerRunner(scope, wanted);
  if (made.kind !== 'ok') return made;
  return { kind: 'ok', value: { jitConfig: made.value.jitConfig, runnerId: made.value.id } };
}

/** Nobody has sent it away, or to another owner's jobs. */
function isSame(current: Seat, { state, installation, owner, repository }: BoundSeat): boolean {
  const isThere = current.installation === installation && current.owner === owner;
  return current.state === state && isThere && current.repository === repository;
}

async function noteRegistration(world: World, seat: Seat, runnerId: number | undefined): Promise<boolean> {
  const registeredAt = world.clock.now();
  const noted = await changeSeat(world, seat, (current) => {
    if (current.mint !== seat.mint || current.state === 'gone') return current;
    const { mintingAt: _, mintNotBefore: __, heardAt: ___, ...kept } = current;
    const reason = runnerId === undefined ? `has a token, mint ${seat.mint}` : `registered, mint ${seat.mint}`;
    return { ...kept, state: 'registered', ...(runnerId !== undefined && { runnerId }), registeredAt, reason };
  });
  const isOurs = noted?.mint === seat.mint && noted.registeredAt === registeredAt && noted.runnerId === runnerId;
  if (!isOurs) return false;
  if (noted.proves) await world.queue.send([{ body: { kind: 'look', pool: seat.pool } }]);
  return true;
}

async function failedMint(world: World, seat: BoundSeat, failure: Failure): Promise<RegistrationAnswer> {
  if (failure.kind === 'retry') return postpone(world, seat, failure);
  if (failure.kind === 'unknown' || failure.kind === 'conflict') {
    await changeSeat(world, seat, ({ mintingAt: _, ...current }) => current);
    return { kind: 'wait', reason: failure.reason, retryAfterSeconds: RETRY_SECONDS };
  }
  return giveUp(world, seat, `GitHub refuses to register it: ${failure.reason}`, 'GitHub refused');
}

/** GitHub did nothing: the mint number is given back, and if GitHub wants to be left alone there is another turn after that. */
async function postpone(world: World, seat: BoundSeat, failure: Failure): Promise<RegistrationAnswer> {
  const given = await changeSeat(world, seat, ({ mintingAt: _, ...current }) => ({ ...current, mint: seat.mint - 1 }));
  const wait = given !== undefined && isBound(given) ? await paceMint(world, given) : undefined;
  if (wait?.kind === 'wait' || wait?.kind === 'gone') return { ...wait, reason: failure.reason };
  return { kind: 'wait', reason: failure.reason, retryAfterSeconds: failure.retryAfterSeconds ?? RETRY_SECONDS };
}
