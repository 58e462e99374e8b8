import { expect, test } from '@jest/globals';
import { withinBudget } from '../../lib/flows/budgeted.ts';
import { createStage } from '../support/stage.ts';

test('no call to GitHub is outside of the budget', async () => {
  const { world } = await createStage({ janitor: false });
  const within = withinBudget(world).github;
  const outside = Object.keys(world.github).filter(
    (name) => within[name as keyof typeof within] === world.github[name as keyof typeof within],
  );
  expect(outside).toEqual(['rateLimits']);
});
