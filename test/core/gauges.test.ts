import { expect, test } from '@jest/globals';
import { gauges, type Seen } from '../../lib/core/gauges.ts';
import { countWaiting } from '../../lib/core/waiting.ts';
import { aBacklogRecord, aSeat, NOW } from '../support/builders.ts';

const SECOND = 1000;

function janitorSaw(overrides: Partial<Seen> = {}): Seen {
  return {
    prefix: 'sim',
    pools: ['default', 'large'],
    waiting: new Map(),
    seats: [],
    records: [],
    tasks: [],
    rateLimits: [],
    now: NOW,
    ...overrides,
  };
}

const linesOf = (decision: string, seen: Partial<Seen>) =>
  gauges(janitorSaw(seen)).filter((line) => line.decision === decision);
const ran = (seen: Partial<Seen>) => linesOf('janitor ran', seen)[0];

test('each pool is counted, also one where nobody waits, so that its lines do not break off', () => {
  const waiting = new Map([['large', { jobs: 3, oldestAt: NOW - 90 * SECOND }]]);
  expect(linesOf('pool counted', { waiting })).toMatchObject([
    { pool: 'default', waiting: 0, oldestSeconds: 0 },
    { pool: 'large', waiting: 3, oldestSeconds: 90 },
  ]);
});

test('jobs that wait in a pool which is not configured any more are counted too', () => {
  const waiting = new Map([['removed', { jobs: 1, oldestAt: NOW }]]);
  expect(linesOf('pool counted', { waiting }).map(({ pool }) => pool)).toEqual(['default', 'large', 'removed']);
});

test('clocks differ: no job has been waiting since later than now', () => {
  const waiting = new Map([['large', { jobs: 1, oldestAt: NOW + 5 * SECOND }]]);
  expect(linesOf('pool counted', { waiting })[1]).toMatchObject({ oldestSeconds: 0 });
});

test('only queued jobs wait, the oldest by when GitHub made it', () => {
  const backlog = [
    aBacklogRecord({ job: 1, createdAt: NOW - 10 }),
    aBacklogRecord({ job: 2, createdAt: NOW - 30 }),
    aBacklogRecord({ job: 3, createdAt: NOW - 99, state: 'in_progress' }),
    aBacklogRecord({ job: 4, createdAt: NOW - 20, pool: 'large' }),
    aBacklogRecord({ job: 5, pool: 'other', state: 'in_progress' }),
  ];
  expect(Object.fromEntries(countWaiting(backlog))).toEqual({
    default: { jobs: 2, oldestAt: NOW - 30 },
    large: { jobs: 1, oldestAt: NOW - 20 },
  });
});

test('runners are counted in every state, none of them too', () => {
  const seats = [aSeat({ state: 'busy' }), aSeat({ state: 'busy' }), aSeat({ state: 'launching' })];
  expect(linesOf('runners counted', { seats })).toMatchObject([
    { state: 'launching', runners: 1 },
    { state: 'warm', runners: 0 },
    { state: 'registered', runners: 0 },
    { state: 'busy', runners: 2 },
    { state: 'gone', runners: 0 },
  ]);
});

test('only tasks of this deployment are counted: the cluster may have others', () => {
  const task = (startedBy: string, lastStatus: string) => ({ taskArn: startedBy, startedBy, lastStatus });
  const tasks = [
    task('sim-default-0-1-1', 'PROVISIONING'),
    task('sim-default-1-2-1', 'PENDING'),
    task('sim-default-2-3-1', 'RUNNING'),
    task('sim-default-3-4-1', 'DEACTIVATING'),
    task('other-default-0-1-1', 'RUNNING'),
    task('ecs-svc/1234', 'RUNNING'),
  ];
  expect(ran({ tasks })).toMatchObject({ tasksPending: 2, tasksRunning: 1 });
});

test('when ECS has not answered, nothing is said of tasks, rather than none', () => {
  const { tasks: _, ...seen } = janitorSaw();
  const line = gauges(seen).at(-1);
  expect(line).toMatchObject({ decision: 'janitor ran' });
  expect(line).not.toHaveProperty('tasksRunning');
});

test('a suspect pool is one for which somebody waits', () => {
  const waiting = new Map([['large', { jobs: 1, oldestAt: NOW }]]);
  const records = [
    { pool: 'default', failures: 9 },
    { pool: 'large', failures: 5 },
  ];
  expect(ran({ records, waiting })).toMatchObject({ poolsSuspect: 1 });
  expect(ran({ records: [{ pool: 'large', failures: 4 }], waiting })).toMatchObject({ poolsSuspect: 0 });
});

test.each([
  ['the installation that has least counts', [aLimit(4000), aLimit(500)], 10],
  ['after its reset, all is there again', [{ ...aLimit(0), resetsAt: NOW }], 100],
  ['nothing is left', [aLimit(0)], 0],
  ['a tenth that is not whole is not a tenth', [aLimit(499)], 9],
])('the rate limit: %s', (_, rateLimits, percent) => {
  expect(ran({ rateLimits })).toMatchObject({ rateLimitRemainingPercent: percent });
});

test('the rate limit is not known before GitHub was asked', () => {
  expect(ran({})).not.toHaveProperty('rateLimitRemainingPercent');
});

function aLimit(remaining: number) {
  return { installation: 7, limit: 5000, remaining, resetsAt: NOW + SECOND };
}

test('the days of the runner version that ends first, where one ends', () => {
  expect(ran({ versionDaysLeft: 0 })).toMatchObject({ runnerVersionDaysLeft: 0 });
  expect(ran({})).not.toHaveProperty('runnerVersionDaysLeft');
});
