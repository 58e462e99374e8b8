/**
 * The promises, judged from GitHub's and ECS's own books at every change. It shares no code with what it judges: names are
 * taken apart here once more, and who may have which role is told by whoever sets up the world.
 */
import type { OnTask, TaskEntry } from '../ecs-service/books.ts';
import type { Books, Job } from '../github-service/books.ts';
import type { Action } from '../github-service/hub.ts';
import { createLaunches } from './launches.ts';
import { heldRegistration } from './leaving.ts';
import { taskNameOf } from './names.ts';

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
  /** Its owner or repository has another name since it began to run, or another installation: it is not to be found where it was. */
  isMoved: (job: Job) => boolean;
  /** The job that ran last in the task of this name. */
  lastJobIn: (task: string) => Job | undefined;
  /** How many jobs run in tasks of the family now. */
  workingIn: (family: string) => number;
};

export const PROMISES = {
  maximum: 'never above a maximum',
  working: 'a working runner is never stopped',
  letGo: 'no runner is stopped, or told to go, before GitHub has let go of it',
  one: 'never more than one living task per launch',
  launch: 'never more than one living launch per job',
  cost: 'a job that cannot be launched is tried ever more seldom',
  role: 'a job never gets a role that its repository may not have',
  strangers: 'only who should is answered',
  secrets: 'no secret is logged, or shown with a task',
  explained: 'every decision can be explained',
  finished: 'every job that a pool serves is run',
  waits: 'no job waits while its pool has places',
  rerun: 'only what died with its instance is run again, and that is',
  left: 'nothing is left behind',
  calls: 'GitHub calls per job are bounded',
} as const;

export function createJudge({ now, github, maxOf, mayHave }: Promises): Judge {
  const breaches: Breach[] = [];
  const broken = (promise: keyof typeof PROMISES, detail: string) =>
    breaches.push({ at: now(), promise: PROMISES[promise], detail });
  const tasks = new Map<string, TaskEntry>();
  /** By the name of the task in which they run. */
  const running = new Map<string, Job>();
  /** The job that ran last in each task, by the task's name. */
  const worked = new Map<string, Job>();
  const places = new Map<Job, string>();
  const launches = createLaunches(now, github, (name) => worked.has(name), broken);

  const onTask: OnTask = (task, change, alive) => {
    const name = task.startedBy ?? '';
    launches.onTask(name, task, change);
    if (change === 'created') begun(name, task, alive);
    const held = worked.has(name) || task.lost ? undefined : heldRegistration(github(), task, change);
    if (held !== undefined) broken('letGo', `${name}: ${held}`);
    const job = change === 'stop requested' || change === 'container ended' ? running.get(name) : undefined;
    if (job === undefined || task.lost) return;
    broken('working', `${name}: ${change} while its runner ${job.runner?.name} runs job ${job.id}`);
  };

  function begun(name: string, task: TaskEntry, alive: number): void {
    tasks.set(name, task);
    if (alive <= maxOf(task.family)) return;
    broken('maximum', `${alive} tasks of ${task.family} live, at most ${maxOf(task.family)}`);
  }

  function onJob(job: Job, action: Action): void {
    const name = taskNameOf(job.runner?.name ?? '');
    if (action === 'completed' && running.get(name) === job) running.delete(name);
    if (action !== 'in_progress') return;
    running.set(name, job);
    places.set(job, placeOf(job));
    worked.set(name, job);
    const task = tasks.get(name);
    const { owner, name: repository } = job.run.repository;
    if (task === undefined || mayHave(task.role, owner.login, repository)) return;
    broken('role', `job ${job.id} of ${owner.login}/${repository} runs with ${task.role} on ${job.runner?.name}`);
  }

  return {
    breaches,
    onTask,
    onJob,
    taskOf: (job) => job.runner && tasks.get(taskNameOf(job.runner.name)),
    isMoved: (job) => places.get(job) !== placeOf(job),
    lastJobIn: (task) => worked.get(task),
    workingIn: (family) => [...running.keys()].filter((name) => tasks.get(name)?.family === family).length,
  };
}

function placeOf({ run: { repository } }: Job): string {
  const { owner, name } = repository;
  return `${owner.installation.id} ${owner.login}/${name}`;
}
