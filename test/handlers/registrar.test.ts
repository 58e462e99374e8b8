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
