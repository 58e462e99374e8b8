import { expect, test } from '@jest/globals';
import { reportCredentialFor, ticketFor } from '../../lib/flows/ticket.ts';
import { registrarHandler } from '../../lib/handlers/registrar.ts';
import { aJobRecord, aSeat } from '../support/builders.ts';
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

test('a stage that observes has use for no runner: it is sent away, and nothing is asked of GitHub', async () => {
  const { world, config, clock, github, seats, runners, history } = await createStage({
    janitor: false,
    tableLatencyMs: 0,
    mode: 'observe',
  });
  const handler = registrarHandler(world, async () => config);
  const answered = (async () => {
    await runners.put(aSeat({ name: NAME, place: 0 }), undefined);
    await history.put(aJobRecord({ runner: NAME, launch: 1 }), undefined);
    return handler({
      rawPath: `/runners/${NAME}/registration`,
      headers: { authorization: ticket },
      pathParameters: { name: NAME },
      isBase64Encoded: false,
    });
  })();
  await clock.runUntil(clock.now() + 1000);
  expect(await answered).toMatchObject({
    statusCode: 410,
    body: JSON.stringify({ reason: 'this stage only observes' }),
  });
  expect(github.calls.size).toBe(0);
  expect(seats()).toMatchObject([{ state: 'gone', mint: 0 }]);
  const [job] = history.all();
  expect(job).toMatchObject({ state: 'queued' });
  expect(job).not.toHaveProperty('runner');
});
