/** A runner's registration: paced, numbered before GitHub is asked, noted before it is answered. */
import { mintedName } from '../core/name.ts';
import { takeMint } from '../core/registration.ts';
import type { BoundSeat, Seat } from '../core/runner.ts';
import { INSTALLATIONS } from '../core/runner.ts';
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

/** Below GitHub's secondary limit: who comes too early is told when to come again. */
export async function paceMint(world: World, seat: BoundSeat): Promise<RegistrationAnswer | undefined> {
  const now = world.clock.now();
  let waitSeconds: number | undefined;
  await change(world.runners, { pool: INSTALLATIONS, place: seat.installation }, (record) => {
    const taken = takeMint(record?.kind === 'installation' ? record : undefined, seat, now);
    waitSeconds = taken.waitSeconds;
    return waitSeconds === undefined ? taken.record : record;
  });
  return waitSeconds === undefined ? undefined : waitFor(world, seat, waitSeconds, 'registrations are paced');
}

/** Not all at the same second; the boot deadline counts from then. */
async function waitFor(world: World, seat: Seat, seconds: number, reason: string): Promise<RegistrationAnswer> {
  const retryAfterSeconds = seconds + ((seat.serves ?? seat.job) % (seconds + SPREAD_SECONDS));
  const mintNotBefore = world.clock.now() + retryAfterSeconds * 1000;
  await changeSeat(world, seat, (current) => ({ ...current, mintNotBefore }));
  return { kind: 'wait', reason, retryAfterSeconds };
}

const SPREAD_SECONDS = 5;

export async function mint(world: World, config: Config, seat: BoundSeat): Promise<RegistrationAnswer> {
  const number = seat.mint + 1;
  const mintingAt = world.clock.now();
  const minting = await changeSeat(world, seat, (current) =>
    current.mint === seat.mint && current.mintingAt === seat.mintingAt && isSame(current, seat)
      ? { ...current, mint: number, mintingAt }
      : current,
  );
  if (minting?.mint !== number || minting.mintingAt !== mintingAt) {
    return { kind: 'wait', reason: 'another registration of it was faster', retryAfterSeconds: RETRY_SECONDS };
  }
  const runnerName = mintedName(seat.name, number);
  const answer = await grantOf(world, seat, runnerName);
  if (answer.kind !== 'ok') return failedMint(world, minting, answer);
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

async function failedMint(world: World, seat: Seat, failure: Failure): Promise<RegistrationAnswer> {
  if (failure.kind === 'retry') return postpone(world, seat, failure);
  if (failure.kind === 'unknown' || failure.kind === 'conflict') {
    await changeSeat(world, seat, ({ mintingAt: _, ...current }) => current);
    return { kind: 'wait', reason: failure.reason, retryAfterSeconds: RETRY_SECONDS };
  }
  return giveUp(world, seat, `GitHub refuses to register it: ${failure.reason}`, 'GitHub refused');
}

/** GitHub did nothing and asks for quiet: the mint number is given back, and the whole installation waits. */
async function postpone(world: World, seat: Seat, failure: Failure): Promise<RegistrationAnswer> {
  const seconds = failure.retryAfterSeconds ?? RETRY_SECONDS;
  const notBefore = world.clock.now() + seconds * 1000;
  await changeSeat(world, seat, ({ mintingAt: _, ...current }) => ({ ...current, mint: seat.mint - 1 }));
  await change(world.runners, { pool: INSTALLATIONS, place: seat.installation }, (record) =>
    record?.kind === 'installation' ? { ...record, notBefore: Math.max(record.notBefore ?? 0, notBefore) } : record,
  );
  return waitFor(world, seat, seconds, failure.reason);
}
