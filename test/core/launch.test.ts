import { expect, test } from '@jest/globals';
import { backOffMs } from '../../lib/core/back-off.ts';
import type { JobRecord } from '../../lib/core/job.ts';
import { claimedBy, releasedBy, seatFor, warmSeatFor } from '../../lib/core/launch.ts';
import type { Pool } from '../../lib/core/pool.ts';
import { aJobRecord, NOW } from '../support/builders.ts';
import { aPool } from '../support/pools.ts';

function seat(pool: Partial<Pool> = {}, job: Partial<JobRecord> = {}) {
  return seatFor({
    prefix: 'sim',
    registrarUrl: 'http://registrar.test',
    pool: aPool(pool),
    place: 3,
    job: aJobRecord({ job: 4711, launch: 1, ...job }),
    ticketOf: (name) => `ticket of ${name}`,
    now: NOW,
  });
}

test('the whole call is settled before it is made, and follows from the name', () => {
  expect(seat()).toMatchObject({
    name: 'sim-default-3-4711-2',
    launch: 2,
    place: 3,
    serves: 4711,
    state: 'launching',
    mint: 0,
    request: {
      name: 'sim-default-3-4711-2',
      taskDefinition: 'sim-default:1',
      capacityProvider: 'sim',
      environment: {
        ECS_RUNNERS_NAME: 'sim-default-3-4711-2',
        ECS_RUNNERS_TICKET: 'ticket of sim-default-3-4711-2',
        ECS_RUNNERS_URL: 'http://registrar.test',
      },
      tags: {
        'ecs-runners:pool': 'default',
        'ecs-runners:job': '4711',
        'ecs-runners:repository': 'octo-org/app',
      },
    },
  });
  expect(seat()).toEqual(seat());
});

test.each([
  { sentence: 'an organisation’s pool registers in the organisation', pool: {}, job: {}, repository: undefined },
  {
    sentence: 'a pool that registers on the repository does so',
    pool: { register: 'repository' as const },
    job: {},
    repository: 'app',
  },
  { sentence: 'users have repository runners only', pool: {}, job: { ownerIsUser: true }, repository: 'app' },
])('$sentence', ({ pool, job, repository }) => {
  expect(seat(pool, job).repository).toBe(repository);
});

test('a warm runner is launched for nobody, and otherwise as every other', () => {
  const options = { prefix: 'sim', registrarUrl: 'http://registrar.test', pool: aPool(), place: 3, now: NOW };
  const warm = warmSeatFor({ ...options, launch: 1_795_420_800, ticketOf: (name) => `ticket of ${name}` });
  expect(warm.name).toBe('sim-default-3-0-1795420800');
  for (const key of ['serves', 'owner', 'installation', 'repository']) expect(warm).not.toHaveProperty(key);
  const { name: _, environment, tags, ...call } = warm.request;
  const { name: __, environment: ofJob, tags: ofJobs, ...callForJob } = seat().request;
  expect(call).toEqual(callForJob);
  expect(Object.keys(environment)).toEqual(Object.keys(ofJob));
  expect(environment['ECS_RUNNERS_TICKET']).toBe('ticket of sim-default-3-0-1795420800');
  expect(tags).toEqual({ 'ecs-runners:pool': ofJobs['ecs-runners:pool'] });
});

test('the pool’s role goes into the call; without one the task definition’s own counts', () => {
  expect(seat({ taskRole: 'arn:aws:iam::1:role/deploy' }).request.taskRole).toBe('arn:aws:iam::1:role/deploy');
  expect(seat().request).not.toHaveProperty('taskRole');
});

test('what a container proves itself with, and how it is registered, is settled too: the pool may be removed', () => {
  const role = 'arn:aws:iam::123456789012:role/task';
  const launched = seat({ role, registration: 'token', docker: 'socket' });
  const workFolder = `/var/lib/ecs-runners/${launched.name}/work`;
  expect(launched).toMatchObject({ role, registration: 'token', workFolder });
  for (const docker of ['dind', 'none'] as const) {
    expect(seat({ docker })).not.toHaveProperty('registration');
    expect(seat({ docker })).not.toHaveProperty('workFolder');
  }
});

test('all of the pool’s labels are registered, not those of the job', () => {
  expect(seat({ labels: ['A', 'b', 'c'] }, { labels: ['a'] }).labels).toEqual(['A', 'b', 'c']);
});

test('a claim raises the launch number and names the runner', () => {
  const claimed = claimedBy(aJobRecord({ launch: 1, notBefore: NOW }), { name: 'n', launch: 2, place: 3 }, NOW + 5);
  expect(claimed).toMatchObject({ launch: 2, runner: 'n', launchedAt: NOW + 5, version: 'v1' });
  expect(claimed).not.toHaveProperty('notBefore');
});

test('a launch that failed counts and makes its job wait', () => {
  const released = releasedBy(
    aJobRecord({ launch: 2, runner: 'n', failures: 1 }),
    { reason: 'no image', failed: true },
    NOW,
  );
  expect(released).toMatchObject({ launch: 2, failures: 2, reason: 'no image', notBefore: NOW + backOffMs(2, 1) });
  expect(released).not.toHaveProperty('runner');
});

test('a launch that was lost does not count, and its job waits no longer than it did', () => {
  const released = releasedBy(
    aJobRecord({ launch: 2, runner: 'n', failures: 1 }),
    { reason: 'lost', failed: false },
    NOW,
  );
  expect(released).toMatchObject({ launch: 2, failures: 1, reason: 'lost' });
  expect(released).not.toHaveProperty('notBefore');
  expect(released).not.toHaveProperty('runner');
});
