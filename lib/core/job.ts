/** A GitHub workflow job: what is known of it, and how reports change that. */

/** A job's state only rises. */
export type JobState = 'queued' | 'in_progress' | 'completed';

/** A `workflow_job` event, projected to what decisions need. Times in milliseconds since 1970. */
export type JobEvent = {
  job: number;
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
  /** Set while a launch has been claimed and its place is not yet confirmed; void after CLAIM_VOID_AFTER. */
  claimedAt?: number;
  /** Name of the runner that is coming for it or has taken it. A queued job without one is owed a launch. */
  runner?: string;
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
  createdAt: number;
  notBefore?: number;
  reason: string;
};
