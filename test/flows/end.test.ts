/** What is registered for a runner goes before its record does. */
import { expect, test } from '@jest/globals';
import type { Ending } from '../../lib/core/ending.ts';
import type { Seat } from '../../lib/core/runner.ts';
import { endRunner } from '../../lib/flows/end.ts';
import type { GitHubRunner, World } from '../../lib/world.ts';
import { aSpareSeat } from '../support/builders.ts';
import { createStage } from '../support/stage.ts';

const RUNNER: GitHubRunner = { id: 9, name: 'found by its name', online: false, busy: false };
const JIT: Partial<Seat> = { mint: 2, runnerId: 7 };
const TOKEN: Partial<Seat> = { mint: 2, registration: 'token' };

test.each<[string, Partial<Seat>, Ending['ran'], GitHubRunner | undefined, string[]]>([
  ['a runner without a job', JIT, 'no', undefined, ['remove 7']],
  ['one of which nobody knows whether it had one', JIT, 'unknown', undefined, ['remove 7']],
  ['one that had a job is gone at GitHub already', JIT, 'yes', undefined, []],
  ['one that never asked', { mint: 0 }, 'no', undefined, []],
  ['one that registered itself is found by its exact name', TOKEN, 'no', RUNNER, ['find -2', 'remove 9']],
  ['one that had a token and did not register', TOKEN, 'no', undefined, ['find -2']],
  ['one that registered itself and had a job', TOKEN, 'yes', RUNNER, []],
  ['one that never had a token', { ...TOKEN, mint: 0 }, 'no', RUNNER, []],
])('%s', async (_, overrides, ran, known, calls) => {
  const { world: stage, runners } = await createStage({ janitor: false, tableLatencyMs: 0 });
  const asked: string[] = [];
  const seat = await runners.put(aSpareSeat({ job: 1, ...overrides }), undefined);
  if (seat?.kind !== 'runner') throw new Error('there is no seat');
  const world: World = {
    ...stage,
    github: {
      ...stage.github,
      findRunner: async (_scope, name) => {
        asked.push(`find ${name.replace(seat.name, '')}`);
        return { kind: 'ok', value: known };
      },
      removeRunner: async (_scope, id) => {
        asked.push(`remove ${id}`);
        return { kind: 'ok', value: undefined };
      },
    },
  };
  await endRunner(world, seat, { ran, blame: 'nobody', reason: 'its task has stopped' });
  expect(asked).toEqual(calls);
  expect(runners.all()).toEqual([]);
});
