/** What the less obvious faults do to the world: each is begun by its name, at its worst. */
import { expect, test } from '@jest/globals';
import { seededChance } from '../../lib/sim/chance.ts';
import { sleep } from '../../lib/sim/clock.ts';
import { aroundOf } from '../../lib/sim/faults/around.ts';
import { noKnobs } from '../../lib/sim/faults/knobs.ts';
import { faultyRest } from '../../lib/sim/faults/rest.ts';
import { FAULTS } from '../../lib/sim/faults/table.ts';
import { createSimGitHub } from '../../lib/sim/github.ts';
import type { Job } from '../../lib/sim/github-service/books.ts';
import { faultTargets } from '../support/fault-targets.ts';
import { CLEAN, createStage } from '../support/stage.ts';

/** A stage with an owner, and a way to begin and to end a fault. */
async function aStage() {
  const knobs = noKnobs();
  const bodies: string[] = [];
  const stage = await createStage({
    sticks: () => aroundOf(knobs, seededChance(1)).sticks(),
    isConfigurationUnread: () => knobs.configurationUnread > 0,
    alsoDeliver: ({ body }) => bodies.push(body),
  });
  const { installation } = stage.github.control.putInstallation({
    owner: 'octo-org',
    kind: 'Organization',
    repositories: ['app'],
    groups: [{ name: 'Fast' }],
  }) as { installation: number };
  const { clock, chance, github } = stage;
  const targets = faultTargets(stage, knobs);
  const pause = (ms: number) => sleep(clock, ms);
  return {
    ...stage,
    bodies,
    knobs,
    scope: { installation, owner: 'octo-org' },
    ask: createSimGitHub({ ...github, rest: faultyRest(github.rest, knobs, chance, pause) }, clock),
    begin: (name: string, value: number) => FAULTS[name]?.begin(targets, value),
    end: (name: string) => FAULTS[name]?.end(targets),
    job: (id: number | undefined) => github.books.jobs.get(id ?? 0) as Job,
  };
}

const wanted = (name: string, group = 'Default') => ({ name, labels: ['a'], group });

test('job.truncated: a read that cannot be read has to be made again', async () => {
  const { ask, begin, addJobs, scope } = await aStage();
  const [id = 0] = addJobs({ labels: ['nobody'] });
  begin('job.truncated', 1);
  expect(await ask.job({ ...scope, repository: 'app' }, id)).toMatchObject({ kind: 'retry' });
});

test('jitconfig.truncated: the runner is registered, and nobody can know', async () => {
  const { ask, begin, scope, github } = await aStage();
  begin('jitconfig.truncated', 1);
  expect(await ask.registerRunner(scope, wanted('one'))).toMatchObject({ kind: 'unknown' });
  expect(github.control.runners()).toHaveLength(1);
});

test('removal.hang: no answer, after ten seconds', async () => {
  const { ask, begin, scope, clock, minutes } = await aStage();
  begin('removal.hang', 1);
  const asked = clock.now();
  const answer = ask.removeRunner(scope, 1).then(({ kind }) => ({ kind, seconds: (clock.now() - asked) / 1000 }));
  await minutes(1);
  expect(await answer).toEqual({ kind: 'unknown', seconds: 10 });
});

test('runners.busyRemoved: the runner is shown as idle, is removed, and its job ends well', async () => {
  const { ask, begin, addJobs, scope, minutes, job } = await aStage();
  begin('runners.busyRemoved', 1);
  const [id] = addJobs({ durationSeconds: 300 });
  await minutes(3);
  expect(job(id).state).toBe('in_progress');
  const listed = await ask.listRunners(scope);
  expect(listed).toMatchObject({ kind: 'ok', value: [{ busy: false, online: true }] });
  const runnerId = listed.kind === 'ok' ? (listed.value[0]?.id ?? 0) : 0;
  expect(await ask.removeRunner(scope, runnerId)).toMatchObject({ kind: 'ok' });
  expect(await ask.listRunners(scope)).toEqual({ kind: 'ok', value: [] });
  await minutes(10);
  expect(job(id).conclusion).toBe('success');
});

test('runners.stuckBusy: the record stays, offline and busy, until the fault ends', async () => {
  const { ask, begin, end, addJobs, scope, until, allCompleted, minutes } = await aStage();
  begin('runners.stuckBusy', 1);
  addJobs({});
  await until(allCompleted, 10);
  await minutes(30);
  expect(await ask.listRunners(scope)).toMatchObject({ value: [{ busy: true, online: false }] });
  end('runners.stuckBusy');
  await minutes(30);
  expect(await ask.listRunners(scope)).toEqual({ kind: 'ok', value: [] });
});

test('runners.update: the first job waits until the runner has come back', async () => {
  const { begin, addJobs, until, allCompleted, job } = await aStage();
  begin('runners.update', 1);
  const [id] = addJobs({});
  await until(allCompleted, 10);
  const { startedAt = 0, queuedAt } = job(id);
  expect(startedAt - queuedAt).toBeGreaterThan(30_000);
});

test('runners.tooOld: no runner gets a job', async () => {
  const { begin, end, addJobs, minutes, until, allCompleted, job, ecs } = await aStage();
  begin('runners.tooOld', 1);
  const [id] = addJobs({});
  await minutes(3);
  expect(job(id).state).toBe('queued');
  expect(ecs.books().tasks[0]?.exitCode).toBe(3);
  end('runners.tooOld');
  expect(await until(allCompleted, 30)).toBe(true);
});

test.each([
  ['runners.perFiveMinutes', 'retry'],
  ['runners.perGroup', 'refused'],
])('%s: one runner too many is %s', async (fault, kind) => {
  const { ask, begin, scope } = await aStage();
  begin(fault, 1);
  expect(await ask.registerRunner(scope, wanted('one'))).toMatchObject({ kind: 'ok' });
  expect(await ask.registerRunner(scope, wanted('two'))).toMatchObject({ kind });
});

test('groups.notAdmitting: a runner of the group gets no job until the group admits again', async () => {
  const { ask, begin, end, addJobs, scope, github, job, minutes } = await aStage();
  begin('groups.notAdmitting', 1);
  const made = await ask.registerRunner(scope, wanted('one', 'Fast'));
  const [id] = addJobs({ labels: ['a'] });
  const connected = await github.runnerSide.connect(made.kind === 'ok' ? made.value.jitConfig : '');
  await minutes(0.1);
  expect(connected.kind).toBe('connected');
  expect(job(id).assignedTo).toBeUndefined();
  end('groups.notAdmitting');
  expect(job(id).assignedTo?.name).toBe('one');
});

test.each(['webhooks.bogus', 'webhooks.ancient'])(
  '%s: an event comes, and no task is started for it',
  async (fault) => {
    const { begin, addJobs, minutes, bodies, ecs } = await aStage();
    addJobs({ labels: ['ubuntu-latest'] });
    await minutes(1);
    const before = bodies.length;
    begin(fault, 1);
    await minutes(5);
    expect(bodies).toHaveLength(before + 1);
    expect(ecs.books().tasks).toEqual([]);
  },
);

test('webhooks.redelivered: what was delivered before comes again, and changes nothing', async () => {
  const { begin, addJobs, until, allCompleted, minutes, bodies, ecs } = await aStage();
  addJobs({});
  await until(allCompleted, 10);
  const before = bodies.length;
  begin('webhooks.redelivered', 1);
  await minutes(5);
  expect(bodies).toHaveLength(before + 1);
  expect(ecs.books().tasks).toHaveLength(1);
});

test('webhooks.long: 300 steps', async () => {
  const { begin, addJobs, until, allCompleted, bodies } = await aStage();
  begin('webhooks.long', 1);
  addJobs({});
  await until(allCompleted, 10);
  expect(JSON.parse(bodies.at(-1) ?? '{}').workflow_job.steps).toHaveLength(300);
});

test('starts.unheard: no event says that a job runs, and the list shows its runner as idle', async () => {
  const { begin, addJobs, minutes, ask, scope, bodies, knobs } = await aStage();
  begin('starts.unheard', 1);
  addJobs({ durationSeconds: 600 });
  await minutes(2);
  expect(bodies.map((body) => JSON.parse(body).action)).toEqual(['queued']);
  expect(await ask.listRunners(scope)).toMatchObject({ value: [{ busy: false }] });
  expect(knobs.startedLost).toBe(1);
});

test('jobs.blockedAnnounced, and concurrency groups: one runs, one waits, and a newer one takes its turn', async () => {
  const { begin, addJobs, job, bodies, minutes, until, allCompleted, ask, scope } = await aStage();
  begin('jobs.blockedAnnounced', 1);
  const ids = [1, 2, 3].flatMap(() => addJobs({ concurrency: 'deployment', durationSeconds: 300 }));
  await minutes(3);
  expect(ids.map((id) => job(id).state)).toEqual(['in_progress', 'completed', 'held']);
  expect(await ask.job({ ...scope, repository: 'app' }, ids[2] ?? 0)).toMatchObject({ value: { state: 'held' } });
  const queued = bodies.map((body) => JSON.parse(body)).filter(({ action }) => action === 'queued');
  expect(queued.map(({ workflow_job: { id } }) => id)).toEqual(ids);
  expect(await until(allCompleted, 60)).toBe(true);
  expect(ids.map((id) => job(id).conclusion)).toEqual(['success', 'cancelled', 'success']);
});

test('jobs follow each other in one run, as long as they succeed', async () => {
  const { addJobs, job, until, allCompleted, github } = await aStage();
  const [first] = addJobs({ followers: 2 });
  addJobs({ followers: 2, conclusion: 'failure' });
  expect(await until(allCompleted, 20)).toBe(true);
  expect(job(first).run.jobs.map(({ conclusion }) => conclusion)).toEqual(['success', 'success', 'success']);
  expect(github.books.jobs.size).toBe(4);
});

test('ecs.conflict: a call that is made again hears of its task by ConflictException', async () => {
  const { begin, ecs, world } = await aStage();
  const request = { name: 'sim-default-0-1-1', taskDefinition: 'sim-default:1', environment: {}, tags: {} };
  const first = await world.cluster.runTask({ ...request, capacityProvider: 'sim' });
  begin('ecs.conflict', 1);
  const again = await world.cluster.runTask({ ...request, capacityProvider: 'sim' });
  expect(again).toMatchObject({ kind: 'ok', value: { taskArn: first.kind === 'ok' ? first.value.taskArn : '' } });
  expect(ecs.books().operations['RunTask']).toMatchObject({ errors: { ConflictException: 1 } });
});

test('ecs.provisioning: so many tasks wait for an instance, and no more', async () => {
  const { begin, ecs, addJobs, minutes } = await aStage();
  begin('ecs.provisioning', 2);
  addJobs({ count: 5 });
  await minutes(0.1);
  expect(ecs.books().tasks).toHaveLength(2);
});

test('instances.outage: ECS gives up on tasks of an empty capacity provider', async () => {
  const { begin, end, addJobs, minutes, ecs, until, allCompleted } = await aStage();
  begin('instances.outage', 1);
  addJobs({});
  await minutes(40);
  expect(ecs.books().tasks[0]).toMatchObject({ ran: false, stoppedReason: 'EMPTY CAPACITY PROVIDER' });
  end('instances.outage');
  expect(await until(allCompleted, 60)).toBe(true);
});

test.each(['image.broken', 'parameters.unreadable'])('%s: no job runs until it ends', async (fault) => {
  const { begin, end, addJobs, minutes, job, until, allCompleted } = await aStage();
  begin(fault, 1);
  const [id] = addJobs({});
  await minutes(15);
  expect(job(id).state).toBe('queued');
  end(fault);
  expect(await until(allCompleted, 60)).toBe(true);
});

test('a deployment is done, whatever ECS answers to single calls', async () => {
  const { config, configure, ecs, begin } = await aStage();
  begin('ecs.500', 1);
  configure(config.pools.pools.map((pool) => ({ ...pool, taskDefinition: `sim-${pool.name}:2` })));
  expect(ecs.faults().failBefore).toBe(1);
});

test('containers.stuckAtBeginning: it never asks for its registration, is stopped past its deadline, and its job gets another', async () => {
  const { begin, end, addJobs, minutes, job, livingTasks, github } = await aStage();
  begin('containers.stuckAtBeginning', 1);
  const [id] = addJobs({});
  await minutes(5);
  expect(livingTasks()).toMatchObject([{ lastStatus: 'RUNNING' }]);
  expect(github.control.runners()).toEqual([]);
  end('containers.stuckAtBeginning');
  await minutes(25);
  expect(job(id).state).toBe('completed');
  expect(livingTasks()).toEqual([]);
});

test('containers.stuckAtEnd: its job runs, and its container lives on until it is stopped', async () => {
  const { begin, addJobs, minutes, job, livingTasks } = await aStage();
  begin('containers.stuckAtEnd', 1);
  const [id] = addJobs({});
  await minutes(5);
  expect(job(id).state).toBe('completed');
  expect(livingTasks()).toMatchObject([{ lastStatus: 'RUNNING' }]);
  await minutes(60);
  expect(livingTasks()).toEqual([]);
});

test('jobs.takenElsewhere: a job runs on a runner that no list shows; ours idles, and leaves', async () => {
  const { begin, addJobs, minutes, job, leftovers, ecs } = await aStage();
  begin('jobs.takenElsewhere', 1);
  begin('containers.slow', 120);
  const ids = addJobs({ count: 5 });
  await minutes(20);
  for (const id of ids) expect(job(id)).toMatchObject({ state: 'completed', runner: { name: `somebody-${id}` } });
  expect(ecs.books().tasks.length).toBeGreaterThanOrEqual(5);
  expect(leftovers()).toEqual(CLEAN);
});

test('containers.slow: they come up later', async () => {
  const { begin, addJobs, minutes, ecs } = await aStage();
  begin('containers.slow', 120);
  addJobs({ count: 10 });
  await minutes(5);
  const late = ecs.books().tasks.map(({ createdAt, startedAt = 0 }) => (startedAt - createdAt) / 1000);
  expect(Math.max(...late)).toBeGreaterThan(60);
});
