/** What the runner's listener sees of GitHub. */
import type { Job, Runner, RunnerMessage, Session } from './books.ts';
import type { Hub } from './hub.ts';
import { completeJob, offerJob, offerRunner, start } from './jobs.ts';
import { removeIdle } from './matching.ts';
import { dropRunner, removeWhenOffline, runnerOf } from './runners.ts';
import { type ConfigureAnswer, configure, type SelfRegistration } from './self-registration.ts';
import { newSession, nextMessage, postTo } from './sessions.ts';

/** The lock on a job is renewed each minute and valid for 10: so long a killed runner's job is still in progress. */
const JOB_LOCK_MS = 10 * 60 * 1000;
/** After this long at most GitHub sees that a listener that ended without a word is offline. */
const NOTICE_MS_MAX = 60 * 1000;
/** Just-in-time runners that found no job were seen removed after this long (actions/runner#4726). */
const IDLE_REMOVAL_MS = { least: 2 * 60 * 1000, most: 6 * 60 * 1000 };

/** What a started job's runner knows of it; `repository` is the full name. */
export type StartedJob = {
  id: number;
  repository: string;
  runId: number;
  runAttempt: number;
  job: string;
  durationSeconds: number;
  outcome: 'success' | 'failure';
};

export type Connection = {
  kind: 'connected';
  session: string;
  runnerName: string;
  /** Waits until GitHub has something to say; one caller at a time. */
  next: () => Promise<RunnerMessage>;
  /** `undefined`: it is not ours any more; go on listening. */
  acquire: (job: number) => Promise<StartedJob | undefined>;
  finish: (conclusion: 'success' | 'failure' | 'cancelled') => Promise<void>;
  /** Says goodbye: the runner is offline at once, its registration stays. */
  close: () => Promise<void>;
  /** What a killed process does: nothing. GitHub finds out by itself. */
  vanish: () => void;
};

/** `conflict`: another session lives. `deleted`: no such registration. `refused`: not now. `too old`: not this version. */
export type ConnectAnswer =
  | Connection
  | { kind: 'conflict' }
  | { kind: 'deleted' }
  | { kind: 'refused' }
  | { kind: 'too old' };

export type RunnerSide = {
  connect: (jitConfig: string) => Promise<ConnectAnswer>;
  /** What `config.sh` does with a registration token: gives what to connect with. */
  configure: (wanted: SelfRegistration) => Promise<ConfigureAnswer>;
};

export function runnerSideOf(hub: Hub): RunnerSide {
  return {
    connect: (jitConfig) => Promise.resolve(connect(hub, jitConfig)),
    configure: (wanted) => Promise.resolve(configure(hub, wanted)),
  };
}

function connect(hub: Hub, jitConfig: string): ConnectAnswer {
  if (hub.chance.happens(hub.faults.refuseSessions)) return { kind: 'refused' };
  const runner = runnerOf(hub, jitConfig);
  if (runner === undefined || runner.state === 'lingering') return { kind: 'deleted' };
  if (hub.chance.happens(hub.faults.versionRefused)) return { kind: 'too old' };
  if (runner.session !== undefined || runner.state === 'busy') return { kind: 'conflict' };
  const session = newSession(hub, runner);
  runner.session = session;
  runner.everConnected = true;
  runner.version = hub.books.releaseInUse;
  runner.cancelRemoval();
  if (hub.chance.happens(hub.faults.idleJitRemoved)) removeIfIdle(hub, runner);
  if (runner.job !== undefined) postTo(session, { kind: 'job', job: runner.job.id });
  else if (isToUpdate(hub, runner)) postTo(session, { kind: 'update' });
  else offerRunner(hub, runner);
  return connectionOf(hub, session);
}

/** Once, before it is given a job: GitHub has a newer version for it. */
function isToUpdate(hub: Hub, runner: Runner): boolean {
  if (runner.everUpdated || !hub.chance.happens(hub.faults.selfUpdates)) return false;
  runner.everUpdated = true;
  return true;
}

function connectionOf(hub: Hub, session: Session): Connection {
  return {
    kind: 'connected',
    session: session.id,
    runnerName: session.runner.name,
    next: () => nextMessage(session),
    acquire: (job) => Promise.resolve(acquire(hub, session, job)),
    finish: (conclusion) => Promise.resolve(finish(hub, session, conclusion)),
    close: () => Promise.resolve(close(hub, session)),
    vanish: () => vanish(hub, session),
  };
}

function acquire(hub: Hub, session: Session, id: number): StartedJob | undefined {
  const { runner } = session;
  const { job } = runner;
  if (!isCurrent(session) || !session.alive || runner.state !== 'assigned' || job?.id !== id) return undefined;
  runner.cancelPickup();
  job.assignedTo = undefined;
  if (job.state !== 'queued') {
    offerRunner(hub, runner);
    return undefined;
  }
  if (hub.chance.happens(hub.faults.ghostRunners)) return makeGhost(hub, session, job);
  runner.state = 'busy';
  job.runner = { id: runner.id, name: runner.name, group: runner.group };
  start(hub, job);
  const { owner, name } = job.run.repository;
  return {
    id: job.id,
    repository: `${owner.login}/${name}`,
    runId: job.run.id,
    runAttempt: job.run.attempt,
    job: job.key,
    durationSeconds: job.durationSeconds,
    outcome: job.outcome,
  };
}

/** The assignment is lost and the registration used up; the listener goes on listening (actions/runner#4617). */
function makeGhost(hub: Hub, session: Session, job: Job): undefined {
  session.runner.session = undefined;
  dropRunner(hub, session.runner);
  offerJob(hub, job);
  return undefined;
}

function finish(hub: Hub, session: Session, conclusion: string): void {
  const { job, state } = session.runner;
  if (isCurrent(session) && session.alive && state === 'busy' && job !== undefined) completeJob(hub, job, conclusion);
}

function close(hub: Hub, session: Session): void {
  if (!isCurrent(session)) return;
  session.alive = false;
  if (session.runner.state === 'idle' || session.runner.state === 'offline') disconnect(hub, session);
  else if (session.runner.state !== 'lingering') vanish(hub, session);
}

function vanish(hub: Hub, session: Session): void {
  if (!isCurrent(session)) return;
  session.alive = false;
  const { job, state } = session.runner;
  if (state === 'busy' && job !== undefined) hub.time.after(JOB_LOCK_MS, () => completeJob(hub, job, 'failure'));
  hub.time.after(hub.chance.between(0, NOTICE_MS_MAX), () => disconnect(hub, session));
}

/** Offline. A job that it was sent meanwhile finds out by its own window. */
function disconnect(hub: Hub, session: Session): void {
  const { runner } = session;
  if (!isCurrent(session)) return;
  runner.session = undefined;
  removeIdle(runner);
  if (runner.state === 'idle') runner.state = 'offline';
  if (runner.state !== 'lingering') removeWhenOffline(hub, runner);
}

function isCurrent(session: Session): boolean {
  return session.runner.session === session;
}

function removeIfIdle(hub: Hub, runner: Runner): void {
  const delay = hub.chance.between(IDLE_REMOVAL_MS.least, IDLE_REMOVAL_MS.most);
  hub.time.after(delay, () => {
    if (runner.state === 'idle') dropRunner(hub, runner);
  });
}
