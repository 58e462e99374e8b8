/** Each promise of the judge can be seen to be broken: the books are made up, and say so. */
import { expect, test } from '@jest/globals';
import type { TaskChange, TaskEntry } from '../../lib/sim/ecs-service/books.ts';
import type { Books, Job, Runner } from '../../lib/sim/github-service/books.ts';
import { createJudge, type Judge, PROMISES } from '../../lib/sim/judge/judge.ts';

const NAME = 'sim-default-0-77-1';

function aJudge(runners: Partial<Runner>[] = []): Judge {
  const books = { runners: new Map(runners.map((runner, index) => [index, runner])) } as unknown as Books;
  return createJudge({
    now: () => 0,
    github: () => books,
    maxOf: () => 2,
    mayHave: (role, _, repository) => role === 'everybody' || repository === 'deploy',
  });
}

function aTask(own: Partial<TaskEntry> = {}): TaskEntry {
  const base = { taskArn: 'arn', cluster: 'sim', family: 'sim-default', createdAt: 0, ran: true };
  return { ...base, startedBy: NAME, role: 'everybody', ...own };
}

function aJob(repository: string, runner: string): Job {
  const run = { repository: { owner: { login: 'octo-org', installation: { id: 1 } }, name: repository } };
  return { id: 77, run, runner: { id: 1, name: runner } } as unknown as Job;
}

const idle = { name: `${NAME}-1`, state: 'idle' as const, createdAt: 0 };
const SECOND = 'sim-default-1-77-2';

const rows: { name: string; runners?: Partial<Runner>[]; play: (judge: Judge) => void; broken: string[] }[] = [
  {
    name: 'a third task of a pool of two',
    play: (judge) => judge.onTask(aTask(), 'created', 3),
    broken: [PROMISES.maximum],
  },
  {
    name: 'two tasks of one launch, side by side',
    play: (judge) => {
      judge.onTask(aTask(), 'created', 1);
      judge.onTask(aTask(), 'created', 2);
    },
    broken: [PROMISES.one],
  },
  {
    name: 'two tasks of one launch, one after the other',
    play: (judge) => {
      judge.onTask(aTask(), 'created', 1);
      judge.onTask(aTask(), 'stopped', 0);
      judge.onTask(aTask(), 'created', 1);
    },
    broken: [],
  },
  {
    name: 'a second launch of a job whose first task waits for an instance',
    play: (judge) => {
      judge.onTask(aTask({ ran: false }), 'created', 1);
      judge.onTask(aTask({ startedBy: SECOND }), 'created', 2);
    },
    broken: [PROMISES.launch],
  },
  {
    name: 'a second launch of a job whose first runner has just come',
    runners: [idle],
    play: (judge) => {
      judge.onTask(aTask(), 'created', 1);
      judge.onTask(aTask({ startedBy: SECOND }), 'created', 2);
    },
    broken: [PROMISES.launch],
  },
  {
    name: 'eleven launches of a job fail at once, and it has one more',
    play: (judge) => {
      for (let launch = 1; launch <= 12; launch += 1) {
        judge.onTask(aTask({ startedBy: `sim-default-0-77-${launch}`, createdAt: launch * 1000 }), 'created', 1);
        judge.onTask(aTask({ startedBy: `sim-default-0-77-${launch}` }), 'stopped', 0);
      }
    },
    broken: [PROMISES.cost],
  },
  {
    name: 'twelve launches of a job, each of which is taken by another one',
    play: (judge) => {
      for (let launch = 1; launch <= 12; launch += 1) {
        judge.onTask(aTask({ startedBy: `sim-default-0-77-${launch}`, createdAt: launch * 1000 }), 'created', 1);
        judge.onJob(aJob('app', `sim-default-0-77-${launch}-1`), 'in_progress');
        judge.onTask(aTask({ startedBy: `sim-default-0-77-${launch}` }), 'stopped', 0);
      }
    },
    broken: [],
  },
  {
    name: 'one launch of a job on two places, one after the other',
    play: (judge) => {
      judge.onTask(aTask(), 'created', 1);
      judge.onTask(aTask(), 'stopped', 0);
      judge.onTask(aTask({ startedBy: 'sim-default-1-77-1' }), 'created', 1);
    },
    broken: [PROMISES.launch],
  },
  ...[
    { why: 'is asked to stop', first: { ran: false, stopRequestedAt: 1 } },
    { why: 'has ended', first: { containerEndedAt: 1 } },
    { why: 'runs another job', first: {} },
  ].map(({ why, first }) => ({
    name: `a second launch of a job whose first task ${why}`,
    runners: [{ ...idle, state: 'busy' as const }],
    play: (judge: Judge) => {
      judge.onTask(aTask(first), 'created', 1);
      judge.onTask(aTask({ startedBy: SECOND }), 'created', 2);
    },
    broken: [],
  })),
  {
    name: 'a second launch of a job whose first task is STOPPED',
    play: (judge) => {
      judge.onTask(aTask({ ran: false }), 'created', 1);
      judge.onTask(aTask({ ran: false }), 'stopped', 0);
      judge.onTask(aTask({ startedBy: SECOND }), 'created', 1);
    },
    broken: [],
  },
  {
    name: 'warm runners side by side: they are launched for no job',
    play: (judge) => {
      judge.onTask(aTask({ startedBy: 'sim-quick-0-0-1', ran: false }), 'created', 1);
      judge.onTask(aTask({ startedBy: 'sim-quick-1-0-2', ran: false }), 'created', 2);
    },
    broken: [],
  },
  ...(['stop requested', 'container ended'] as TaskChange[]).flatMap((change) => [
    {
      name: `${change} under a job`,
      play: (judge: Judge) => {
        judge.onJob(aJob('app', `${NAME}-1`), 'in_progress');
        judge.onTask(aTask(), change, 1);
      },
      broken: [PROMISES.working],
    },
    {
      name: `${change} under another runner's job`,
      play: (judge: Judge) => {
        judge.onJob(aJob('app', 'sim-default-0-77-11-1'), 'in_progress');
        judge.onTask(aTask(), change, 1);
      },
      broken: [],
    },
    {
      name: `${change} when its job has ended`,
      play: (judge: Judge) => {
        const job = aJob('app', `${NAME}-1`);
        judge.onJob(job, 'in_progress');
        judge.onJob(job, 'completed');
        judge.onTask(aTask(), change, 1);
      },
      broken: [],
    },
  ]),
  ...[
    { state: 'idle' as const, change: 'stop requested' as const, broken: [PROMISES.letGo] },
    { state: 'assigned' as const, change: 'stop requested' as const, broken: [PROMISES.letGo] },
    { state: 'offline' as const, change: 'stop requested' as const, broken: [] },
    { state: 'offline' as const, change: 'container ended' as const, exitCode: 0, broken: [PROMISES.letGo] },
    { state: 'idle' as const, change: 'container ended' as const, exitCode: 3, broken: [] },
    { state: 'idle' as const, change: 'container ended' as const, exitCode: 137, lost: true as const, broken: [] },
  ].map(({ state, change, broken, ...own }) => ({
    name: `${change} (${own.exitCode}) while GitHub has its runner, ${state}`,
    runners: [{ ...idle, state, everConnected: true }],
    play: (judge: Judge) => judge.onTask(aTask(own), change, 1),
    broken,
  })),
  {
    name: 'a container that vanished with its instance',
    play: (judge) => {
      judge.onJob(aJob('app', `${NAME}-1`), 'in_progress');
      judge.onTask(aTask({ lost: true }), 'container ended', 1);
    },
    broken: [],
  },
  {
    name: 'a job with the role of other repositories',
    play: (judge) => {
      judge.onTask(aTask({ role: 'deploying' }), 'created', 1);
      judge.onJob(aJob('app', `${NAME}-1`), 'in_progress');
    },
    broken: [PROMISES.role],
  },
  {
    name: 'a job with a role that it may have, and one on a runner that is not ours',
    play: (judge) => {
      judge.onTask(aTask({ role: 'deploying' }), 'created', 1);
      judge.onJob(aJob('deploy', `${NAME}-1`), 'in_progress');
      judge.onJob(aJob('app', 'somebody-1'), 'in_progress');
    },
    broken: [],
  },
];

test.each(rows)('$name: $broken', ({ runners, play, broken }) => {
  const judge = aJudge(runners);
  play(judge);
  expect(judge.breaches.map(({ promise }) => promise)).toEqual(broken);
});
