/** Who may not, tries: at the real doors, with everything that somebody can see; and what is a wrong answer. */
import { expect, test } from '@jest/globals';
import { createOverheard, strangersOf } from '../../lib/cli/simulate/strangers.ts';
import { seededChance } from '../../lib/sim/chance.ts';
import type { TaskEntry } from '../../lib/sim/ecs-service/books.ts';
import { FAULTS } from '../../lib/sim/faults/table.ts';
import type { Books } from '../../lib/sim/github-service/books.ts';
import { launchedForNothing, wrongAnswer } from '../../lib/sim/judge/strangers.ts';
import type { Answered, Attempt } from '../../lib/sim/strangers/attempt.ts';
import { webhookAttempts } from '../../lib/sim/strangers/webhooks.ts';
import { faultTargets } from '../support/fault-targets.ts';
import { createStage } from '../support/stage.ts';

async function aStage() {
  const overheard = createOverheard();
  const stage = await createStage({ overhear: overheard.overhear });
  const tries: { attempt: Attempt; answered: Answered }[] = [];
  const told = (attempt: Attempt, answered: Answered) => tries.push({ attempt, answered });
  const strangers = strangersOf({ chance: seededChance(1), doors: stage.doors, overheard, told });
  const targets = { ...faultTargets(stage), strangers };
  return { ...stage, tries, strangers, come: () => FAULTS['strangers']?.begin(targets, 1) };
}

test('while runners boot, wait and work, every kind of attempt is made, and each is refused', async () => {
  const { addJobs, come, minutes, tries } = await aStage();
  addJobs({ count: 4, durationSeconds: 600 });
  for (let minute = 0; minute < 12; minute += 0.25) {
    come();
    await minutes(0.25);
  }
  const kinds = new Set(tries.map(({ attempt }) => attempt.what.replace(/of sim-\S+/, 'of a runner')));
  expect([...kinds].sort()).toMatchInlineSnapshot(`
[
  "/idle of a runner with a credential made up",
  "/idle of a runner with another runner's credential",
  "/idle of a runner with its ticket",
  "/idle of a runner without a credential",
  "/started of a runner with a credential made up",
  "/started of a runner with another runner's credential",
  "/started of a runner with its ticket",
  "/started of a runner without a credential",
  "a registration of a runner that its container has already",
  "a registration of a runner with a role of their own",
  "a registration of a runner with a ticket made up",
  "a registration of a runner with an identity made out to another runner",
  "a registration of a runner with an identity made out to nobody",
  "a registration of a runner with an old identity",
  "a registration of a runner with another runner's ticket",
  "a registration of a runner with the identity of another task",
  "a registration of a runner without a ticket",
  "a registration of a runner without an identity",
  "a webhook signed with an empty secret",
  "a webhook signed with another secret",
  "a webhook with a body that was changed after it was signed",
  "a webhook with a signature made up",
  "a webhook with an empty signature",
  "a webhook without a signature",
]
`);
  expect(tries.map(({ attempt, answered }) => wrongAnswer(attempt, answered)).filter(Boolean)).toEqual([]);
  expect(new Set(tries.map(({ answered }) => answered.status))).toEqual(new Set([401, 403, 410]));
});

test('a runner that idles is asked for once more, and nobody but its container gets it', async () => {
  const { addJobs, github, come, minutes, until, tries } = await aStage();
  const [job = 0] = addJobs({});
  github.control.setFaults({ refuseSessions: 1 });
  expect(await until(() => github.control.runners().length > 0, 10)).toBe(true);
  github.control.cancel(job);
  github.control.setFaults({ refuseSessions: 0 });
  come();
  await minutes(1.75);
  const again = tries.filter(({ attempt }) => attempt.what.endsWith('that its container has already'));
  expect(again.map(({ answered }) => answered)).toEqual([{ status: 410, changes: [] }]);
});

test('a webhook that is signed as it should be would be taken, and is seen to change something', async () => {
  const { addJobs, github, strangers, tries, minutes } = await aStage();
  addJobs({});
  const [, , , , , changed] = webhookAttempts(github, seededChance(1));
  if (changed === undefined) throw new Error('There is no such attempt');
  const body = `${changed.request.body}\n`;
  void strangers.attempt({ ...changed, request: { ...changed.request, body } });
  await minutes(1);
  expect(tries[0]?.answered).toEqual({ status: 202, changes: ['queue.send'] });
});

const webhook: Attempt = { what: 'a webhook', door: 'webhook', request: { path: '', headers: {}, body: '' } };
const outsider: Attempt = { ...webhook, what: 'a registration', door: 'registrar' };
const reader: Attempt = { ...outsider, knowsTicket: true };

test.each<[name: string, attempt: Attempt, answered: Partial<Answered>, wrong: string | undefined]>([
  ['is refused', webhook, { status: 401 }, undefined],
  ['is taken', webhook, { status: 202 }, 'a webhook is answered 202'],
  ['makes the function fail', webhook, { status: 500 }, 'a webhook is answered 500'],
  ['is refused, and enqueued', webhook, { changes: ['queue.send'] }, 'a webhook makes the service call queue.send'],
  ['is not answered', webhook, { status: undefined }, undefined],
  ['without a right ticket is refused', outsider, { status: 401 }, undefined],
  ['without a right ticket hears that the runner is gone', outsider, { status: 410 }, 'a registration is answered 410'],
  ['without a right ticket is told to come again', outsider, { status: 503 }, 'a registration is answered 503'],
  ['with its ticket hears that the runner is gone', reader, { status: 410 }, undefined],
  ['with its ticket is told to come again', reader, { status: 503 }, undefined],
  ['with its ticket is registered', reader, { status: 200 }, 'a registration is answered 200'],
])('what %s', (_, attempt, answered, wrong) => {
  expect(wrongAnswer(attempt, { status: 401, changes: [], ...answered })).toBe(wrong);
});

test('a task for a job that GitHub does not know; one for a job that it knows; a warm one', () => {
  const books = { jobs: new Map([[77, {}]]) } as unknown as Books;
  const judged = (startedBy: string) => launchedForNothing(books, { startedBy } as TaskEntry);
  expect(judged('sim-default-0-78-1')).toBe('sim-default-0-78-1 is launched for a job that GitHub does not know');
  expect(judged('sim-default-0-77-1')).toBeUndefined();
  expect(judged('sim-default-0-0-1')).toBeUndefined();
});
