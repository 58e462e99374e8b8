/** What the janitor decides about one runner, one task, one registration, one job. Unknown stops nothing. */
import type { Ending } from './ending.ts';
import { endingOf } from './ending.ts';
import type { BacklogRecord } from './job.ts';
import {
  ASK_AGAIN_UNTIL_MS,
  AWAIT_WORD_MS,
  BOOT_DEADLINE_MS,
  ECS_LAG_MS,
  FAILING_SUSPICIOUS_MS,
  GOING_DEADLINE_MS,
  IDLE_SUSPICIOUS_MS,
  IDLE_UNHEARD_MS,
  MINT_VOID_AFTER_MS,
  OLD_JOBS_ASKED_EVERY_MINUTES,
  OLD_JOBS_ASKED_MAX,
  PROVISIONING_DEADLINE_MS,
  RUNNING_SUSPICIOUS_MS,
  SCOPE_QUIET_MS,
  UNHEARD_DEADLINE_MS,
  WAITING_SUSPICIOUS_MS,
} from './limits.ts';
import { parseMintedName, parseRunnerName } from './name.ts';
import { isForsaken } from './pairing.ts';
import { UNSERVED } from './pool.ts';
import type { Seat } from './runner.ts';

/** As ECS describes it. */
export type SeenTask = {
  taskArn: string;
  startedBy: string;
  lastStatus: string;
  createdAt?: number;
  startedAt?: number;
  exitCode?: number;
  neverPlaced?: true;
  lost?: true;
  stoppedAt?: number;
  stoppedReason?: string;
};

export type SeenRunner = { id: number; name: string; online: boolean; busy: boolean };

export type SeatVerdict =
  | { do: 'nothing' }
  | { do: 'end'; ending: Ending }
  | { do: 'stop'; reason: string }
  /** ECS may know the task under the runner's name. */
  | { do: 'look up' };

/** `task`: as ECS knows it now; absent: ECS was asked and does not know it. */
export function judgeSeat(seat: Seat, task: SeenTask | undefined, now: number): SeatVerdict {
  if (task?.lastStatus === 'STOPPED') {
    return { do: 'end', ending: endingOf(seat, { stoppedReason: 'its task has stopped', ...task }) };
  }
  if (seat.taskArn === undefined) {
    return now - seat.launchedAt >= ASK_AGAIN_UNTIL_MS ? { do: 'look up' } : { do: 'nothing' };
  }
  if (task === undefined) {
    if (now - seat.launchedAt < ECS_LAG_MS) return { do: 'nothing' };
    return { do: 'end', ending: endingOf(seat, { stoppedReason: 'ECS does not know its task any more' }) };
  }
  const overdue = overdueReason(seat, task, now);
  return overdue === undefined ? { do: 'nothing' } : { do: 'stop', reason: overdue };
}

/** Only a runner that never registered, or that was told to go, is stopped; before, GitHub must let go of it. */
function overdueReason(seat: Seat, task: SeenTask, now: number): string | undefined {
  if (seat.state === 'gone') {
    const deadlineMs = wasUnheard(seat) ? UNHEARD_DEADLINE_MS : GOING_DEADLINE_MS;
    return now - (seat.goneAt ?? now) < deadlineMs ? undefined : `it was told to go: ${seat.reason}`;
  }
  const isMinting = seat.mintingAt !== undefined && now - seat.mintingAt < MINT_VOID_AFTER_MS;
  if ((seat.state !== 'launching' && seat.state !== 'warm') || isMinting) return undefined;
  if (task.startedAt === undefined) {
    return now - seat.launchedAt < PROVISIONING_DEADLINE_MS ? undefined : 'no instance was found for it in time';
  }
  const since = Math.max(task.startedAt, seat.mintNotBefore ?? 0, seat.heardAt ?? 0);
  if (now - since < BOOT_DEADLINE_MS) return undefined;
  return seat.state === 'warm'
    ? 'its container fell silent while it was warm'
    : 'its container did not register in time';
}

/** When it was given up its container had said nothing for minutes, and nobody else knew of a job in it: perhaps one runs. */
function wasUnheard({ registeredAt, heardAt = 0, goneAt = 0, startedAt, busyWith }: Seat): boolean {
  if (registeredAt === undefined || startedAt !== undefined || busyWith !== undefined) return false;
  return goneAt - Math.max(registeredAt, heardAt) >= IDLE_UNHEARD_MS;
}

/** A task of our grammar that no record knows, old enough for the records to have been written. */
export function isOrphan(prefix: string, task: SeenTask, known: ReadonlySet<string>, now: number): boolean {
  if (parseRunnerName(prefix, task.startedBy) === undefined || known.has(task.startedBy)) return false;
  return task.createdAt !== undefined && now - task.createdAt >= ECS_LAG_MS;
}

/**
 * A registration that no container will ever use: of an earlier mint, or of a runner without a record. An online one is
 * somebody's who works; a busy one too, unless ECS has no task of its name either: its host was lost under its job.
 */
export function isGhost(
  prefix: string,
  runner: SeenRunner,
  known: { seats: ReadonlyMap<string, Seat>; tasks: ReadonlySet<string> | undefined },
): boolean {
  const parsed = parseMintedName(prefix, runner.name);
  if (parsed === undefined || runner.online) return false;
  const seat = known.seats.get(parsed.name);
  if (runner.busy) return seat === undefined && known.tasks?.has(parsed.name) === false;
  return seat === undefined || (parsed.mint < seat.mint && seat.runnerId !== runner.id);
}

/**
 * Runners that have just run their job linger at GitHub for some seconds and go by themselves. Where many come and go,
 * ghosts take turns by the minute, so that few are asked for in vain. `busyGhosts`: how many of its list are busy.
 */
export function isGhostsTurn(runner: SeenRunner, lastMintedAt: number, busyGhosts: number, now: number): boolean {
  const isTurnOf = (minutes: number) => (Math.floor(now / 60_000) + runner.id) % minutes === 0;
  // GitHub refuses as long as it takes the job for running: ten minutes, or for ever. Many that it refuses cost no more than few.
  if (runner.busy) return isTurnOf(Math.max(BUSY_GHOST_TURN_MINUTES, Math.ceil(busyGhosts / BUSY_GHOSTS_PER_MINUTE)));
  return now - lastMintedAt > SCOPE_QUIET_MS || isTurnOf(GHOST_TURN_MINUTES);
}

const GHOST_TURN_MINUTES = 4;
const BUSY_GHOST_TURN_MINUTES = 10;
const BUSY_GHOSTS_PER_MINUTE = 3;

/**
 * Jobs of which only GitHub can say how they are. Those that are asked for again and again take turns by the minute,
 * so that nothing has to be remembered.
 */
export function isQuestionable(item: BacklogRecord, seat: Seat | undefined, now: number): boolean {
  const minute = Math.floor(now / 60_000);
  if (item.awaitsWord !== undefined) return now - item.awaitsWord >= AWAIT_WORD_MS;
  if (item.state === 'in_progress') return seat === undefined && (minute + item.job) % 10 === 0;
  // Its events match no pool, so that nobody tells us what becomes of it.
  if (item.pool === UNSERVED) return (minute + item.job) % 10 === 0;
  if (isForsaken(item, seat, now)) return true;
  if (seat === undefined) return (isFailing(item, now) || isOnlyObserved(item, now)) && (minute + item.job) % 10 === 0;
  return isSuspiciouslyIdle(seat, now) && (minute + item.job) % 3 === 0;
}

/** A job waits for it, and GitHub has not given it one for long. */
export function isSuspiciouslyIdle({ state, registeredAt }: Seat, now: number): boolean {
  return state === 'registered' && registeredAt !== undefined && now - registeredAt >= IDLE_SUSPICIOUS_MS;
}

/**
 * Jobs that simply wait or simply run, but have done so for long: was their end lost? They take turns, a few in a run, so that
 * a long backlog costs no more questions than a short one. `notBusy`: the runners that GitHub has just not listed as busy: nobody
 * has to ask about the jobs of others.
 */
export function oldInTurn(
  backlog: readonly BacklogRecord[],
  seats: ReadonlyMap<number, Seat>,
  notBusy: ReadonlySet<string>,
  now: number,
): BacklogRecord[] {
  const old = backlog.filter((item) => isOld(item, seats.get(item.job), notBusy, now));
  const asked = Math.min(OLD_JOBS_ASKED_MAX, Math.ceil(old.length / OLD_JOBS_ASKED_EVERY_MINUTES));
  const start = old.length === 0 ? 0 : (Math.floor(now / 60_000) * asked) % old.length;
  return [...old.slice(start), ...old.slice(0, start)].slice(0, asked);
}

function isOld(item: BacklogRecord, seat: Seat | undefined, notBusy: ReadonlySet<string>, now: number): boolean {
  if (item.state === 'queued') return seat === undefined && now - item.recordedAt >= WAITING_SUSPICIOUS_MS;
  if (seat === undefined || !notBusy.has(seat.name)) return false;
  return now - (seat.registeredAt ?? seat.launchedAt) >= RUNNING_SUSPICIOUS_MS;
}

/** Its launches fail, and it has been there for a while: perhaps nobody told us that it was cancelled. */
function isFailing(item: BacklogRecord, now: number): boolean {
  return item.notBefore !== undefined && now - item.recordedAt >= FAILING_SUSPICIOUS_MS;
}

/** Whoever runs the jobs may have done so long ago, and nobody has told us. */
function isOnlyObserved({ observedAt }: BacklogRecord, now: number): boolean {
  return observedAt !== undefined && now - observedAt >= FAILING_SUSPICIOUS_MS;
}
