/** A container swaps its ticket for a JIT configuration. */
import { isAlone, mayTake, served } from '../core/demand.ts';
import type { LaunchFailure } from '../core/ending.ts';
import { DISPLACED_WAIT_MS, LOOK_READ_MAX } from '../core/limits.ts';
import { mintedName } from '../core/name.ts';
import { mayMint, takeMint } from '../core/registration.ts';
import type { BoundSeat, Seat } from '../core/runner.ts';
import { INSTALLATIONS, isBound } from '../core/runner.ts';
import type { Failure, Proof, World } from '../world.ts';
import { adopt } from './adopt.ts';
import { change } from './change.ts';
import type { Config } from './config.ts';
import { scopeOf } from './end.ts';
import { release } from './jobs.ts';
import { OBSERVES } from './observe.ts';
import { prove } from './prove.ts';
import { asSeats, changeSeat, seatOf } from './seats.ts';
import { isTicket, reportCredentialFor } from './ticket.ts';
import { becomeWarm, waitWarm } from './wait.ts';

export type RegistrationAnswer =
  | { kind: 'registered'; runnerName: string; jitConfig: string; reportCredential: string }
  /** The ticket is not this runner's. */
  | { kind: 'forbidden' }
  /** The ticket is, and whoever brings it is not its task. */
  | { kind: 'unproven'; reason: string }
  /** Nobody wants this runner: its container shall end. */
  | { kind: 'gone'; reason: string; failure?: LaunchFailure }
  /** To be asked again, not before. */
  | { kind: 'wait'; reason: string; retryAfterSeconds: number }
  /** The same, until a job claims it. `isNews`: it has not been told so before. */
  | { kind: 'warm'; reason: string; retryAfterSeconds: number; isNews: boolean };

/**
 * One runner, once: each call takes a mint number by a conditional write before GitHub is asked under
 * `<name>-<mint>`, so no name is used twice, whatever is lost. What an earlier number left is the janitor's.
 */
export async function register(
  world: World,
  config: Config,
  request: { name: string; ticket: string; proof?: Proof },
): Promise<RegistrationAnswer> {
  if (!isTicket(config.ticketSecrets, request.name, request.ticket)) return { kind: 'forbidden' };
  const answer = await registerRunner(world, config, request);
  if (answer.kind === 'warm' && !answer.isNews) return answer;
  world.log({
    decision: `registration: ${answer.kind}`,
    reason: 'reason' in answer ? answer.reason : `registered as ${'runnerName' in answer ? answer.runnerName : ''}`,
    runner: request.name,
    ...(answer.kind === 'gone' && answer.failure !== undefined && { failure: answer.failure }),
  });
  return answer;
}

async function registerRunner(
  world: World,
  config: Config,
  { name, proof }: { name: string; proof?: Proof },
): Promise<RegistrationAnswer> {
  const seat = await seatOf(world, config, name);
  if (seat === undefined) return { kind: 'gone', reason: 'there is no record of it' };
  // Before anything is said about it, decided or changed.
  const unproven = await prove(world, seat, proof);
  if (unproven !== undefined) return unproven;
  const may = mayMint(seat, world.clock.now());
  if (may.decision === 'gone') return { kind: 'gone', reason: may.reason };
  if (may.decision === 'wait') return { kind: 'wait', reason: may.reason, retryAfterSeconds: RETRY_SECONDS };
  if (may.decision === 'exhausted') return giveUp(world, seat, may.reason, 'never registered');
  if (config.mode === 'observe') return giveUp(world, seat, OBSERVES);
  if (!isBound(seat)) return waitWarm(world, seat);
  const wish = await wishFor(world, config, seat);
  if (wish === 'none') return (await becomeWarm(world, config, seat)) ?? giveUp(world, seat, 'no queued job needs it');
  if (wish === 'soon known')
    return { kind: 'wait', reason: 'its job has changed runners', retryAfterSeconds: RETRY_SECONDS };
  const wait = await paceMint(world, seat);
  if (wait !== undefined) return wait;
  return mint(world, config, seat);
}

/** While another mint of the runner is in flight, or GitHub did not answer. */
const RETRY_SECONDS = 2;

/**
 * The job it comes for is still queued; else another job that nobody is coming for takes its place. When its job has
 * only just been taken by another runner, the job that waited for that one may be on its way to this one.
 */
async function wishFor(world: World, config: Config, seat: Seat): Promise<'wanted' | 'none' | 'soon known'> {
  const job = seat.serves === undefined ? undefined : await world.history.get({ job: seat.serves });
  if (job?.state === 'queued' && (job.runner === seat.name || (await adopt(world, config, seat, job)))) return 'wanted';
  if (await adoptAny(world, config, seat)) return 'wanted';
  const takenAt = job?.ranOn === undefined ? undefined : (job.completedAt ?? job.startedAt);
  return takenAt !== undefined && world.clock.now() - takenAt < DISPLACED_WAIT_MS ? 'soon known' : 'none';
}

async function adoptAny(world: World, config: Config, seat: Seat): Promise<boolean> {
  const [records, backlog] = await Promise.all([
    world.runners.list(seat.pool),
    world.backlog.list(seat.pool, { limit: LOOK_READ_MAX }),
  ]);
  const taken = served(asSeats(records));
  const alone = backlog.filter((item) => isAlone(item, taken) && mayTake(seat, item));
  for (const item of alone.slice(0, ADOPTIONS_TRIED_MAX)) {
    const waiting = await world.history.get({ job: item.job });
    if (waiting !== undefined && (await adopt(world, config, seat, waiting))) return true;
  }
  return false;
}

/** Each miss means that somebody else was faster. */
const ADOPTIONS_TRIED_MAX = 5;

/** The seat first: while it serves a job, nobody else is launched for that one. */
async function giveUp(world: World, seat: Seat, reason: string, failure?: LaunchFailure): Promise<RegistrationAnswer> {
  const goneAt = world.clock.now();
  const given = await changeSeat(world, seat, (current) => {
    if (current.state === 'busy' || current.serves !== seat.serves) return current;
    const { serves: _, mintingAt: __, ...kept } = current;
    return { ...kept, state: 'gone', goneAt, reason };
  });
  if (given !== undefined && given.state !== 'gone') {
    return { kind: 'wait', reason: 'its record changed meanwhile', retryAfterSeconds: RETRY_SECONDS };
  }
  if (seat.serves !== undefined) await release(world, seat.serves, seat.name, { reason, failed: true });
  await world.queue.send([{ body: { kind: 'look', pool: seat.pool } }]);
  return { kind: 'gone', reason, ...(failure !== undefined && { failure }) };
}

/** Below GitHub's secondary limit: who comes too early is told when to come again. */
async function paceMint(world: World, seat: BoundSeat): Promise<RegistrationAnswer | undefined> {
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

async function mint(world: World, config: Config, seat: BoundSeat): Promise<RegistrationAnswer> {
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
  const { labels, group } = seat;
  const answer = await world.github.registerRunner(scopeOf(seat), { name: runnerName, labels, group });
  if (answer.kind !== 'ok') return failedMint(world, minting, answer);
  const noted = await noteRegistration(world, minting, answer.value.id);
  if (!noted) return { kind: 'wait', reason: 'its record changed meanwhile', retryAfterSeconds: RETRY_SECONDS };
  const reportCredential = reportCredentialFor(config.ticketSecrets, seat.name);
  return { kind: 'registered', runnerName, jitConfig: answer.value.jitConfig, reportCredential };
}

/** Nobody has sent it away, or to another owner's jobs. */
function isSame(current: Seat, { state, installation, owner, repository }: BoundSeat): boolean {
  const isThere = current.installation === installation && current.owner === owner;
  return current.state === state && isThere && current.repository === repository;
}

async function noteRegistration(world: World, seat: Seat, runnerId: number): Promise<boolean> {
  const registeredAt = world.clock.now();
  const noted = await changeSeat(world, seat, (current) => {
    if (current.mint !== seat.mint || current.state === 'gone') return current;
    const { mintingAt: _, mintNotBefore: __, heardAt: ___, ...kept } = current;
    return { ...kept, state: 'registered', runnerId, registeredAt, reason: `registered, mint ${seat.mint}` };
  });
  if (noted?.runnerId !== runnerId) return false;
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
