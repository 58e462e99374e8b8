/** What is recorded of a job. */
import { expect, test } from '@jest/globals';
import { aPool } from '../support/pools.ts';
import { createStage } from '../support/stage.ts';

test('a job that runs, and a runner that ends, say where the log is', async () => {
  const stage = await createStage({ pools: [aPool({ logGroup: '/ecs-runners/test/pools/default' })] });
  stage.addJobs({ durationSeconds: 30 });
  await stage.until(stage.allCompleted, 5);
  await stage.minutes(1);
  const task = String(stage.ecs.books().tasks[0]?.taskArn).split('/').at(-1);
  const logs = expect.stringMatching(
    new RegExp(`test\\$252Fpools\\$252Fdefault/log-events/runner\\$252Frunner\\$252F${task}$`),
  );
  expect(stage.history.all()).toMatchObject([{ state: 'completed', logs }]);
  const saying = stage.lines.filter((line) => line['logs'] !== undefined);
  expect(saying).toEqual(saying.map(() => expect.objectContaining({ logs })));
  expect(saying.map(({ decision }) => decision).sort()).toEqual(['job completed', 'job in_progress', 'runner ended']);
});
