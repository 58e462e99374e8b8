/** Runners that GitHub's lists and our records see differently for long, by the janitor in virtual time. */
import { expect, test } from '@jest/globals';
import type { Rest } from '../../lib/sim/github-service/rest.ts';
import type { Connection } from '../../lib/sim/github-service/runner-side.ts';
import { aPool } from '../support/pools.ts';
import { CLEAN, createStage, type Stage } from '../support/stage.ts';

const said = ({ lines }: Stage, wanted: string) => lines.filter(({ decision }) => decision === wanted);
const isBusy = (stage: Stage) => () => stage.seats().some(({ busyWith }) => busyWith !== undefined);

test('GitHub lists an idle runner as busy for a while: it is idle again afterwards, and leaves', async () => {
  let isWrong = true;
  const rest =
    (real: Rest): Rest =>
    async (request, options) => {
      const answer = await real(request, options);
      const isList = request.method === 'GET' && request.path.endsWith('/actions/runners');
      return isList && isWrong ? { ...answer, body: asBusy(answer.body) } : answer;
    };
  const stage = await createStage({ pools: [aPool({ idleSecondsMax: 600 })], rest });
  stage.github.control.setFaults({ refuseSessions: 1 });
  const [job = 0] = stage.addJobs({});
  await stage.until(() => stage.seats().some(({ state }) => state === 'registered'), 5);
  stage.github.control.cancel(job);
  stage.github.control.setFaults({ refuseSessions: 0 });
  await stage.minutes(2);
  expect(stage.seats().map(({ state }) => state)).toEqual(['busy']);
  isWrong = false;
  await stage.minutes(5);
  expect(said(stage, 'runner idle')).toHaveLength(1);
  await stage.minutes(20);
  expect(stage.leftovers()).toEqual(CLEAN);
});

function asBusy(body: unknown): unknown {
  const { runners, ...rest } = body as { runners: object[] };
  return { ...rest, runners: runners.map((runner) => ({ ...runner, busy: true })) };
}

test('a runner works for longer than its pool allows: that is said once an hour, and nobody stops it', async () => {
  const stage = await createStage({ pools: [aPool({ jobHours: 1 })] });
  stage.addJobs({ durationSeconds: 3 * 3600 });
  await stage.until(isBusy(stage), 5);
  await stage.minutes(175);
  expect(said(stage, 'runner past the longest job').length).toBeGreaterThanOrEqual(1);
  expect(said(stage, 'runner past the longest job').length).toBeLessThanOrEqual(2);
  expect(await stage.until(stage.allCompleted, 15)).toBe(true);
  expect(stage.github.control.jobs().map(({ conclusion }) => conclusion)).toEqual(['success']);
});

test('a runner has lost GitHub for good and works on, its job is given up there: it is retired and its task stopped', async () => {
  const stage = await createStage({});
  const connections: Connection[] = [];
  const { connect } = stage.github.runnerSide;
  stage.github.runnerSide.connect = async (...asked) => {
    const answer = await connect(...asked);
    if (answer.kind === 'connected') connections.push(answer);
    return answer;
  };
  stage.addJobs({ durationSeconds: 6 * 3600 });
  await stage.until(isBusy(stage), 5);
  for (const connection of connections) connection.vanish();
  expect(await stage.until(stage.allCompleted, 30)).toBe(true);
  expect(stage.livingTasks()).toHaveLength(1);
  await stage.minutes(45);
  expect(said(stage, 'runner retired').map(({ reason }) => reason)).toEqual([
    'its job has ended, and its container has not',
  ]);
  expect(stage.leftovers()).toEqual(CLEAN);
});
