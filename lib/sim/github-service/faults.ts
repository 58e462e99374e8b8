/** What may go wrong, settable at run time. Shares are from 0 (never) to 1 (always). */

export type Faults = {
  /** Webhooks that are never attempted, and in no list of deliveries. */
  loseWebhooks: number;
  /** Restricts `loseWebhooks` to these actions; empty: all. */
  loseWebhooksOf: string[];
  /** Those of one action that are never attempted, whatever becomes of the others. */
  loseQueued: number;
  loseInProgress: number;
  loseCompleted: number;
  /** Webhooks whose attempt fails on the way (time-out, no connection, 502): recorded as failed. */
  failWebhooks: number;
  /** Sent twice: with the same GUID or a new one, by chance. */
  duplicateWebhooks: number;
  /** Delayed by 1 s to 3 min, so that later ones overtake them. */
  reorderWebhooks: number;
  /** REST calls answered 502, with nothing done. */
  restFailBefore: number;
  /** REST calls that are done and then answered 502. */
  restFailAfter: number;
  /** REST calls that are done and then cut off without an answer. */
  restCut: number;
  /** REST calls refused with the secondary rate limit's message: 403 or 429, with or without `retry-after`. */
  secondaryRateLimit: number;
  /** Every REST call takes so long. */
  restDelaySeconds: number;
  /** The same JWT a second time is answered 404 by the token endpoint. */
  jwtTwice404: boolean;
  /** How long a new installation token is answered 401 (replication). */
  freshToken401Seconds: number;
  /** Lists of runners are up to so old. */
  listLagSeconds: number;
  /** Busy runners that REST shows as not busy. */
  busyShownIdle: number;
  /** Busy runners that REST shows as not busy, and lets be removed: their job goes on. */
  busyRemoved: number;
  /** Runners whose record stays after their job, offline and busy, and cannot be removed. */
  stuckBusy: number;
  /** Runners that update themselves when they have connected: they are gone for half a minute, and come back. */
  selfUpdates: number;
  /** Runners that connect with a version that GitHub takes no more. */
  versionRefused: number;
  /** Jobs that show 300 steps. */
  manySteps: number;
  /** Jobs that are blocked by their concurrency group and are announced as queued all the same. */
  blockedAnnounced: number;
  /** Runners that REST shows as offline although they listen or work. */
  onlineShownOffline: number;
  /** Runners that a list leaves out, because its pages shift while others come and go. */
  leftOutOfLists: number;
  /** Answers to `GET job` that show the state before the last change. */
  staleJobs: number;
  /** JIT runners that GitHub removes after 2 to 6 minutes of idling. */
  idleJitRemoved: number;
  /** Assignments that are lost when the runner acquires them: registration gone, job queued again, runner none the wiser. */
  ghostRunners: number;
  /** Jobs that somebody else's runner takes while ours comes up. */
  takenElsewhere: number;
  /** A run with a held job is `waiting`, whatever its other jobs do: such runs hide queued jobs from who asks for `queued` ones. */
  heldRunsWaiting: boolean;
  /** A runner gets any of the jobs that it may run, and not the oldest: GitHub does not promise which. */
  jobsInAnyOrder: boolean;
  /** A job cancelled while queued shows runner id null instead of 0. */
  cancelledRunnerNull: boolean;
  /** Runners' connections that are refused for the moment. */
  refuseSessions: number;
  /** Points of the secondary limit in a minute, and calls at a time. */
  pointsPerMinuteMax: number;
  concurrentMax: number;
  /** The primary limit of an installation. */
  callsPerHourMax: number;
  /** Runners that an owner or a repository may register in five minutes, and that a group may have. */
  registrationsMax: number;
  groupRunnersMax: number;
};

export const NO_FAULTS: Readonly<Faults> = {
  loseWebhooks: 0,
  loseWebhooksOf: [],
  loseQueued: 0,
  loseInProgress: 0,
  loseCompleted: 0,
  failWebhooks: 0,
  duplicateWebhooks: 0,
  reorderWebhooks: 0,
  restFailBefore: 0,
  restFailAfter: 0,
  restCut: 0,
  secondaryRateLimit: 0,
  restDelaySeconds: 0,
  jwtTwice404: false,
  freshToken401Seconds: 0,
  listLagSeconds: 0,
  busyShownIdle: 0,
  busyRemoved: 0,
  stuckBusy: 0,
  selfUpdates: 0,
  versionRefused: 0,
  manySteps: 0,
  blockedAnnounced: 0,
  onlineShownOffline: 0,
  leftOutOfLists: 0,
  staleJobs: 0,
  idleJitRemoved: 0,
  ghostRunners: 0,
  takenElsewhere: 0,
  heldRunsWaiting: false,
  jobsInAnyOrder: false,
  cancelledRunnerNull: false,
  refuseSessions: 0,
  pointsPerMinuteMax: 900,
  concurrentMax: 100,
  callsPerHourMax: 5000,
  registrationsMax: 1500,
  groupRunnersMax: 10_000,
};

/** The faults after a merge, or why it is refused: every problem, one sentence each. */
export function mergeFaults(current: Readonly<Faults>, change: unknown): Faults | { problems: string[] } {
  if (typeof change !== 'object' || change === null || Array.isArray(change)) {
    return { problems: ['The faults are not a JSON object.'] };
  }
  const problems = Object.entries(change).flatMap(([name, value]) => problemOf(name, value) ?? []);
  return problems.length > 0 ? { problems } : { ...current, ...change };
}

function problemOf(name: string, value: unknown): string | undefined {
  if (!isSwitch(name)) return `Unknown switch ${JSON.stringify(name)}; there are ${Object.keys(NO_FAULTS).join(', ')}.`;
  const usual = NO_FAULTS[name];
  if (typeof usual === 'boolean') return typeof value === 'boolean' ? undefined : `${name} is true or false.`;
  if (Array.isArray(usual)) return isTexts(value) ? undefined : `${name} is a list of actions.`;
  if (name.endsWith('Seconds')) return isNumber(value, 3600) ? undefined : `${name} is a number from 0 to 3600.`;
  if (name.endsWith('Max')) return isNumber(value, 1e9) ? undefined : `${name} is a number, 0 or more.`;
  return isNumber(value, 1) ? undefined : `${name} is a share from 0 to 1.`;
}

function isSwitch(name: string): name is keyof Faults {
  return Object.hasOwn(NO_FAULTS, name);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isNumber(value: unknown, most: number): boolean {
  return typeof value === 'number' && value >= 0 && value <= most;
}
