/** The faults are over: every job finishes, none waits in vain, and then nothing is left. */
import type { Job } from '../../sim/github-service/books.ts';
import { type EndedWorld, jobsLost, keptWaiting, leftBehind, mayStay } from '../../sim/judge/end.ts';
import { type Judge, PROMISES } from '../../sim/judge/judge.ts';
import { createPatience } from '../../sim/judge/patience.ts';
import { owedReruns, wrongReruns } from '../../sim/judge/reruns.ts';
import { familyOf, isServed, JOB_HOURS, maxIn, POOLS, rerunsMaxOf, WARM } from './setting.ts';
import type { Stage } from './stage.ts';

/** In minutes. `waited`: the longest that a job waited while its pool had places; `until`: until all had ended; `quiet`: until nothing was left. */
export type Finish = { waited: number; until: number; quiet: number };

/** The day's work may be more than its pools can do in a day: beyond this, a simulation has come to no end. */
const FINISH_MINUTES_MAX = 12 * 60;
/** The longest deadline of ours is that of a RunTask call without an answer: 50 minutes. */
const QUIET_MINUTES = 90;

/** `isPlayed`: whether people have done all that they were going to do. */
export async function finish(stage: Stage, judge: Judge, isPlayed: () => boolean): Promise<Finish> {
  const { breaches } = judge;
  const world = () => endedWorld(stage, judge);
  const isBroken = () => breaches.length > 0;
  const finished: Finish = { waited: 0, until: 0, quiet: 0 };
  const patience = createPatience({
    jobs: () => openJobs(stage),
    familyOf,
    maxOf: (family) => maxIn(POOLS, family),
    workingIn: judge.workingIn,
  });
  const rules = { books: stage.github.books, taskOf: judge.taskOf, isMoved: judge.isMoved, rerunsMaxOf };
  const isOver = () => isBroken() || (isPlayed() && openJobs(stage).length === 0 && owedReruns(rules).length === 0);
  for (; finished.until < FINISH_MINUTES_MAX && !isOver(); finished.until += 1) {
    await stage.minutes(1);
    breaches.push(...keptWaiting(stage.clock.now(), patience.look()));
  }
  finished.waited = patience.longest();
  if (!isBroken()) breaches.push(...jobsLost(world()));
  const owed = owedReruns(rules).map(({ id }) => `job ${id} died with its instance, and is not run again`);
  for (const detail of [...owed, ...wrongReruns(rules)]) {
    breaches.push({ at: stage.clock.now(), promise: PROMISES.rerun, detail });
  }
  if (isBroken()) return finished;
  const doneAt = stage.clock.now();
  while (finished.quiet < QUIET_MINUTES && leftBehind(world()).length > 0) {
    await stage.minutes(1);
    finished.quiet += 1;
  }
  // Also whoever comes late must be gone again.
  await stage.clock.runUntil(doneAt + QUIET_MINUTES * 60_000);
  if (!isBroken()) breaches.push(...leftBehind(world()));
  // And whoever may stay for longer than that has a deadline, too.
  const isStaying = () => stage.livingTasks().some(({ startedBy }) => mayStay(world(), String(startedBy)));
  if (!isBroken() && isStaying()) {
    while (isStaying()) await stage.minutes(10);
    breaches.push(...leftBehind(world()));
  }
  return finished;
}

export function endedWorld(stage: Stage, judge: Judge): EndedWorld {
  return {
    now: stage.clock.now(),
    github: stage.github,
    ecs: stage.ecs,
    judge,
    isOurs,
    warm: WARM,
    jobHours: JOB_HOURS,
    records: {
      backlog: stage.backlog.all().map(({ job }) => job),
      runners: stage.seats().map(({ name }) => name),
      open: stage.history.all().flatMap(({ job, state }) => (state === 'completed' ? [] : [job])),
    },
  };
}

function openJobs({ github }: Stage): Job[] {
  return [...github.books.jobs.values()].filter((job) => job.state !== 'completed' && isOurs(job));
}

function isOurs({ labels, run }: Job): boolean {
  return isServed(labels, run.repository.name) && run.repository.outside !== true;
}
