/** Whom the janitor stops from outside: nobody of whom GitHub does not let go, or of whom nothing is known. */
import { describe, expect, test } from '@jest/globals';
import type { SeenTask } from '../../lib/core/cleanup.ts';
import { BOOT_DEADLINE_MS } from '../../lib/core/limits.ts';
import type { InstallationRecord, Seat } from '../../lib/core/runner.ts';
import { INSTALLATIONS } from '../../lib/core/runner.ts';
import { clean } from '../../lib/flows/clean.ts';
import { virtualClock } from '../../lib/sim/clock.ts';
import { createSimListTable, createSimTable } from '../../lib/sim/tables.ts';
import type { GitHubRunner, Outcome, World } from '../../lib/world.ts';
import { aJobRecord, aSeat, NOW } from '../support/builders.ts';
import { aConfig, aPool } from '../support/pools.ts';
import { createStage } from '../support/stage.ts';

const seat = aSeat({ taskArn: 'arn:task/1', mint: 1, mintingAt: NOW });
const task: SeenTask = {
  taskArn: 'arn:task/1',
  startedBy: seat.name,
  lastStatus: 'RUNNING',
  createdAt: NOW,
  startedAt: NOW,
};
const registered: GitHubRunner = { id: 9, name: `${seat.name}-1`, online: false, busy: false };
const done: Outcome<undefined> = { kind: 'ok', value: undefined };

type Situation = { record?: Seat; listed: Outcome<GitHubRunner[]>; removal?: Outcome<undefined> };

/** The tasks that one run stops, long after every deadline. */
async function stoppedIn({ record, listed, removal = done }: Situation): Promise<string[]> {
  const clock = virtualClock(NOW + 10 * BOOT_DEADLINE_MS);
  const { world: stage } = await createStage({ janitor: false });
  const stopped: string[] = [];
  const world: World = {
    ...stage,
    clock,
    history: createSimTable({ clock, latencyMs: 0, name: 'history', key: ['job'] }),
    backlog: createSimListTable({ clock, latencyMs: 0, name: 'backlog', key: ['pool', 'job'] }),
    runners: createSimListTable({ clock, latencyMs: 0, name: 'runners', key: ['pool', 'place'] }),
    queue: { send: async () => {} },
    github: { ...stage.github, listRunners: async () => listed, removeRunner: async () => removal },
    cluster: {
      ...stage.cluster,
      listTasks: async () => ({ kind: 'ok', value: [task] }),
      stopTask: async (taskArn) => {
        stopped.push(taskArn);
        return done;
      },
    },
  };
  const installation: Omit<InstallationRecord, 'version'> = {
    kind: 'installation',
    pool: INSTALLATIONS,
    place: 7,
    tokens: 1,
    filledAt: NOW,
    reason: 'registers runners',
    scopes: [{ owner: 'octo-org', mintedAt: clock.now() }],
  };
  await world.runners.put(installation, undefined);
  await world.history.put(aJobRecord({ state: 'in_progress' }), undefined);
  if (record !== undefined) await world.runners.put(record, undefined);
  await clean(world, aConfig([aPool()]), clock.now());
  return stopped;
}

const unread: Outcome<GitHubRunner[]> = { kind: 'retry', reason: 'no usable answer' };
const shows = (runner: Partial<GitHubRunner>): Outcome<GitHubRunner[]> => ({
  kind: 'ok',
  value: [{ ...registered, ...runner }],
});
const nobody: Outcome<GitHubRunner[]> = { kind: 'ok', value: [] };

describe('a runner whose registration was asked for, and that never said that it has one', () => {
  const rows: [string, Situation, boolean][] = [
    ['is offline, and GitHub lets go of it', { listed: shows({}) }, true],
    ['is on no list', { listed: nobody }, true],
    [
      'is offline, and GitHub says that it is busy',
      { listed: shows({}), removal: { kind: 'busy', reason: '' } },
      false,
    ],
    ['is offline, and GitHub does not answer', { listed: shows({}), removal: { kind: 'unknown', reason: '' } }, false],
    ['is online', { listed: shows({ online: true }) }, false],
    ['is listed as busy', { listed: shows({ busy: true }) }, false],
    ['is of an owner whose list was not read', { listed: unread }, false],
  ];
  test.each(rows)('and %s', async (_, situation, isStopped) => {
    expect(await stoppedIn({ record: seat, ...situation })).toEqual(isStopped ? [task.taskArn] : []);
  });
});

describe('a task that no record knows', () => {
  const rows: [string, Outcome<GitHubRunner[]>, boolean][] = [
    ['is registered nowhere', nobody, true],
    ['has a registration', shows({}), false],
    ['may be registered where no list was read', unread, false],
  ];
  test.each(rows)('and %s', async (_, listed, isStopped) => {
    expect(await stoppedIn({ listed })).toEqual(isStopped ? [task.taskArn] : []);
  });
});
