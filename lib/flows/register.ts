/** A container swaps its ticket for a JIT configuration. */

import type { LaunchFailure } from '../core/ending.ts';
import { DISPLACED_WAIT_MS, LOOK_READ_MAX } from '../core/limits.ts';
import { isAlone, mayRun, mayTake, served } from '../core/pairing.ts';
import { mayMint } from '../core/registration.ts';
import type { Seat } from '../core/runner.ts';
import { isBound } from '../core/runner.ts';
import type { Proof, World } from '../world.ts';
import { adopt } from './adopt.ts';
import type { Config } from './config.ts';
import { giveUp } from './give-up.ts';
import type { Grant } from './mint.ts';
import { mint, paceMint } from './mint.ts';
import { OBSERVES } from './observe.ts';
import { prove } from './prove.ts';
import { asSeats, seatOf } from './seats.ts';
import { isTicket } from './ticket.ts';
import { becomeWarm, waitWarm } from './wait.ts';

export type RegistrationAnswer =
  | ({ kind: 'registered'; runnerName: string; reportCredential: string } & Grant)
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
  // Its repository may have gone to another owner meanwhile.
  const comes = job !== undefined && job.runner === seat.name && mayRun(seat, job);
  if (job?.state === 'queued' && (comes || (await adopt(world, config, seat, job)))) return 'wanted';
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
