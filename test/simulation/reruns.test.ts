/** What the judge says of re-runs that should not have been, and of those that are missing. */
import { expect, test } from '@jest/globals';
import { createJudge } from '../../lib/sim/judge/judge.ts';
import { owedReruns, wrongReruns } from '../../lib/sim/judge/reruns.ts';
import { aDyingStage, killAll, untilBusy } from '../support/dying.ts';
import type { Stage } from '../support/stage.ts';

async function judged(rerunsMax: number, conclusion: 'success' | 'failure' = 'success') {
  let stage!: Stage;
  const judge = createJudge({
    now: () => stage.clock.now(),
    github: () => stage.github.books,
    maxOf: () => 50,
    mayHave: () => true,
  });
  // The service itself runs nothing again here.
  stage = await aDyingStage(0, { onJob: judge.onJob, onTask: judge.onTask });
  const [id = 0] = stage.addJobs({ durationSeconds: 120, conclusion });
  await untilBusy(stage);
  const { taskOf, isMoved } = judge;
  const rules = { books: stage.github.books, taskOf, isMoved, rerunsMaxOf: () => rerunsMax };
  const rerun = async () => {
    const { installation, owner, repository } = stage.history.all()[0] ?? {
      installation: 0,
      owner: '',
      repository: '',
    };
    const [run] = stage.github.books.runs.values();
    const answer = stage.world.github.rerunJob({ installation, owner, repository }, run?.jobs[0]?.id ?? id);
    await stage.minutes(0.1);
    expect(await answer).toMatchObject({ kind: 'ok' });
  };
  return { stage, rules, rerun };
}

test('a job that died is owed until it is run again, and then it is right', async () => {
  const { stage, rules, rerun } = await judged(1);
  killAll(stage);
  await stage.minutes(15);
  expect(owedReruns(rules)).toHaveLength(1);
  await rerun();
  expect({ owed: owedReruns(rules), wrong: wrongReruns(rules) }).toEqual({ owed: [], wrong: [] });
});

test('where its pool wants none it is not owed, and wrong', async () => {
  const { stage, rules, rerun } = await judged(0);
  killAll(stage);
  await stage.minutes(15);
  expect(owedReruns(rules)).toEqual([]);
  await rerun();
  expect(wrongReruns(rules)).toHaveLength(1);
});

test('a job that failed by itself is not owed, and wrong', async () => {
  const { stage, rules, rerun } = await judged(1, 'failure');
  await stage.minutes(5);
  expect(owedReruns(rules)).toEqual([]);
  await rerun();
  expect(wrongReruns(rules)).toHaveLength(1);
});

test('once more than its pool wants is wrong', async () => {
  const { stage, rules, rerun } = await judged(1);
  for (let times = 0; times < 2; times += 1) {
    await stage.minutes(1);
    killAll(stage);
    await stage.minutes(15);
    await rerun();
    await untilBusy(stage);
  }
  expect(wrongReruns(rules)).toHaveLength(1);
});
