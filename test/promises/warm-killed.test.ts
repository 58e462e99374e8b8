/** The functions die at any call while a job claims a warm runner and another one is launched in its place. */
import { expect, test } from '@jest/globals';
import type { Stage, StageOptions } from '../support/stage.ts';
import { aWarmStage, expectAllRun, expectNothingLeft, registrationsOf, warmPool, warmUp } from '../support/warm.ts';

type Watch = NonNullable<StageOptions['watch']>;
const NAMES = ['scaler', 'registrar'] as const;

/** One warm runner; one job comes, and `watch` sees everything until all is quiet again. */
async function claimWhile(watch: Watch): Promise<Stage> {
  let isWatched = false;
  const stage = await aWarmStage({
    pools: [warmPool({ warm: 1, max: 3 })],
    scalers: 1,
    watch: (...moment) => isWatched && watch(...moment),
  });
  isWatched = true;
  stage.addJobs({ durationSeconds: 30 });
  await stage.until(() => stage.history.all().some(({ runner }) => runner !== undefined), 1);
  await stage.minutes(0.5);
  isWatched = false;
  return stage;
}

async function calls(): Promise<{ name: (typeof NAMES)[number]; call: string; number: number }[]> {
  const made = new Map<string, string[]>(NAMES.map((name) => [name, []]));
  await claimWhile((name, { when, call }) => {
    if (when === 'before') made.get(name)?.push(call);
  });
  return NAMES.flatMap((name) => (made.get(name) ?? []).map((call, index) => ({ name, call, number: index + 1 })));
}

const crashes = (await calls()).flatMap((call) => (['before', 'after'] as const).map((when) => ({ ...call, when })));

test('the table of crashes has the calls that claim, launch and register', () => {
  const made = crashes.map(({ name, call }) => `${name} ${call}`);
  for (const call of ['history.put', 'runners.put', 'runners.get', 'cluster.runTask']) {
    expect(made).toContain(`scaler ${call}`);
  }
  for (const call of ['runners.get', 'runners.put', 'history.get', 'github.registerRunner', 'queue.send']) {
    expect(made).toContain(`registrar ${call}`);
  }
});

test.each(crashes)(
  'the $name dies $when its call $number, $call: the job runs once, one is warm again, nothing is left',
  async ({ name, when, number }) => {
    let seen = 0;
    const stage = await claimWhile((who, moment, invocation) => {
      if (who !== name) return;
      if (moment.when === 'before') seen += 1;
      if (seen === number && moment.when === when) {
        seen += 1_000_000;
        invocation.kill();
      }
    });
    await expectAllRun(stage, 1, 30);
    expect(registrationsOf(stage)).toBeLessThanOrEqual(2);
    expect(stage.ecs.books().aliveMaxByFamily['sim-default']).toBeLessThanOrEqual(3);
    await warmUp(stage, 20);
    await expectNothingLeft(stage);
  },
);
