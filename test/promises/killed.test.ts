/** The functions die, at any moment; the queue, the tables, ECS and GitHub live on. */
import { expect, test } from '@jest/globals';
import { aPool } from '../support/pools.ts';
import type { FunctionName, Invocation } from '../support/stage.ts';
import { CLEAN, createStage } from '../support/stage.ts';

test.each([1, 2, 3])(
  'seed %i: killed again and again in a storm of 120 jobs: nothing lost, nothing doubled',
  async (seed) => {
    const stage = await createStage({ seed, pools: [aPool({ max: 30 })] });
    stage.addJobs({ count: 120, durationSeconds: 20 });
    for (let kills = 0; kills < 40; kills++) {
      await stage.clock.runUntil(stage.clock.now() + stage.chance.between(100, 9000));
      stage.killFunctions();
    }
    expect(await stage.until(stage.allCompleted, 120)).toBe(true);
    await stage.minutes(20);
    expect(stage.ecs.books().aliveMaxByFamily['sim-default']).toBeLessThanOrEqual(30);
    expect(stage.leftovers()).toEqual(CLEAN);
  },
);

/** Every outside call of the scaler and of the registrar while one job is launched, in the order of a run without crashes. */
async function callsOf(name: FunctionName): Promise<string[]> {
  const calls: string[] = [];
  const stage = await createStage({
    janitor: false,
    scalers: 1,
    watch: (who, { when, call }) => {
      if (who === name && when === 'before') calls.push(call);
    },
  });
  stage.addJobs({ durationSeconds: 30 });
  await stage.until(stage.allCompleted, 15);
  await stage.minutes(2);
  return calls;
}

const crashes = (
  await Promise.all(
    (['scaler', 'registrar'] as const).map(async (name) =>
      (
        await callsOf(name)
      ).flatMap((call, index) =>
        (['before', 'after'] as const).map((when) => ({ name, call, when, number: index + 1 })),
      ),
    ),
  )
).flat();

test('the table of crashes has every call that launches and registers', () => {
  const names = crashes.map(({ name, call }) => `${name} ${call}`);
  expect(new Set(names)).toEqual(
    new Set([
      'scaler history.put',
      'scaler history.get',
      'scaler backlog.put',
      'scaler backlog.get',
      'scaler backlog.list',
      'scaler backlog.remove',
      'scaler runners.list',
      'scaler runners.put',
      'scaler runners.get',
      'scaler runners.remove',
      'scaler cluster.runTask',
      'registrar runners.get',
      'registrar runners.put',
      'registrar history.get',
      'registrar identity.signer',
      'registrar github.registerRunner',
      'registrar queue.send',
    ]),
  );
});

test.each(crashes)(
  'the $name dies $when its call $number, $call: one task, one registration that connects, nothing left',
  async ({ name, when, number }) => {
    let seen = 0;
    const stage = await createStage({
      scalers: 1,
      watch: (who: FunctionName, moment, invocation: Invocation) => {
        if (who !== name) return;
        if (moment.when === 'before') seen += 1;
        if (seen === number && moment.when === when) {
          seen += 1_000_000;
          invocation.kill();
        }
      },
    });
    stage.addJobs({ durationSeconds: 30 });
    expect(await stage.until(stage.allCompleted, 30)).toBe(true);
    await stage.minutes(15);
    expect(stage.ecs.tasks()).toHaveLength(1);
    expect(stage.github.control.jobs()).toMatchObject([{ state: 'completed', conclusion: 'success' }]);
    expect(stage.leftovers()).toEqual(CLEAN);
  },
);
