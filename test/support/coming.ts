/** Which jobs wait while no runner is left for them: a matching over all, from the books of the simulated GitHub and ECS alone. */
import type { Job, Runner } from '../../lib/sim/github-service/books.ts';
import type { Stage } from './stage.ts';

type Coming = { name: string; labels: readonly string[] };

/**
 * Ids of our queued jobs for which no runner is left when each older one has been given a runner that may still take it: one
 * whose container boots, or that is registered and has no job. All are of one organisation.
 */
export function withoutRunner(stage: Stage): Set<number> {
  const jobs = [...stage.github.books.jobs.values()]
    .filter(({ state, run }) => state === 'queued' && !run.repository.outside)
    .sort((one, other) => one.queuedAt - other.queuedAt || one.id - other.id);
  const coming = comingRunners(stage);
  const given = new Map<string, Job>();
  return new Set(jobs.filter((job) => !give(job, coming, given, new Set())).map(({ id }) => id));
}

/** Those that already have a job may change runners for it (Kuhn's augmenting paths). */
function give(job: Job, coming: readonly Coming[], given: Map<string, Job>, tried: Set<string>): boolean {
  for (const { name, labels } of coming) {
    if (tried.has(name) || !job.labels.every((label) => labels.includes(label))) continue;
    tried.add(name);
    const holder = given.get(name);
    if (holder !== undefined && !give(holder, coming, given, tried)) continue;
    given.set(name, job);
    return true;
  }
  return false;
}

/** One that was registered and is not any more has had its job, or lost it. */
const registeredOnce = new WeakMap<Stage, Set<string>>();

function comingRunners(stage: Stage): Coming[] {
  const runners = new Map([...stage.github.books.runners.values()].map((one) => [one.name.replace(/-\d+$/, ''), one]));
  const once = registeredOnce.get(stage) ?? new Set();
  registeredOnce.set(stage, once);
  for (const name of runners.keys()) once.add(name);
  return stage.livingTasks().flatMap((task) => {
    const name = String(task['startedBy']);
    const labels = stage.config.pools.pools.find((pool) => name.includes(`-${pool.name}-`))?.labels ?? [];
    const runner = runners.get(name);
    return (runner === undefined ? !once.has(name) : hasNoJob(runner)) ? [{ name, labels }] : [];
  });
}

function hasNoJob({ state }: Runner): boolean {
  return state === 'offline' || state === 'idle' || state === 'assigned';
}
