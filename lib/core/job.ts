/** A GitHub workflow job: what is known of it, and how reports change that. */

import { AWAIT_WORD_MS, DISPLACED_WAIT_MS, FRESH_EVENT_MS, HISTORY_KEPT_SECONDS } from './limits.ts';
import { isElsewhere } from './place.ts';
import type { Home } from './pool.ts';
import { UNSERVED } from './pool.ts';

/** A job's state only rises. */
export type JobState = 'queued' | 'in_progress' | 'completed';

/** A `workflow_job` event, projected to what decisions need. Times in milliseconds since 1970. */
export type JobEvent = {
  job: number;
  /** The workflow run that it belongs to; absent in messages of earlier versions. */
  run?: number;
  attempt: number;
  state: JobState;
  installation: number;
  owner: string;
  /** Without the owner. */
  repository: string;
  /** User-owned repositories have repository runners only. */
  ownerIsUser: boolean;
  labels: string[];
  name: string;
  createdAt: number;
  /** The runner that GitHub says took it; absent for null, 0 and "" alike (facts: all three occur for "none"). */
  runnerName?: string;
  conclusion?: string;
};

/** The history table's item: the job's story and its tombstone. */
export type JobRecord = {
  version: string;
  job: number;
  /** The workflow run that it belongs to; absent in records of earlier versions. */
  run?: number;
  attempt: number;
  state: JobState;
  installation: number;
  owner: string;
  repository: string;
  ownerIsUser: boolean;
  labels: string[];
  name: string;
  /** Absent: no pool serves it. */
  pool?: string;
  /** Number of the last launch that was claimed for it; 0: none yet. Never counted down, never used again. */
  launch: number;
  /** Name of the living launch that is coming for it. A queued job without one is owed a launch. */
  runner?: string;
  /** The runner that GitHub says took it, ours or not. */
  ranOn?: string;
  /** Where a person reads that runner's log, if it is ours. */
  logs?: string;
  /** Since when only GitHub can say whether it still waits: it is not launched before GitHub has been asked. */
  awaitsWord?: number;
  /** When it was said that it would be launched, by a stage that only observes. */
  observedAt?: number;
  /** Launches in a row that ended without a job. */
  failures: number;
  /** Why it waits, or how it ended. */
  reason: string;
  /** Not to be launched before. */
  notBefore?: number;
  createdAt: number;
  recordedAt: number;
  launchedAt?: number;
  startedAt?: number;
  completedAt?: number;
  conclusion?: string;
  /** It died with its instance, and GitHub was asked to run it again: when, and in which attempt its run was then. */
  rerun?: { at: number; attempt: number };
  /** Seconds since 1970. */
  expiresAt: number;
};

/** The backlog table's item: that the job is there, and as much as a look needs to choose. History is the authority. */
export type BacklogRecord = {
  version: string;
  pool: string;
  job: number;
  state: 'queued' | 'in_progress';
  installation: number;
  owner: string;
  repository: string;
  /** Absent in items of earlier versions. */
  labels?: string[];
  createdAt: number;
  recordedAt: number;
  notBefore?: number;
  awaitsWord?: number;
  observedAt?: number;
  /** While it awaits GitHub's word: the runner that was coming for it, and has ended with some job. */
  runner?: string;
  reason: string;
};

/** What goes with an event: the backlog that a new job belongs into, and the log of the runner that it names. */
export type Known = { home?: Home; logs?: string };

const RANK: Record<JobState, number> = { queued: 0, in_progress: 1, completed: 2 };

export function isLater(state: JobState, than: JobState): boolean {
  return RANK[state] > RANK[than];
}

/**
 * The job's record after an event; the very same object if the event says nothing new (a duplicate, an older
 * state that comes late, an older attempt). `completed` is final: nothing brings a job back but a newer attempt.
 */
export function recordEvent(previous: JobRecord | undefined, event: JobEvent, known: Known, now: number): JobRecord {
  if (previous === undefined || event.attempt > previous.attempt) return firstRecord(previous, event, known, now);
  if (isElsewhere(previous, event)) return placedAnew(previous, event, now);
  if (event.attempt < previous.attempt || !isLater(event.state, previous.state)) return previous;
  const { notBefore: _, awaitsWord: __, runner: ___, ...kept } = previous;
  return {
    ...kept,
    state: event.state,
    reason: reasonOf(event),
    ...(event.state === 'in_progress' && { startedAt: now }),
    ...(event.state === 'completed' && { completedAt: now }),
    ...(event.runnerName !== undefined && { ranOn: event.runnerName }),
    ...(known.logs !== undefined && { logs: known.logs }),
    ...(event.conclusion !== undefined && { conclusion: event.conclusion }),
    expiresAt: expiry(now),
  };
}

/** The same job, of a repository or an owner that is elsewhere now. Who comes for it may follow, or is found unable to take it. */
function placedAnew(previous: JobRecord, event: JobEvent, now: number): JobRecord {
  const { installation, owner, repository, ownerIsUser } = event;
  const reason = previous.state === 'queued' ? `it is in ${owner}/${repository} now` : previous.reason;
  return { ...previous, installation, owner, repository, ownerIsUser, reason, expiresAt: expiry(now) };
}

function firstRecord(previous: JobRecord | undefined, event: JobEvent, { home, logs }: Known, now: number): JobRecord {
  return {
    version: previous?.version ?? '',
    job: event.job,
    ...(event.run !== undefined && { run: event.run }),
    attempt: event.attempt,
    state: event.state,
    installation: event.installation,
    owner: event.owner,
    repository: event.repository,
    ownerIsUser: event.ownerIsUser,
    labels: event.labels,
    name: event.name,
    ...(home !== undefined && { pool: home.pool }),
    launch: previous?.launch ?? 0,
    failures: 0,
    reason: home?.reason ?? reasonOf(event),
    createdAt: event.createdAt,
    recordedAt: now,
    ...(event.state === 'in_progress' && { startedAt: now }),
    ...(event.state === 'completed' && { completedAt: now }),
    ...(event.runnerName !== undefined && { ranOn: event.runnerName }),
    ...(logs !== undefined && { logs }),
    ...(event.conclusion !== undefined && { conclusion: event.conclusion }),
    ...(event.state === 'queued' && now - event.createdAt > FRESH_EVENT_MS && { awaitsWord: now - AWAIT_WORD_MS }),
    expiresAt: expiry(now),
  };
}

/**
 * The queued job in another backlog. Nobody comes for it: but if somebody did until now, another runner may be on its way.
 * Of one that no pool served we have not heard: after an hour GitHub is asked before anything is launched.
 */
export function movedTo(home: Home, record: JobRecord, now: number): JobRecord {
  const { runner, notBefore: _, ...kept } = record;
  const isStale = record.pool === UNSERVED && now - record.recordedAt > FRESH_EVENT_MS;
  return {
    ...kept,
    pool: home.pool,
    reason: home.reason ?? `pool ${home.pool} serves it now, instead of ${record.pool ?? 'none'}`,
    ...(runner !== undefined && { notBefore: now + DISPLACED_WAIT_MS }),
    ...(isStale && { awaitsWord: now - AWAIT_WORD_MS }),
    expiresAt: expiry(now),
  };
}

function reasonOf(event: JobEvent): string {
  if (event.state === 'queued') return 'queued at GitHub';
  const where = event.runnerName === undefined ? 'no runner' : event.runnerName;
  return event.state === 'in_progress' ? `runs on ${where}` : `${event.conclusion ?? 'completed'}, ${where}`;
}

export function expiry(now: number): number {
  return Math.ceil(now / 1000) + HISTORY_KEPT_SECONDS;
}

/** The backlog item that goes with the record; `undefined` when there must be none. */
export function backlogItem(record: JobRecord): Omit<BacklogRecord, 'version'> | undefined {
  if (record.state === 'completed' || record.pool === undefined) return undefined;
  return {
    pool: record.pool,
    job: record.job,
    state: record.state,
    installation: record.installation,
    owner: record.owner,
    repository: record.repository,
    labels: record.labels,
    createdAt: record.createdAt,
    recordedAt: record.recordedAt,
    ...(record.notBefore !== undefined && { notBefore: record.notBefore }),
    ...(record.awaitsWord !== undefined && { awaitsWord: record.awaitsWord }),
    ...(record.observedAt !== undefined && { observedAt: record.observedAt }),
    ...(record.awaitsWord !== undefined && record.runner !== undefined && { runner: record.runner }),
    reason: record.reason,
  };
}
