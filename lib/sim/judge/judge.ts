/**
 * The promises, judged from GitHub's and ECS's own books at every change. It shares no code with what it judges: names are
 * taken apart here once more, and who may have which role is told by whoever sets up the world.
 */
import type { OnTask, TaskEntry } from '../ecs-service/books.ts';
import type { Books, Job, Runner } from '../github-service/books.ts';
import type { Action } from '../github-service/hub.ts';

export type Promises = {
  now: () => number;
  github: () => Books;
  /** The most living tasks of a family. */
  maxOf: (family: string) => number;
  /** Whether jobs of this repository may have this role. */
  mayHave: (role: string | undefined, owner: string, repository: string) => boolean;
};

/** A promise that was broken: when (ms since 1970), which, and by what. */
export type Breach = { at: number; promise: string; detail: string };

export type Judge = {
  onTask: OnTask;
  onJob: (job: Job, action: Action) => void;
  breaches: Breach[];
  /** The task in which the job's runner was; `undefined`: it has had none of ours. */
  taskOf: (job: Job) => TaskEntry | undefined;
};

export const PROMISES = {
  maximum: 'never above a maximum',
  working: 'a working runner is never stopped',
  one: 'never more than one living task per launch',
  role: 'a job never gets a role that its repository may not have',
  finished: 'every job that a pool serves is run',
  left: 'nothing is left behind',
  calls: 'GitHub calls per job are bounded',
} as const;

export function createJudge({ now, github, maxOf, mayHave }: Promises): Judge {
  const breaches: Breach[] = [];
  /** By runner name: the launch. */
  const living = new Map<string, number>();
  const tasks = new Map<string, TaskEntry>();
  const broken = (promise: keyof typeof PROMISES, detail: string) =>
    breaches.push({ at: now(), promise: PROMISES[promise], detail });

  const onTask: OnTask = (task, change, alive) => {
    const name = task.startedBy ?? '';
    if (change === 'created') begun(name, task, alive);
    if (change === 'stopped') living.set(name, (living.get(name) ?? 1) - 1);
    const busy = change === 'stop requested' || change === 'container ended' ? busyRunner(github(), name) : undefined;
    if (busy === undefined || task.lost) return;
    const job = busy.job?.id ?? 'nobody knows';
    broken('working', `${name}: ${change} while its runner ${busy.name} runs job ${job}`);
  };

  function begun(name: string, task: TaskEntry, alive: number): void {
    tasks.set(name, task);
    const tasksOfName = (living.get(name) ?? 0) + 1;
    living.set(name, tasksOfName);
    if (tasksOfName > 1) broken('one', `${tasksOfName} tasks of ${name} live`);
    if (alive > maxOf(task.family))
      broken('maximum', `${alive} tasks of ${task.family} live, at most ${maxOf(task.family)}`);
  }

  function taskOf(job: Job): TaskEntry | undefined {
    return job.runner && tasks.get(launchOf(job.runner.name));
  }

  return {
    breaches,
    onTask,
    taskOf,
    onJob: (job, action) => {
      const task = action === 'in_progress' ? taskOf(job) : undefined;
      const { owner, name } = job.run.repository;
      if (task === undefined || mayHave(task.role, owner.login, name)) return;
      broken('role', `job ${job.id} of ${owner.login}/${name} runs with ${task.role} on ${job.runner?.name}`);
    },
  };
}

/** GitHub's name of a runner has one more number at its end than the task's. */
function launchOf(runner: string): string {
  return runner.replace(/-\d+$/, '');
}

function busyRunner(books: Books, launch: string): Runner | undefined {
  for (const runner of books.runners.values()) {
    if (runner.state === 'busy' && launchOf(runner.name) === launch) return runner;
  }
  return undefined;
}
