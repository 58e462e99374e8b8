/** What the simulation's own ears hear of the service: its lines, its tasks, and what containers are told. */
import { expect, test } from '@jest/globals';
import { createAudit } from '../../lib/cli/simulate/audit.ts';
import { SECRET } from '../../lib/cli/simulate/services.ts';
import type { TaskEntry } from '../../lib/sim/ecs-service/books.ts';
import { createJudge, PROMISES } from '../../lib/sim/judge/judge.ts';
import type { LogLine } from '../../lib/world.ts';
import { createStage, type Stage } from '../support/stage.ts';

/** With a job that has run. `hear`: what reaches the audit of each line. */
async function afterOneJob(hear: (line: LogLine) => LogLine | undefined = (line) => line) {
  const judge = createJudge({
    now: () => stage.clock.now(),
    github: () => stage.github.books,
    maxOf: () => 10,
    mayHave: () => true,
  });
  const audit = createAudit({ seed: 1, stage: () => stage, judge });
  const onLine = (line: LogLine) => {
    const heard = hear(line);
    if (heard !== undefined) audit.onLine(heard);
  };
  const stage: Stage = await createStage({ overhear: audit.overhear, onTask: audit.onTask, onLine });
  stage.addJobs({});
  await stage.until(stage.allCompleted, 10);
  await stage.minutes(2);
  return { audit, broken: () => judge.breaches.map(({ promise, detail }) => `${promise}: ${detail}`) };
}

test('a job that is run as it should be breaks nothing', async () => {
  const { audit, broken } = await afterOneJob();
  audit.end(true);
  expect(broken()).toEqual([]);
});

test('a task of which nobody says that it was started', async () => {
  const { audit, broken } = await afterOneJob((line) => (line.decision === 'task started' ? undefined : line));
  audit.end(false);
  expect(broken()).toEqual([]);
  audit.end(true);
  expect(broken()).toEqual([expect.stringMatching(/^every decision .* was started, and no line says why$/)]);
});

test.each<[what: string, line: LogLine, promise: string]>([
  ['no reason', { decision: 'task stopped', reason: '' }, PROMISES.explained],
  ['a secret', { decision: 'event refused', reason: `it is not signed with ${SECRET}` }, PROMISES.secrets],
])('a line with %s', async (_, line, promise) => {
  const { audit, broken } = await afterOneJob();
  audit.onLine(line);
  expect(broken()).toEqual([expect.stringContaining(promise)]);
});

test('a task for a job that GitHub does not know, and one that ends with a secret as its reason', async () => {
  const { audit, broken } = await afterOneJob();
  audit.onTask({ startedBy: 'sim-default-0-123-1', taskArn: 'none' } as TaskEntry, 'created', 1);
  audit.onTask({ startedBy: 'one', stoppedReason: SECRET } as TaskEntry, 'stopped', 0);
  expect(broken()).toEqual([
    expect.stringContaining(PROMISES.strangers),
    `${PROMISES.secrets}: the webhooks' secret in the end of one`,
  ]);
});
