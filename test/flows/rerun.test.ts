/** Jobs that died with their instance, by the books of the simulated GitHub: which are run again, how often, and who asked. */
import { describe, expect, test } from '@jest/globals';
import type { Watch } from '../../lib/cli/simulate/lambda.ts';
import { BAD_GATEWAY, CUT, type RestAnswer } from '../../lib/sim/github-service/answers.ts';
import type { Rest } from '../../lib/sim/github-service/rest.ts';
import { aDyingStage, conclusions, grant, killAll, lostRecords, reruns, said, untilBusy } from '../support/dying.ts';
import type { Stage } from '../support/stage.ts';

const HOUR = 60;

/** One job dies, and GitHub gives up on it ten minutes later. */
async function died(rerunsMax = 2, more: Parameters<typeof aDyingStage>[1] = {}, job: object = {}) {
  const stage = await aDyingStage(rerunsMax, more);
  const ids = stage.addJobs({ durationSeconds: 300, ...job });
  await untilBusy(stage, ids.length);
  killAll(stage);
  return { stage, ids };
}

/** GitHub's secondary limit. */
const LIMITED: RestAnswer = { status: 429, headers: { 'retry-after': '60' }, body: {} };

/** The first calls for a re-run are answered like this, whether they are done or not; all else goes well. */
function answering(times: number, isDone: boolean, answer: RestAnswer) {
  let calls = 0;
  const rest = (original: Rest): Rest =>
    async function rest(request, options) {
      if (!/\/rerun/.test(request.path)) return original(request, options);
      calls += 1;
      if (calls > times) return original(request, options);
      if (isDone) await original(request, options);
      return answer;
    };
  return { rest, calls: () => calls };
}

/** Once. */
function killedAfter(last: string): Watch {
  let isDone = false;
  return async (_, { when, call }, invocation) => {
    if (isDone || when !== 'after' || call !== last) return;
    isDone = true;
    invocation.kill();
  };
}

const nothingOwed = async (stage: Stage, minutes = 3 * HOUR) => {
  await stage.minutes(minutes);
  expect(lostRecords(stage)).toEqual([]);
};

test('it is run again once GitHub has given up on it, and ends well elsewhere', async () => {
  const { stage } = await died();
  await stage.minutes(9);
  expect(reruns(stage)).toEqual([]);
  await stage.minutes(4);
  expect(reruns(stage)).toEqual([{ by: 'app', attempt: 2, jobs: ['build'] }]);
  await stage.minutes(10);
  expect(conclusions(stage)).toEqual(['success']);
  expect(said(stage, 'job run again')).toEqual(['it died with its instance']);
  await nothingOwed(stage);
});

test('of two jobs of one run, the death of one is noticed after the other has been run again: both run in the end', async () => {
  const { stage } = await died(2, {}, { count: 2 });
  await stage.minutes(5);
  const [late] = lostRecords(stage);
  if (late === undefined) throw new Error('Nothing was lost');
  await Promise.all([stage.runners.remove(late), stage.minutes(0.1)]);
  await stage.minutes(15);
  expect(reruns(stage)).toHaveLength(1);
  const { version: _, ...noted } = late;
  await Promise.all([stage.runners.put(noted, undefined), stage.minutes(0.1)]);
  await stage.minutes(60);
  expect(reruns(stage)).toMatchObject([
    { by: 'app', attempt: 2 },
    { by: 'app', attempt: 3 },
  ]);
  await nothingOwed(stage);
});

test('GitHub shows its run as ended before it shows that the job has: it is asked again', async () => {
  const { stage } = await died();
  stage.github.control.setFaults({ staleJobs: 1 });
  await stage.minutes(20);
  expect(stage.allCompleted()).toBe(true);
  expect(reruns(stage)).toEqual([]);
  expect(lostRecords(stage)).toMatchObject([{ reason: 'GitHub does not show yet that its job has ended' }]);
  stage.github.control.setFaults({ staleJobs: 0 });
  await stage.minutes(20);
  expect(reruns(stage)).toEqual([{ by: 'app', attempt: 2, jobs: ['build'] }]);
  await nothingOwed(stage);
});

test('without the key nothing is written down, and nothing is run again', async () => {
  const { stage } = await died(0);
  await stage.minutes(3);
  expect(lostRecords(stage)).toEqual([]);
  await stage.minutes(HOUR);
  expect(reruns(stage)).toEqual([]);
});

test.each([1, 2])('at most in %s attempts, however often it dies', async (rerunsMax) => {
  const { stage } = await died(rerunsMax);
  for (let attempt = 1; attempt <= 4; attempt += 1) {
    await stage.minutes(20);
    killAll(stage);
    await stage.minutes(2);
  }
  await nothingOwed(stage);
  expect(reruns(stage).length).toBeLessThanOrEqual(rerunsMax);
});

test('each time it dies, as long as its pool wants that', async () => {
  const { stage } = await died(3, {}, { durationSeconds: 3000 });
  for (let attempt = 1; attempt <= 4; attempt += 1) {
    await stage.minutes(14);
    killAll(stage);
  }
  await nothingOwed(stage);
  expect(reruns(stage)).toHaveLength(3);
});

describe('what is not run again', () => {
  test('a job that failed by itself, though its instance went just after', async () => {
    const stage = await aDyingStage();
    stage.addJobs({ durationSeconds: 60, conclusion: 'failure' });
    await stage.until(stage.allCompleted, 10);
    killAll(stage);
    await nothingOwed(stage);
    expect(reruns(stage)).toEqual([]);
  });

  test('a job that ended well while its instance went, of which nobody heard in time', async () => {
    const stage = await aDyingStage();
    stage.addJobs({ durationSeconds: 60 });
    await untilBusy(stage);
    stage.github.control.setFaults({ loseWebhooks: 1 });
    await stage.until(stage.allCompleted, 10);
    killAll(stage);
    stage.github.control.setFaults({ loseWebhooks: 0 });
    await nothingOwed(stage);
    expect(reruns(stage)).toEqual([]);
  });

  test('a job that a person has cancelled before GitHub gave up on it', async () => {
    const { stage, ids } = await died(2, {}, { count: 2, durationSeconds: 3000 });
    await stage.minutes(1);
    for (const id of ids) stage.github.control.cancel(id);
    await nothingOwed(stage);
    expect(reruns(stage)).toEqual([]);
  });

  test('a job that a person has run again', async () => {
    const { stage, ids } = await died();
    await stage.until(stage.allCompleted, 15);
    stage.github.control.rerun(ids[0] ?? 0);
    await nothingOwed(stage);
    expect(reruns(stage)).toEqual([{ by: 'person', attempt: 2, jobs: ['build'] }]);
  });

  test('a job whose task somebody has stopped', async () => {
    const stage = await aDyingStage();
    stage.addJobs({ durationSeconds: 300 });
    await untilBusy(stage);
    await stage.world.cluster.stopTask(String(stage.livingTasks()[0]?.['taskArn']), 'by hand');
    await nothingOwed(stage);
    expect(reruns(stage)).toEqual([]);
  });

  test('a runner that was idle when its instance went', async () => {
    const stage = await aDyingStage();
    stage.github.control.setFaults({ refuseSessions: 1 });
    stage.addJobs({ durationSeconds: 60 });
    await stage.until(() => stage.seats().some(({ state }) => state === 'registered'), 5);
    killAll(stage);
    await stage.minutes(2);
    stage.github.control.setFaults({ refuseSessions: 0 });
    await nothingOwed(stage);
    expect({ reruns: reruns(stage), conclusions: conclusions(stage) }).toEqual({
      reruns: [],
      conclusions: ['success'],
    });
  });
});

describe('several jobs of one run', () => {
  test('that all died are run again at once', async () => {
    const { stage } = await died(2, {}, { count: 3 });
    await stage.minutes(30);
    expect(reruns(stage)).toEqual([{ by: 'app', attempt: 2, jobs: ['build (1)', 'build (2)', 'build (3)'] }]);
    expect(conclusions(stage)).toEqual(['success', 'success', 'success']);
    await nothingOwed(stage);
  });

  test('of which nobody has heard that one has ended are run again together', async () => {
    const stage = await aDyingStage(1);
    const [quiet = 0] = stage.addJobs({ count: 2, durationSeconds: 300 });
    await untilBusy(stage, 2);
    killAll(stage);
    await stage.minutes(8);
    const job = stage.github.books.jobs.get(quiet);
    stage.github.control.setFaults({ loseWebhooks: 1 });
    await stage.until(() => job?.state === 'completed', 10);
    stage.github.control.setFaults({ loseWebhooks: 0 });
    await nothingOwed(stage);
    expect(conclusions(stage)).toEqual(['success', 'success']);
    expect(reruns(stage).every(({ by }) => by === 'app')).toBe(true);
  });

  test('of which another failed by itself are run again one after the other, and that one is not', async () => {
    const stage = await aDyingStage(1, { instancesMax: 3 });
    const ids = stage.addJobs({ count: 3, durationSeconds: 600 });
    const [alone, ...others] = ids.map((id) => stage.github.books.jobs.get(id));
    Object.assign(alone ?? {}, { durationSeconds: 20, outcome: 'failure' });
    await untilBusy(stage, 3);
    await stage.until(() => alone?.state === 'completed', 5);
    killAll(stage);
    await stage.minutes(60);
    expect(reruns(stage)).toEqual([
      { by: 'app', attempt: 2, jobs: [others[0]?.name] },
      { by: 'app', attempt: 3, jobs: [others[1]?.name] },
    ]);
    expect(conclusions(stage).sort()).toEqual(['failure', 'success', 'success']);
    await nothingOwed(stage);
  });
});

describe('when GitHub refuses or fails', () => {
  test('without the permission it is asked once an hour, for all jobs together, and as soon as it is granted it does it', async () => {
    const stage = await aDyingStage();
    grant(stage, 'read');
    for (let job = 0; job < 5; job += 1) stage.addJobs({ durationSeconds: 300 });
    await untilBusy(stage, 5);
    killAll(stage);
    await stage.minutes(3 * HOUR);
    const asked = [...stage.github.calls].filter(([path]) => path.includes('rerun')).reduce((sum, [, n]) => sum + n, 0);
    // Each time once more with a fresh token, which a new permission is in.
    expect(asked).toBeLessThanOrEqual(8);
    expect(said(stage, 're-run refused').some((reason) => /Resource not accessible/.test(reason))).toBe(true);
    grant(stage);
    await stage.minutes(3 * HOUR);
    expect(conclusions(stage)).toEqual(Array.from({ length: 5 }, () => 'success'));
  });

  test.each([
    ['done, and answered 502', true, BAD_GATEWAY],
    ['done, and cut', true, CUT],
    ['not done, and answered 502', false, BAD_GATEWAY],
  ])('a call that is %s: it is run again once', async (_, isDone, answer) => {
    const asked = answering(1, isDone, answer);
    const { stage } = await died(2, asked);
    await stage.minutes(HOUR);
    expect(asked.calls()).toBe(isDone ? 1 : 2);
    expect(reruns(stage)).toEqual([{ by: 'app', attempt: 2, jobs: ['build'] }]);
    expect(conclusions(stage)).toEqual(['success']);
    await nothingOwed(stage);
  });

  test.each([
    ['its answer was cut', () => answering(1, true, CUT)],
    ['the function died before it', () => ({ watch: killedAfter('github.rerunFailedJobs') })],
  ])(
    'nobody heard that it was run again, as %s, and there it fails by itself: that is the end of it',
    async (_, by) => {
      const { stage } = await died(2, by());
      await stage.until(() => reruns(stage).length > 0, 20);
      const [again] = [...stage.github.books.runs.values()].flatMap(({ jobs }) => jobs);
      Object.assign(again ?? {}, { durationSeconds: 10, outcome: 'failure' });
      await nothingOwed(stage);
      expect({ times: reruns(stage).length, conclusions: conclusions(stage) }).toEqual({
        times: 1,
        conclusions: ['failure'],
      });
    },
  );

  test('GitHub did nothing, and then a person runs it again: that one is not run again', async () => {
    const { stage } = await died(2, answering(1, false, LIMITED));
    await stage.until(() => said(stage, 're-run waits').length > 0, 20);
    const [job] = [...stage.github.books.jobs.values()];
    Object.assign(job ?? {}, { durationSeconds: 10, outcome: 'failure' });
    stage.github.control.rerun(job?.id ?? 0);
    await nothingOwed(stage);
    expect(reruns(stage)).toEqual([{ by: 'person', attempt: 2, jobs: ['build'] }]);
    expect(said(stage, 'job not run again')).toEqual(['somebody has run it again']);
  });

  test('a run that never ends is given up after a day, and costs few calls', async () => {
    const stage = await aDyingStage();
    stage.addJobs({ count: 2, durationSeconds: 300 });
    await untilBusy(stage, 2);
    const [first] = stage.github.books.runs.values();
    const held = first?.jobs[1];
    killAll(stage);
    await stage.minutes(5);
    if (held !== undefined) held.cancelLimit();
    await stage.until(() => first?.jobs[0]?.state === 'completed', 10);
    if (held !== undefined) held.state = 'held';
    await stage.minutes(30 * HOUR);
    expect(reruns(stage)).toEqual([]);
    expect(stage.github.calls.get('/repos/{owner}/{repo}/actions/runs/{run_id}')).toBeLessThan(60);
    expect(lostRecords(stage)).toEqual([]);
  });
});

test('whichever call of the janitor is its last, it is run again exactly once', async () => {
  for (let last = 0; last < 24; last += 1) {
    let left = Number.POSITIVE_INFINITY;
    const { stage } = await died(2, {
      watch: async (name, { when, call }, invocation) => {
        if (name !== 'janitor' || when !== (last % 2 === 0 ? 'before' : 'after') || call === 'log') return;
        left -= 1;
        if (left < 0) invocation.kill();
      },
    });
    await stage.until(stage.allCompleted, 15);
    left = 10 + last;
    await stage.minutes(1.2);
    left = Number.POSITIVE_INFINITY;
    await stage.minutes(30);
    expect({ last, reruns: reruns(stage) }).toEqual({ last, reruns: [{ by: 'app', attempt: 2, jobs: ['build'] }] });
    expect(conclusions(stage)).toEqual(['success']);
  }
});

test('two janitors at once, and every message twice: once', async () => {
  const { stage } = await died(2, { janitors: () => 2, duplicates: () => 1 });
  await stage.minutes(HOUR);
  expect(reruns(stage)).toEqual([{ by: 'app', attempt: 2, jobs: ['build'] }]);
});

test('nobody said which job ran there before the runner was gone: it is named by what GitHub says later', async () => {
  const stage = await aDyingStage(2, { lose: (path) => (path.endsWith('/started') ? 'request' : undefined) });
  stage.github.control.setFaults({ loseWebhooks: 0 });
  stage.addJobs({ durationSeconds: 300 });
  await stage.until(() => stage.seats().some(({ state }) => state === 'registered'), 5);
  stage.github.control.setFaults({ loseWebhooks: 1 });
  await untilBusy(stage);
  killAll(stage);
  await stage.minutes(3);
  stage.github.control.setFaults({ loseWebhooks: 0 });
  await stage.minutes(HOUR);
  expect(reruns(stage)).toEqual([{ by: 'app', attempt: 2, jobs: ['build'] }]);
});
