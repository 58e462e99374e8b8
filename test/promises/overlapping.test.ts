/** A schedule comes at least once, and a run may take longer than a minute: janitors run side by side. */
import { expect, test } from '@jest/globals';
import { janitorHandler } from '../../lib/handlers/janitor.ts';
import { aPool } from '../support/pools.ts';
import { CLEAN, createStage } from '../support/stage.ts';

const small = aPool({ max: 12, labels: ['self-hosted', 'ecs'] });
const taker = aPool({ name: 'taker', max: 12, labels: ['self-hosted', 'ecs', 'x'], taskDefinition: 'sim-taker:1' });

test.each([1, 2, 3, 4])(
  'seed %i: three every twenty seconds, while events are lost and a pool is removed',
  async (seed) => {
    const stage = await createStage({ seed, pools: [small, taker] });
    stage.ecs.setFaults({ loseEvents: 0.3, failAfter: 0.1 });
    stage.github.control.setFaults({ loseWebhooks: 0.3, loseWebhooksOf: ['in_progress', 'completed'] });
    const janitor = () => stage.invoke('janitor', (world) => janitorHandler(world, async () => stage.config)());
    const failed: unknown[] = [];
    const overlap = (): void => {
      stage.clock.after(20_000, overlap);
      for (let run = 0; run < 3; run++) janitor().catch((error: unknown) => failed.push(error));
    };
    overlap();
    stage.addJobs({ count: 40, durationSeconds: 45 });
    await stage.minutes(2);
    stage.ecs.setFaults({ failAfter: 0 });
    stage.configure([taker]);
    expect(await stage.until(stage.allCompleted, 60)).toBe(true);
    stage.ecs.setFaults({ loseEvents: 0 });
    await stage.minutes(25);
    expect(failed).toEqual([]);
    expect(stage.github.control.jobs().filter(({ conclusion }) => conclusion !== 'success')).toEqual([]);
    expect(stage.ecs.books().tasks.filter(({ exitCode }) => exitCode !== 0)).toEqual([]);
    expect(stage.ecs.tasks().length).toBeLessThanOrEqual(42);
    expect(stage.leftovers()).toEqual(CLEAN);
  },
);
