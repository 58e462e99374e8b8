import { describe, expect, test } from '@jest/globals';
import type { Seat } from '../../lib/core/runner.ts';
import type { Mode } from '../../lib/flows/config.ts';
import { reportCredentialFor, ticketFor } from '../../lib/flows/ticket.ts';
import type { HttpAnswer } from '../../lib/handlers/http.ts';
import { registrarHandler } from '../../lib/handlers/registrar.ts';
import { identityHeaders } from '../../lib/sim/container-identity.ts';
import { aJobRecord, aSeat, NOW } from '../support/builders.ts';
import { createStage } from '../support/stage.ts';

const NAME = 'sim-default-0-1-1';
const SECRETS = ['ticket-secret-of-the-test'];
const ticket = `Bearer ${ticketFor(SECRETS, NAME)}`;
const report = `Bearer ${reportCredentialFor(SECRETS, NAME)}`;

test.each<[string, string, string | undefined, number]>([
  ['no credential', 'registration', undefined, 401],
  ['no bearer', 'registration', ticket.slice('Bearer '.length), 401],
  ['a credential that is too short', 'registration', ticket.slice(0, -1), 401],
  ['a report credential is no ticket', 'registration', report, 401],
  ['a ticket starts nothing', 'started', ticket, 401],
  ['a ticket is not idle', 'idle', ticket, 401],
  ['a runner without a record is gone', 'registration', ticket, 410],
  ['a ticket in capitals counts too', 'registration', `bearer ${ticketFor(SECRETS, NAME).toUpperCase()}`, 410],
  ['a route that is not there', 'other', ticket, 404],
])('%s', async (_, route, authorization, status) => {
  const { world, config, clock, lines } = await createStage({ janitor: false, tableLatencyMs: 0 });
  const answer = registrarHandler(
    world,
    async () => config,
  )({
    rawPath: `/runners/${NAME}/${route}`,
    headers: { ...(authorization !== undefined && { Authorization: authorization }) },
    pathParameters: { name: NAME },
    isBase64Encoded: false,
  });
  await clock.runUntil(clock.now() + 1000);
  expect(await answer).toMatchObject({ statusCode: status });
  const said = JSON.stringify([await answer, lines]);
  for (const hidden of [...SECRETS, ticketFor(SECRETS, NAME)]) expect(said).not.toContain(hidden);
});

const ROLE = 'arn:aws:iam::123456789012:role/runners/sim-task';
const TASK_ID = '0f9de17a6465404e8b1b2356dc13c2f8';

/** A runner's task, and whatever else there may be in the account, each with its credentials. */
async function aTask(options: { mode?: Mode; seat?: Partial<Seat> } = {}) {
  const stage = await createStage({ janitor: false, tableLatencyMs: 0, mode: options.mode ?? 'launch' });
  const { world, clock, github, sts, config, runners, history, lines } = stage;
  github.control.putInstallation({ owner: 'octo-org', kind: 'Organization' });
  const installation = github.books.owners.get('octo-org')?.installation.id ?? 0;
  const handler = registrarHandler(world, async () => config);
  const taskArn = `arn:aws:ecs:us-east-1:123456789012:task/sim/${TASK_ID}`;
  await runners.put(aSeat({ name: NAME, place: 0, installation, taskArn, ...options.seat }), undefined);
  await history.put(aJobRecord({ runner: NAME, launch: 1, installation }), undefined);
  const own = sts.assume({ role: ROLE, name: TASK_ID });
  /** What is sent is signed at this moment, unless it is told otherwise. */
  const identity = (credentials = own, made: { runner?: string; now?: number } = { runner: NAME }) =>
    identityHeaders(credentials, { now: clock.now(), ...made });
  async function registration(body: unknown): Promise<HttpAnswer> {
    const event = { rawPath: `/runners/${NAME}/registration`, headers: { authorization: ticket } };
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const answered = handler({ ...event, pathParameters: { name: NAME }, isBase64Encoded: false, body: text });
    await clock.runUntil(clock.now() + 1000);
    return answered;
  }
  const seat = () => stage.seats()[0];
  return { ...stage, own, identity, registration, seat, lines };
}

test('a stage that observes has use for no runner: it is sent away, and nothing is asked of GitHub', async () => {
  const { registration, identity, github, seats, history } = await aTask({ mode: 'observe' });
  expect(await registration({ identity: identity() })).toMatchObject({
    statusCode: 410,
    body: JSON.stringify({ reason: 'this stage only observes' }),
  });
  expect(github.calls.size).toBe(0);
  expect(seats()).toMatchObject([{ state: 'gone', mint: 0 }]);
  const [job] = history.all();
  expect(job).toMatchObject({ state: 'queued' });
  expect(job).not.toHaveProperty('runner');
});

describe('a runner’s task', () => {
  test('that proves to be it is registered', async () => {
    const { registration, identity, seat } = await aTask();
    const answer = await registration({ identity: identity() });
    expect(answer.statusCode).toBe(200);
    expect(JSON.parse(answer.body ?? '')).toMatchObject({ runnerName: `${NAME}-1`, jitConfig: expect.any(String) });
    expect(seat()).toMatchObject({ state: 'registered', mint: 1 });
  });

  test('of a version that proves nothing is let in by its ticket, whatever it brings', async () => {
    const { registration, runners, sts } = await aTask();
    const [seat] = await runners.list('default');
    if (seat?.kind !== 'runner') throw new Error('there is no seat');
    const { role: _, ...before } = seat;
    await runners.put(before, seat);
    expect((await registration('{}')).statusCode).toBe(200);
    expect(sts.asked()).toBe(0);
  });

  test('whose ARN nobody has noted yet is asked to come again, and STS is not asked', async () => {
    const { registration, identity, runners, sts } = await aTask();
    const [seat] = await runners.list('default');
    if (seat?.kind !== 'runner') throw new Error('there is no seat');
    const { taskArn: _, ...before } = seat;
    await runners.put(before, seat);
    const answer = await registration({ identity: identity() });
    expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '5' } });
    expect(sts.asked()).toBe(0);
  });

  test('is asked to come again while STS is down', async () => {
    const { registration, identity, sts } = await aTask();
    sts.setUnavailable(1);
    expect(await registration({ identity: identity() })).toMatchObject({ statusCode: 503 });
    sts.setUnavailable(0);
    expect((await registration({ identity: identity() })).statusCode).toBe(200);
  });

  test.each<[string, Partial<Seat>]>([
    ['is idle', { state: 'registered', mint: 1, runnerId: 7, heardAt: NOW }],
    ['has a job', { state: 'busy', mint: 1, runnerId: 7, startedAt: NOW, heardAt: NOW }],
  ])('that has said that it %s has its registration, and gets no other', async (_, known) => {
    const { registration, identity, github, seat } = await aTask({ seat: known });
    expect((await registration({ identity: identity() })).statusCode).toBe(410);
    expect(github.calls.size).toBe(0);
    expect(seat()).toMatchObject(known);
  });
});

test('a container that is let in works where its pool’s Docker mode wants it', async () => {
  const workFolder = `/var/lib/ecs-runners/${NAME}/work`;
  const { registration, identity } = await aTask({ seat: { workFolder } });
  const { jitConfig } = JSON.parse((await registration({ identity: identity() })).body ?? '') as { jitConfig: string };
  const files = JSON.parse(Buffer.from(jitConfig, 'base64').toString()) as Record<string, string>;
  expect(Buffer.from(files['.runner'] ?? '', 'base64').toString()).toContain(workFolder);
});

/** A runner that GitHub has registered and that was heard since. */
async function aRunner(seat: Partial<Seat> = {}) {
  const task = await aTask();
  const { github, runners, registration, identity, world, config, clock } = task;
  expect((await registration({ identity: identity() })).statusCode).toBe(200);
  const known = task.seat();
  if (known !== undefined) await runners.put({ ...known, ...seat }, known);
  const handler = registrarHandler(world, async () => config);
  async function says(route: 'started' | 'idle', body: string): Promise<HttpAnswer> {
    const event = { rawPath: `/runners/${NAME}/${route}`, headers: { authorization: report }, body };
    const answered = handler({ ...event, pathParameters: { name: NAME }, isBase64Encoded: false });
    await clock.runUntil(clock.now() + 1000);
    return answered;
  }
  const registered = () => github.control.runners().length;
  return { ...task, says, registered };
}

describe('the word that a job has started', () => {
  test.each<[string, string, string, Record<string, unknown>]>([
    [
      'names the job that the runner has really got',
      JSON.stringify({ repository: 'octo-org/app', runId: 36000000001, runAttempt: 2, job: 'build' }),
      'its container says that job build of octo-org/app in run 36000000001, attempt 2 has started',
      { repository: 'octo-org/app', runId: 36000000001, runAttempt: 2, jobKey: 'build' },
    ],
    ['counts without it', '{}', 'its container says that a job has started', {}],
    ['counts whatever it brings', '[1,2', 'its container says that a job has started', {}],
    [
      'is one line, of letters only, and not a long one',
      JSON.stringify({
        repository: 'a/b/c',
        runId: '1',
        runAttempt: -1,
        job: `a\r\nb\u0000\u001b[31m\u202e${'x'.repeat(500)}`,
      }),
      `its container says that job a b [31m ${'x'.repeat(191)} has started`,
      { jobKey: expect.any(String) },
    ],
  ])('%s', async (_, body, reason, fields) => {
    const { says, seat, lines } = await aRunner();
    expect(await says('started', body)).toMatchObject({ statusCode: 204 });
    expect(seat()).toMatchObject({ state: 'busy' });
    const said = lines.filter(({ decision }) => decision === 'runner busy');
    expect(said).toEqual([{ decision: 'runner busy', reason, runner: NAME, at: expect.any(Number), ...fields }]);
  });
});

describe('a container that ends without a job', () => {
  const leaving = JSON.stringify({ leaving: 'Docker died before a job came' });

  test('has its registration removed at once, and its job is owed another', async () => {
    const { says, seat, registered, history, lines, runners } = await aRunner();
    expect(registered()).toBe(1);
    expect(JSON.parse((await says('idle', leaving)).body ?? '')).toMatchObject({ answer: 'go' });
    expect(registered()).toBe(0);
    const reason = 'its container ends without a job: Docker died before a job came';
    expect(seat()).toMatchObject({ state: 'gone', reason });
    expect(seat()).not.toHaveProperty('serves');
    expect(history.all()).toMatchObject([{ state: 'queued', failures: 1, reason }]);
    expect(history.all()[0]).not.toHaveProperty('runner');
    expect(await runners.get({ pool: 'default', place: -1 })).toMatchObject({ failures: 1 });
    expect(lines.at(-1)).toMatchObject({ decision: 'runner leaves', reason, failure: 'container failed' });
  });

  test.each<[string, Partial<Seat>, string]>([
    ['has one', { state: 'busy', startedAt: NOW }, 'it is busy'],
    ['was told to go', { state: 'gone', goneAt: NOW }, 'it is gone'],
  ])('and %s is left alone', async (_, known, why) => {
    const { says, seat, registered } = await aRunner(known);
    expect(JSON.parse((await says('idle', leaving)).body ?? '')).toEqual({ answer: 'stay', reason: why });
    expect(registered()).toBe(1);
    expect(seat()).toMatchObject(known);
  });

  test('and whose registration GitHub does not remove has had it all the same: nobody gets another', async () => {
    const { says, github, registration, identity, registered } = await aRunner();
    github.control.setFaults({ restFailBefore: 1 });
    expect(JSON.parse((await says('idle', leaving)).body ?? '')).toMatchObject({ answer: 'stay' });
    github.control.setFaults({ restFailBefore: 0 });
    expect((await registration({ identity: identity() })).statusCode).toBe(410);
    expect(registered()).toBe(1);
  });

  test('and whose runner GitHub says is busy is no such container', async () => {
    const { says, seat, github, registered } = await aRunner();
    for (const runner of github.books.runners.values()) runner.state = 'busy';
    expect(JSON.parse((await says('idle', leaving)).body ?? '')).toMatchObject({ answer: 'stay' });
    expect(registered()).toBe(1);
    expect(seat()).toMatchObject({ state: 'busy' });
  });

  test.each(['{}', '', '{"leaving":""}', '{"leaving":7}', '{"leaving":"\\u0000"}', '[]'])(
    'is not one that says %j',
    async (body) => {
      const { says, registered, seat } = await aRunner();
      expect(JSON.parse((await says('idle', body)).body ?? '')).toMatchObject({ answer: 'stay' });
      expect(registered()).toBe(1);
      expect(seat()).toMatchObject({ state: 'registered', serves: 1 });
    },
  );
});

describe('somebody who has read the ticket in the account', () => {
  type Task = Awaited<ReturnType<typeof aTask>>;
  const attempts: [string, (task: Task) => unknown][] = [
    ['proves nothing', () => ''],
    ['sends what is no JSON', () => '{"identity":'],
    ['sends an array', () => '[]'],
    ['sends null', () => 'null'],
    ['sends an identity that is none', () => ({ identity: 'me' })],
    [
      'sends an identity without its token',
      ({ identity }) => ({ identity: { ...identity(), 'x-amz-security-token': 1 } }),
    ],
    ['sends far too much', ({ identity }) => ({ identity: identity(), more: 'x'.repeat(20_000) })],
    [
      'has assumed another role, under the task’s id',
      ({ identity, sts }) => ({ identity: identity(sts.assume({ role: ROLE.replace('sim', 'my'), name: TASK_ID })) }),
    ],
    [
      'has assumed a role of that name in an account of theirs, under the task’s id',
      ({ identity, sts }) => ({
        identity: identity(sts.assume({ role: ROLE.replace('1234', '4321'), name: TASK_ID })),
      }),
    ],
    [
      'is another task of the same role',
      ({ identity, sts }) => ({
        identity: identity(sts.assume({ role: ROLE, name: '1f9de17a6465404e8b1b2356dc13c2f8' })),
      }),
    ],
    [
      'has a proof that the task made for another name',
      ({ identity, own }) => ({ identity: identity(own, { runner: 'sim-default-0-1-2' }) }),
    ],
    ['has a request to STS that the task made for itself', ({ identity, own }) => ({ identity: identity(own, {}) })],
    [
      'has a proof of an earlier time',
      ({ identity, own, clock }) => ({ identity: identity(own, { runner: NAME, now: clock.now() - 6 * 60_000 }) }),
    ],
    [
      'directs the registrar to an STS of theirs',
      ({ identity }) => ({ identity: { ...identity(), host: 'sts.attacker.example' } }),
    ],
  ];

  test.each<[string, { mode?: Mode; seat?: Partial<Seat> }]>([
    ['whose registrations were all lost', { seat: { mint: 3, state: 'registered' } }],
    ['of a stage that observes', { mode: 'observe' }],
    ['that is warm', { seat: { state: 'warm' } }],
  ])('cannot end a runner %s', async (_, options) => {
    const task = await aTask(options);
    const before = task.seat();
    expect((await task.registration('{}')).statusCode).toBe(403);
    expect(task.seat()).toEqual(before);
    expect(task.history.all()).toMatchObject([{ runner: NAME }]);
  });

  test.each(attempts)('and %s changes nothing and learns nothing', async (_, made) => {
    const task = await aTask();
    const before = task.seat();
    const answer = await task.registration(made(task));
    expect(answer.statusCode).toBe(403);
    expect(task.seat()).toEqual(before);
    expect(task.github.calls.size).toBe(0);
    const decisions = task.lines.filter(({ runner }) => runner === NAME);
    expect(decisions).toMatchObject([{ decision: 'registration: unproven' }]);
    const said = JSON.stringify([answer, task.lines]);
    for (const hidden of [ticketFor(SECRETS, NAME), task.own.sessionToken, task.own.secretAccessKey, 'Signature=']) {
      expect(said).not.toContain(hidden);
    }
  });
});
