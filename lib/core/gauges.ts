/** What the janitor sees each minute, as the lines that it logs. A line has one value, so that a metric can be made of it. */
import type { SeenTask } from './cleanup.ts';
import { SUSPECT_AFTER_FAILURES } from './limits.ts';
import { parseRunnerName } from './name.ts';
import type { PoolRecord, RunnerState, Seat } from './runner.ts';
import { RUNNER_STATES } from './runner.ts';
import type { Waiting } from './waiting.ts';

export type Seen = {
  prefix: string;
  /** The configured ones. */
  pools: readonly string[];
  waiting: ReadonlyMap<string, Waiting>;
  seats: readonly Seat[];
  records: readonly Pick<PoolRecord, 'pool' | 'failures'>[];
  /** Absent: ECS did not answer. */
  tasks?: readonly SeenTask[];
  rateLimits: readonly { limit: number; remaining: number; resetsAt: number }[];
  /** Of the runner version that GitHub refuses first; absent: no end is set. */
  versionDaysLeft?: number;
  now: number;
};

export type Gauge = { decision: string; reason: string } & Record<string, string | number>;

export function gauges(seen: Seen): Gauge[] {
  const pools = [...new Set([...seen.pools, ...seen.waiting.keys()])];
  return [
    ...pools.map((pool) => poolCounted(pool, seen)),
    ...RUNNER_STATES.map((state) => runnersCounted(state, seen)),
    janitorRan(seen),
  ];
}

const REASON = 'once a minute';

/** A pool where nobody waits says so, so that its lines do not break off. */
function poolCounted(pool: string, { waiting, now }: Seen): Gauge {
  const { jobs, oldestAt } = waiting.get(pool) ?? { jobs: 0, oldestAt: now };
  const oldestSeconds = Math.max(0, Math.round((now - oldestAt) / 1000));
  return { decision: 'pool counted', reason: REASON, pool, waiting: jobs, oldestSeconds };
}

function runnersCounted(state: RunnerState, { seats }: Seen): Gauge {
  const runners = seats.filter((seat) => seat.state === state).length;
  return { decision: 'runners counted', reason: REASON, state, runners };
}

function janitorRan(seen: Seen): Gauge {
  const percent = remainingPercent(seen);
  return {
    decision: 'janitor ran',
    reason: REASON,
    ...tasksCounted(seen),
    poolsSuspect: seen.records.filter(({ pool, failures }) => isSuspect(failures) && seen.waiting.has(pool)).length,
    ...(percent !== undefined && { rateLimitRemainingPercent: percent }),
    ...(seen.versionDaysLeft !== undefined && { runnerVersionDaysLeft: seen.versionDaysLeft }),
  };
}

/** One that nobody waits for troubles nobody. */
function isSuspect(failures: number): boolean {
  return failures >= SUSPECT_AFTER_FAILURES;
}

/** Of this deployment: the cluster may have others. */
function tasksCounted({ tasks, prefix }: Seen): Record<string, number> {
  if (tasks === undefined) return {};
  const ours = tasks.filter(({ startedBy }) => parseRunnerName(prefix, startedBy) !== undefined);
  const inStatus = (...statuses: string[]) => ours.filter(({ lastStatus }) => statuses.includes(lastStatus)).length;
  return { tasksPending: inStatus('PROVISIONING', 'PENDING', 'ACTIVATING'), tasksRunning: inStatus('RUNNING') };
}

/** Of the installation that has least; after its reset, all is there again. Unknown before the first call. */
function remainingPercent({ rateLimits, now }: Seen): number | undefined {
  const percents = rateLimits.map(({ limit, remaining, resetsAt }) =>
    resetsAt <= now || limit <= 0 ? 100 : Math.floor((100 * remaining) / limit),
  );
  return percents.length === 0 ? undefined : Math.min(...percents);
}
