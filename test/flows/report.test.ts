/** What a container reports, and what is answered. */
import { expect, test } from '@jest/globals';
import { OBSERVED_APART_MS } from '../../lib/core/limits.ts';
import { judgePresence } from '../../lib/core/presence.ts';
import type { Seat } from '../../lib/core/runner.ts';
import { idle, started } from '../../lib/flows/report.ts';
import { reportCredentialFor } from '../../lib/flows/ticket.ts';
import { virtualClock } from '../../lib/sim/clock.ts';
import { createSimListTable, createSimTable } from '../../lib/sim/tables.ts';
import type { World } from '../../lib/world.ts';
import { aSpareSeat, NOW } from '../support/builders.ts';
import { aConfig, aPool } from '../support/pools.ts';
import { createStage } from '../support/stage.ts';

test('a job starts while GitHub removes its idle runner: it stays, and nobody may stop it', async () => {
  const clock = virtualClock(NOW);
  const config = aConfig([aPool({ idleSecondsMax: 0 })]);
  const seat = aSpareSeat({ state: 'registered', runnerId: 7, registeredAt: NOW });
  const report = { name: seat.name, credential: reportCredentialFor(config.ticketSecrets, seat.name) };
  const { world: stage } = await createStage({ janitor: false });
  const world: World = {
    ...stage,
    clock,
    history: createSimTable({ clock, name: 'history', key: ['job'] }),
    runners: createSimListTable({ clock, name: 'runners', key: ['pool', 'place'] }),
    github: {
      ...stage.github,
      removeRunner: async () => {
        await started(world, config, report);
        return { kind: 'ok', value: undefined };
      },
    },
  };
  await world.runners.put(seat, undefined);
  expect(await idle(world, config, report)).toMatchObject({ kind: 'stay' });
  expect(await world.runners.get(seat)).toMatchObject({ state: 'busy', startedAt: NOW });
});

test('that a job has started is no word of idling, however long ago GitHub said that it is busy', async () => {
  const clock = virtualClock(NOW + OBSERVED_APART_MS);
  const config = aConfig([aPool({})]);
  const seat = aSpareSeat({ state: 'busy', startedAt: NOW, heardAt: NOW - 60_000 });
  const { world: stage } = await createStage({ janitor: false });
  const world: World = {
    ...stage,
    clock,
    runners: createSimListTable({ clock, name: 'runners', key: ['pool', 'place'] }),
  };
  await world.runners.put(seat, undefined);
  await started(world, config, { name: seat.name, credential: reportCredentialFor(config.ticketSecrets, seat.name) });
  const noted = (await world.runners.get(seat)) as Seat;
  const listed = { id: 7, name: seat.name, online: true, busy: false };
  expect(judgePresence(noted, listed, { jobMs: 3_600_000 }, clock.now())).toEqual({ is: 'fine' });
});

test.each([
  ['may not be on GitHub’s lists yet', 149_000, 'stay'],
  ['is not on GitHub’s lists any more', 150_000, 'go'],
])('an idle runner that has registered itself, and %s', async (_, ageMs, kind) => {
  const clock = virtualClock(NOW + ageMs);
  const config = aConfig([aPool({ idleSecondsMax: 0, registration: 'token' })]);
  const seat = aSpareSeat({ registration: 'token', mint: 1, registeredAt: NOW });
  const { world: stage } = await createStage({ janitor: false });
  const asked: unknown[] = [];
  const world: World = {
    ...stage,
    clock,
    history: createSimTable({ clock, name: 'history', key: ['job'] }),
    runners: createSimListTable({ clock, name: 'runners', key: ['pool', 'place'] }),
    github: {
      ...stage.github,
      findRunner: async (...question) => {
        asked.push(question);
        return { kind: 'ok', value: undefined };
      },
    },
  };
  await world.runners.put(seat, undefined);
  const report = { name: seat.name, credential: reportCredentialFor(config.ticketSecrets, seat.name) };
  expect(await idle(world, config, report)).toMatchObject({ kind });
  expect(asked).toEqual([[{ installation: 7, owner: 'octo-org' }, `${seat.name}-1`]]);
});

test.each([
  ['is not on the list of its owner', { kind: 'ok', value: [] }, 'go'],
  ['belongs to an owner whose list cannot be read', { kind: 'gone', reason: 'not visible' }, 'stay'],
  ['is on the list', { kind: 'ok', value: [{ id: 7, name: 'x', online: true, busy: false }] }, 'stay'],
] as const)('GitHub does not find an idle runner that %s', async (_, listed, kind) => {
  const clock = virtualClock(NOW);
  const config = aConfig([aPool({ idleSecondsMax: 0 })]);
  const seat = aSpareSeat({ runnerId: 7 });
  const { world: stage } = await createStage({ janitor: false });
  const world: World = {
    ...stage,
    clock,
    history: createSimTable({ clock, name: 'history', key: ['job'] }),
    runners: createSimListTable({ clock, name: 'runners', key: ['pool', 'place'] }),
    github: {
      ...stage.github,
      removeRunner: async () => ({ kind: 'gone', reason: 'not there, or not visible to the App' }),
      listRunners: async () => (listed.kind === 'ok' ? { kind: 'ok', value: [...listed.value] } : listed),
    },
  };
  await world.runners.put(seat, undefined);
  const report = { name: seat.name, credential: reportCredentialFor(config.ticketSecrets, seat.name) };
  expect(await idle(world, config, report)).toMatchObject({ kind });
});
