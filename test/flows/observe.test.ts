/** The last line behind every decision: what a stage that only observes cannot do, whatever tries to. */
import { expect, test } from '@jest/globals';
import { OBSERVES, worldFor } from '../../lib/flows/observe.ts';
import type { World } from '../../lib/world.ts';
import { aConfig } from '../support/pools.ts';
import { createStage } from '../support/stage.ts';

const SCOPE = { installation: 7, owner: 'octo-org' };
const attempts: [string, (world: World) => Promise<unknown>][] = [
  ['start a task', ({ cluster }) => cluster.runTask({ name: 'r', taskDefinition: 't:1', environment: {}, tags: {} })],
  ['register a runner', ({ github }) => github.registerRunner(SCOPE, { name: 'r', labels: ['a'], group: 'Default' })],
  ['make a token with which runners register themselves', ({ github }) => github.registrationToken(SCOPE)],
];

test.each(attempts)('a stage that observes cannot %s, and says that it would', async (_, attempt) => {
  const { world, github, ecs, lines } = await createStage({ janitor: false });
  const able = worldFor(world, { ...aConfig(), mode: 'observe' });
  expect(await attempt(able)).toEqual({ kind: 'refused', reason: OBSERVES });
  expect(github.calls.size).toBe(0);
  expect(ecs.tasks()).toEqual([]);
  expect(lines).toMatchObject([{ decision: expect.stringMatching(/^would /), reason: OBSERVES }]);
});

test('a stage that launches is the world itself', async () => {
  const { world } = await createStage({ janitor: false });
  expect(worldFor(world, aConfig())).toBe(world);
});
