/** Idempotency of RunTask, as the ECS developer guide's page on idempotency has it. */
import { createHash } from 'node:crypto';
import { EcsError } from './errors.ts';
import { type WireTask, wireTask } from './shapes.ts';
import type { EcsCluster, EcsState, EcsTask, TaskFailure, TokenEntry } from './state.ts';

const HOUR_MS = 3_600_000;
/** "Whichever is lower: 24 hours / the lifetime of the resource plus one hour." */
const TOKEN_LIFE_MAX_MS = 24 * HOUR_MS;

export type RunTaskAnswer = { tasks: WireTask[]; failures: TaskFailure[] };

/** The answer that the token's first call got, or `undefined` for a new token; throws ConflictException. */
export function replay(state: EcsState, cluster: EcsCluster, token: string, input: unknown): RunTaskAnswer | undefined {
  const entry = cluster.tokens.get(token);
  if (entry === undefined) return undefined;
  const now = state.clock.now();
  if (now >= expiry(entry)) {
    cluster.tokens.delete(token);
    return undefined;
  }
  const differs = entry.parameters !== fingerprint(input);
  if (differs || (entry.tasks.length > 0 && state.chance.happens(state.faults.conflictOnReplay))) throw conflict(entry);
  return { tasks: entry.tasks.flatMap((task) => replayedTask(task, now)), failures: replayedFailures(entry, now) };
}

export function remember(
  state: EcsState,
  cluster: EcsCluster,
  token: string,
  input: unknown,
  result: { tasks: readonly EcsTask[]; failures: readonly TaskFailure[] },
): void {
  cluster.tokens.set(token, { ...result, parameters: fingerprint(input), createdAt: state.clock.now() });
}

/** The life of an answer that holds only failures is not documented; taken to be 24 hours. */
function expiry(entry: TokenEntry): number {
  const dayLater = entry.createdAt + TOKEN_LIFE_MAX_MS;
  if (entry.tasks.length === 0 || entry.tasks.some((task) => task.stoppedAt === undefined)) return dayLater;
  const lastStop = Math.max(...entry.tasks.map((task) => task.stoppedAt ?? 0));
  return Math.min(dayLater, lastStop + HOUR_MS);
}

function conflict(entry: TokenEntry): EcsError {
  const message =
    'The RunTask request could not be processed due to conflicts. The provided clientToken is already in use with a ' +
    'different RunTask request. The resourceIds are the existing task ARNs which are already associated with the clientToken.';
  const arns = entry.tasks.map((task) => task.taskArn);
  return new EcsError('ConflictException', message, arns);
}

/** Stopped tasks carry three fields, and nothing an hour later. */
function replayedTask(task: EcsTask, now: number): WireTask[] {
  if (task.stoppedAt === undefined) return [{ ...wireTask(task), tags: task.tags }];
  if (now >= task.stoppedAt + HOUR_MS) return [];
  return [{ taskArn: task.taskArn, lastStatus: task.lastStatus, desiredStatus: task.desiredStatus }];
}

/** Failures older than an hour "only include the number of failed tasks". */
function replayedFailures(entry: TokenEntry, now: number): TaskFailure[] {
  return entry.failures.map((failure) => (now >= entry.createdAt + HOUR_MS ? {} : { ...failure }));
}

/** All parameters but the token itself, independent of the order of fields. */
function fingerprint(input: unknown): string {
  const { clientToken: _, ...parameters } = input as Record<string, unknown>;
  return createHash('sha256').update(JSON.stringify(parameters, sorted)).digest('base64');
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
