/**
 * Somebody in the account who may read all that ECS, its events and the logs show, and who has credentials of their own,
 * asks the registrar for everything that they see, all the time. They get nothing, and nothing else changes.
 */
import { describe, expect, test } from '@jest/globals';
import { sleep } from '../../lib/sim/clock.ts';
import { identityHeaders } from '../../lib/sim/container-identity.ts';
import type { RegistrarAnswer } from '../../lib/sim/container-state.ts';
import { aPool } from '../support/pools.ts';
import type { Stage } from '../support/stage.ts';
import { CLEAN, createStage } from '../support/stage.ts';

const ROLE = aPool().role ?? '';

/** What DescribeTasks and task state change events show of a task, overrides included. */
type Seen = { taskArn: string; lastStatus: string; runner: string; ticket: string };

function seenTasks({ ecs }: Stage): Seen[] {
  return ecs.tasks().map(({ taskArn, lastStatus, overrides }) => {
    const { containerOverrides = [] } = overrides as {
      containerOverrides?: { environment?: { name: string; value: string }[] }[];
    };
    const pairs = containerOverrides.flatMap(({ environment = [] }) => environment);
    const of = (wanted: string) => pairs.find(({ name }) => name === wanted)?.value ?? '';
    const [runner, ticket] = [of('ECS_RUNNERS_NAME'), of('ECS_RUNNERS_TICKET')];
    return { taskArn: String(taskArn), lastStatus: String(lastStatus), runner, ticket };
  });
}

/** Everything that such a person can send for a task that they see. */
function attempts(stage: Stage, task: Seen): [string, unknown][] {
  const { sts, clock } = stage;
  const id = task.taskArn.slice(task.taskArn.lastIndexOf('/') + 1);
  const now = clock.now();
  const { runner } = task;
  const mine = sts.assume({ role: 'arn:aws:iam::123456789012:role/attacker', name: id });
  const namesake = sts.assume({ role: 'arn:aws:iam::123456789012:role/elsewhere/sim-task-2', name: id });
  const foreign = sts.assume({ role: ROLE.replace('123456789012', '999999999999'), name: id });
  const neighbour = sts.assume({ role: ROLE, name: 'ffffffffffffffffffffffffffffffff' });
  const own = sts.assume({ role: ROLE, name: id }); // Only to sign what the task itself may have signed for others, or before.
  return [
    ['registration', {}],
    ['registration', { identity: identityHeaders(mine, { runner, now }) }],
    ['registration', { identity: identityHeaders(namesake, { runner, now }) }],
    ['registration', { identity: identityHeaders(foreign, { runner, now }) }],
    ['registration', { identity: identityHeaders(neighbour, { runner, now }) }],
    ['registration', { identity: identityHeaders(own, { runner: `${runner}0`, now }) }],
    ['registration', { identity: identityHeaders(own, { now }) }],
    ['registration', { identity: identityHeaders(own, { runner, now: now - 6 * 60_000 }) }],
    ['registration', { identity: { ...identityHeaders(mine, { runner, now }), host: 'sts.attacker.example' } }],
    ['started', {}],
    ['idle', {}],
    ['idle', { leaving: 'because I say so' }],
  ];
}

async function attack(stage: Stage, task: Seen): Promise<RegistrarAnswer[]> {
  const headers = { authorization: `Bearer ${task.ticket}`, 'content-type': 'application/json' };
  return Promise.all(
    attempts(stage, task).map(([what, body]) =>
      stage.askRegistrar({ path: `/runners/${task.runner}/${what}`, headers, body: JSON.stringify(body) }),
    ),
  );
}

describe.each([1, 2])('seed %i', (seed) => {
  test('before, during and after boot: no JIT configuration but one for each task, every job runs, nothing is left', async () => {
    const stage = await createStage({ seed, pools: [aPool({ max: 5 })] });
    const answers: { status: number; body: string; task: string }[] = [];
    let isOver = false;
    const attacking = (async () => {
      while (!isOver) {
        for (const task of seenTasks(stage)) {
          for (const { status, body } of await attack(stage, task))
            answers.push({ status, body, task: task.lastStatus });
        }
        await sleep(stage.clock, 5_000);
      }
    })();
    stage.addJobs({ count: 8, durationSeconds: 40 });
    expect(await stage.until(stage.allCompleted, 30)).toBe(true);
    await stage.minutes(3);
    isOver = true;
    await stage.minutes(1);
    await attacking;
    const phases = new Set(answers.map(({ task }) => task));
    for (const phase of ['PROVISIONING', 'PENDING', 'RUNNING', 'STOPPED']) expect(phases).toContain(phase);
    // 410: there is no record of it any more.
    expect([...new Set(answers.map(({ status }) => status))].sort()).toEqual([401, 403, 410]);
    expect(answers.filter(({ body }) => /jitConfig|Credential/.test(body))).toEqual([]);
    expect(stage.github.calls.get('/orgs/{org}/actions/runners/generate-jitconfig')).toBe(8);
    expect(stage.ecs.tasks()).toHaveLength(8);
    expect(stage.github.control.jobs().every(({ conclusion }) => conclusion === 'success')).toBe(true);
    expect(stage.leftovers()).toEqual(CLEAN);
    const said = JSON.stringify(stage.lines);
    for (const { ticket } of seenTasks(stage)) expect(said).not.toContain(ticket);
    expect(said).not.toMatch(/Signature=|token\//);
  });
});

/** Counts what connects to GitHub as a runner. */
function connections({ github }: Stage): string[] {
  const connected: string[] = [];
  const { connect } = github.runnerSide;
  github.runnerSide.connect = async (jitConfig) => {
    const answer = await connect(jitConfig);
    if (answer.kind === 'connected') connected.push(answer.runnerName);
    return answer;
  };
  return connected;
}

describe('answers of the registrar that get lost', () => {
  const losses = [0, 1, 2].flatMap((number) =>
    (['request', 'answer'] as const).flatMap((what) => [1, 2, 3].map((seed) => ({ number, what, seed }))),
  );
  test.each(losses)('the $what of call $number, seed $seed: one runner connects', async ({ number, what, seed }) => {
    const stage = await createStage({ seed, lose: (_, call) => (call === number ? what : undefined) });
    const connected = connections(stage);
    stage.addJobs({ count: 1, durationSeconds: 90 });
    expect(await stage.until(stage.allCompleted, 30)).toBe(true);
    await stage.minutes(15);
    expect(connected).toHaveLength(1);
    expect(stage.ecs.tasks()).toHaveLength(1);
    expect(stage.leftovers()).toEqual(CLEAN);
  });

  test.each([1, 2, 3, 4, 5])('a third of all, seed %i: one runner for each job connects', async (seed) => {
    const lose = () => stage.chance.pick(['request', 'answer', undefined, undefined, undefined, undefined] as const);
    const stage: Stage = await createStage({ seed, lose });
    const connected = connections(stage);
    stage.addJobs({ count: 30, durationSeconds: 60 });
    expect(await stage.until(stage.allCompleted, 60)).toBe(true);
    await stage.minutes(75);
    expect(new Set(connected).size).toBe(connected.length);
    expect(connected.length).toBe(30);
    expect(stage.leftovers()).toEqual(CLEAN);
  });
});

test('a warm runner whose answers get lost is registered again, like any other', async () => {
  let asked = 0;
  const isWaiting = () => stage.github.control.jobs().some(({ state }) => state === 'queued');
  const stage: Stage = await createStage({
    pools: [aPool({ warm: 3, max: 10 })],
    lose: (path) => (path.endsWith('/registration') && isWaiting() && asked++ % 2 === 0 ? 'answer' : undefined),
  });
  const connected = connections(stage);
  await stage.minutes(5);
  stage.addJobs({ count: 6, durationSeconds: 60 });
  expect(await stage.until(stage.allCompleted, 30)).toBe(true);
  expect(stage.github.calls.get('/orgs/{org}/actions/runners/generate-jitconfig')).toBeGreaterThan(6);
  expect(stage.lines.filter(({ reason }) => /has received its registration/.test(reason))).toEqual([]);
  expect(new Set(connected).size).toBe(connected.length);
  expect(connected).toHaveLength(6);
  expect(stage.github.control.jobs().every(({ conclusion }) => conclusion === 'success')).toBe(true);
});

describe('an STS that is down', () => {
  test('for a while only delays', async () => {
    const stage = await createStage();
    stage.sts.setUnavailable(1);
    stage.addJobs({ count: 10, durationSeconds: 30 });
    await stage.minutes(4);
    expect(stage.github.calls.get('/orgs/{org}/actions/runners/generate-jitconfig')).toBeUndefined();
    stage.sts.setUnavailable(0);
    expect(await stage.until(stage.allCompleted, 10)).toBe(true);
    await stage.minutes(15);
    expect(stage.ecs.tasks()).toHaveLength(10);
    expect(stage.leftovers()).toEqual(CLEAN);
  });

  test('now and then costs no launch', async () => {
    const stage = await createStage();
    stage.sts.setUnavailable(0.5);
    stage.addJobs({ count: 30, durationSeconds: 30 });
    expect(await stage.until(stage.allCompleted, 30)).toBe(true);
    await stage.minutes(15);
    expect(stage.ecs.tasks()).toHaveLength(30);
    expect(stage.leftovers()).toEqual(CLEAN);
  });
});

describe('a launch whose answer nobody has noted', () => {
  test('waits for its ARN, which the call gives when it is repeated, and registers then', async () => {
    const stage = await createStage({
      scalers: 1,
      watch: (_, { when, call }, invocation) => {
        if (when === 'after' && call === 'cluster.runTask' && isArmed) {
          isArmed = false;
          invocation.kill();
        }
      },
    });
    let isArmed = false;
    // After another job there is an instance, so that the container asks before the call is repeated.
    stage.addJobs({ count: 1, durationSeconds: 30 });
    expect(await stage.until(stage.allCompleted, 10)).toBe(true);
    await stage.minutes(2);
    isArmed = true;
    const start = stage.clock.now();
    stage.addJobs({ count: 1, durationSeconds: 30 });
    expect(await stage.until(() => stage.seats().some(({ state }) => state === 'registered'), 10)).toBe(true);
    expect(stage.lines.some(({ reason }) => reason === 'which task it is, is not known yet')).toBe(true);
    expect((stage.clock.now() - start) / 1000).toBeLessThan(150);
    expect(await stage.until(stage.allCompleted, 10)).toBe(true);
    await stage.minutes(10);
    expect(stage.ecs.tasks()).toHaveLength(2);
    expect(stage.leftovers()).toEqual(CLEAN);
  });
});

describe('an upgrade', () => {
  test('from containers that prove nothing, with jobs waiting, booting and running: none is lost, none runs twice', async () => {
    const { role: _, ...before } = aPool({ max: 10 });
    const after = aPool({ max: 10, taskDefinition: 'sim-default:2' });
    const stage = await createStage({ pools: [before] });
    const connected = connections(stage);
    stage.addJobs({ count: 30, durationSeconds: 60 });
    await stage.clock.runUntil(stage.clock.now() + 75_000);
    stage.configure([after]);
    expect(await stage.until(stage.allCompleted, 60)).toBe(true);
    await stage.minutes(15);
    expect(connected).toHaveLength(30);
    expect(stage.sts.asked()).toBeGreaterThan(0);
    expect(stage.sts.asked()).toBeLessThan(30);
    expect(stage.leftovers()).toEqual(CLEAN);
  });
});
