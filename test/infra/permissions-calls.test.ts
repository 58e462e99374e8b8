/**
 * Whether the calls that permissions are derived from are the right ones: the reading of the code by examples, and by the
 * whole service at work, of which every call must have been read off the code.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { guard } from '../../lib/flows/guard.ts';
import type { Capacity } from '../../lib/world.ts';
import { grant, killAll } from '../support/dying.ts';
import { CLUSTER } from '../support/ecs-simulated.ts';
import {
  aCapacityWorld,
  type CapacityWorld,
  inProcess,
  LARGE,
  overTheWire,
  SMALL,
} from '../support/guarded-capacity.ts';
import { aPool } from '../support/pools.ts';
import { bundled, portCalls } from '../support/port-calls.ts';
import { createStage, type FunctionName, type Stage, type StageOptions } from '../support/stage.ts';

describe('reading the code', () => {
  test.each([
    {
      name: 'a method that is called',
      code: 'const f = async (world) => { await world.queue.send([]); };',
      calls: ['queue.send'],
    },
    {
      name: 'a branch that is never taken',
      code: 'function f(world) { if (false) return world.cluster.runTask({}); }',
      calls: ['cluster.runTask'],
    },
    { name: 'a method that is handed on', code: 'function f(world) { g(world.queue.send); }', calls: ['queue.send'] },
    {
      name: 'a method that stands in for the port’s own, and is called by nobody',
      code: `const g = (world) => ({ ...world, queue: { ...world.queue, send: (one) => { world.log({}); return world.queue.send(one); } } });
        function f(world) { return g(world).history.get({}); }`,
      calls: ['history.get', 'log'],
    },
    {
      name: '… and by somebody; another method that it calls is called',
      code: `const g = (world) => ({ ...world, queue: { ...world.queue, send: (one) => { world.queue.other(); return world.queue.send(one); } } });
        function f(world) { return g(world).queue.send({}); }`,
      calls: ['queue.other', 'queue.send'],
    },
    {
      name: 'a method that is returned',
      code: 'function f(world) { return world.queue.send; }',
      calls: ['queue.send'],
    },
    {
      name: 'the world, handed to a function that stands further up',
      code: 'const g = (own) => own.history.get({}); function f(world) { return () => g(world); }',
      calls: ['history.get'],
    },
    {
      name: 'a table that several functions hand to one',
      code: `async function change(table) { await table.get({}); await table.put({}); }
        function f(world) { return change(world.history).then(() => g(world)); }
        function g(world) { return change(world.runners); }`,
      calls: ['history.get', 'history.put', 'runners.get', 'runners.put'],
    },
    {
      name: 'a port under another name, and taken out of the world',
      code: 'function f({ queue, history: table }) { const other = table; queue.send([]); other.get({}); }',
      calls: ['history.get', 'queue.send'],
    },
    {
      name: 'another value of the same name in another scope',
      code: 'function f(world) { return [1].map((world) => world.history.get({})).concat(world.queue.send([])); }',
      calls: ['queue.send'],
    },
    {
      name: 'a world that a function has put something else into',
      code: `const observed = (world) => ({ ...world, cluster: { ...world.cluster, runTask: () => world.log({}) } });
        const worldFor = (world, on) => (on ? observed(world) : world);
        function f(world) { const able = worldFor(world, true); able.cluster.stopTask(''); }`,
      calls: ['cluster.stopTask', 'log'],
    },
    {
      name: 'optional chains',
      code: 'function f(world) { world?.queue?.send([]); }',
      calls: ['queue.send'],
    },
    {
      name: 'functions that call each other',
      code: `function f(world) { return g(world); } function g(world) { world.backlog.list(''); return f(world); }`,
      calls: ['backlog.list'],
    },
    {
      name: 'a function that nobody calls',
      code: 'function f(world) {} function g(world) { world.queue.send([]); }',
      calls: [],
    },
  ])('$name', ({ calls, code }) => {
    expect(portCalls(code, 'f')).toEqual(calls);
  });

  test.each([
    ['a computed name', 'function f(world) { return world[name].get({}); }', 'is read by a computed name'],
    ['a world in an object', 'function f(world) { return g({ world }); } function g() {}', 'is used as a whole'],
    [
      'a port under a false name',
      'function f(world) { return g({ ...world, queue: world.history }); } function g(w) {}',
      'is put into an object',
    ],
    ['an unknown function', 'function f(world) { unknown(world); }', 'is handed to something unknown'],
    ['a method of something', 'function f(world) { list.push(world.runners); }', 'is handed to something unknown'],
    ['a variable that changes', 'function f(world) { let port; port = world.runners; }', 'is used as a whole'],
    ['a choice by truth', 'function f(world) { const port = world.runners ?? other; }', 'is used as a whole'],
    ['the rest of a world', 'function f(world) { const { queue, ...rest } = world; }', 'is taken apart'],
    ['a closure that gives it away', 'function f(world) { return list.map(() => world); }', 'is used as a whole'],
    ['no such function', 'function g(world) {}', 'has no function f'],
  ])('%s is an error, and not left out', (_name, code, problem) => {
    expect(() => portCalls(code, 'f')).toThrow(problem);
  });
});

const FUNCTIONS = ['webhook', 'scaler', 'registrar', 'janitor'] as const;

/** Days at work, which together call everything that the code can call. */
const DAYS: readonly { name: string; options?: StageOptions; run: (stage: Stage) => Promise<unknown> }[] = [
  {
    name: 'many jobs, every webhook twice, in any order and some in vain',
    run: async (stage) => {
      stage.github.control.setFaults({ duplicateWebhooks: 1, reorderWebhooks: 0.3, failWebhooks: 0.1 });
      stage.addJobs({ count: 30, durationSeconds: 30 });
      await stage.until(stage.allCompleted, 60);
      await stage.minutes(12);
    },
  },
  {
    name: 'an image that cannot be pulled, and a job that is cancelled meanwhile',
    options: { images: { default: 'registry.test/does-not-exist:1' } },
    run: async (stage) => {
      const [job = 0] = stage.addJobs({ count: 3 });
      await stage.minutes(5);
      stage.github.control.setFaults({ loseWebhooks: 1 });
      stage.github.control.cancel(job);
      await stage.minutes(40);
    },
  },
  {
    name: 'calls without an answer, functions that die, and jobs that are cancelled meanwhile',
    run: async (stage) => {
      stage.ecs.setFaults({ cutAfter: 0.5 });
      const jobs = stage.addJobs({ count: 20, durationSeconds: 60 });
      await stage.minutes(0.5);
      stage.killFunctions();
      for (const job of jobs) stage.github.control.cancel(job);
      await stage.until(stage.allCompleted, 60);
      await stage.minutes(12);
    },
  },
  {
    name: 'idle runners, and events that are lost',
    run: async (stage) => {
      const [job = 0] = stage.addJobs({ count: 5 });
      stage.github.control.setFaults({ refuseSessions: 1, loseWebhooks: 1 });
      await stage.until(() => stage.seats().some(({ state }) => state === 'registered'), 5);
      stage.github.control.cancel(job);
      stage.github.control.setFaults({ refuseSessions: 0 });
      await stage.minutes(40);
    },
  },
  {
    name: 'cancelled while its container boots, and nobody hears of stopped tasks',
    run: async (stage) => {
      stage.ecs.setFaults({ loseEvents: 1, listLagSeconds: 60, describeLagSeconds: 30 });
      const [job = 0] = stage.addJobs({ count: 4, durationSeconds: 20 });
      await stage.until(() => stage.livingTasks().length === 4, 2);
      stage.github.control.cancel(job);
      await stage.minutes(30);
    },
  },
  {
    name: 'a task that nobody knows any more, and its runner',
    run: async (stage) => {
      stage.addJobs({ count: 2, durationSeconds: 3600 });
      await stage.minutes(5);
      for (const seat of stage.seats()) void stage.runners.remove(seat);
      await stage.minutes(70);
    },
  },
  {
    name: 'a container that says nothing, and whose registration is gone',
    options: { lose: (path) => (path.endsWith('/idle') ? 'request' : undefined) },
    run: async (stage) => {
      stage.github.control.setFaults({ ghostRunners: 1 });
      stage.addJobs({});
      await stage.until(() => stage.seats().some(({ state }) => state === 'registered'), 5);
      await stage.minutes(1);
      stage.github.control.setFaults({ ghostRunners: 0 });
      await stage.minutes(20);
    },
  },
  {
    name: 'an App that is suspended while containers boot',
    run: async (stage) => {
      stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization' });
      stage.addJobs({ count: 2 });
      await stage.until(() => stage.livingTasks().length === 2, 1);
      stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', suspended: true });
      await stage.minutes(20);
    },
  },
  {
    name: 'runners that register themselves, some of which are not needed, and some of which are lost',
    options: { pools: [aPool({ registration: 'token' })] },
    run: async (stage) => {
      const [job = 0] = stage.addJobs({ count: 6, durationSeconds: 600 });
      stage.github.control.setFaults({ refuseSessions: 1, loseWebhooks: 1 });
      await stage.until(() => stage.seats().some(({ state }) => state === 'registered'), 5);
      stage.github.control.cancel(job);
      stage.github.control.setFaults({ refuseSessions: 0 });
      await stage.minutes(6);
      for (const loseEvents of [0, 1]) {
        stage.github.control.setFaults({ refuseSessions: 1, loseWebhooks: 0 });
        stage.addJobs({ count: 3, durationSeconds: 600 });
        await stage.minutes(2);
        stage.ecs.setFaults({ loseEvents });
        for (const { ec2InstanceId } of stage.ecs.instances()) stage.ecs.killInstance(String(ec2InstanceId));
        await stage.minutes(4);
      }
      stage.github.control.setFaults({ refuseSessions: 0 });
      await stage.minutes(40);
    },
  },
  {
    name: 'jobs that die with their instances, all of a run and some of another',
    options: { pools: [aPool({ rerunsMax: 1 })] },
    run: async (stage) => {
      grant(stage);
      const [failing = 0] = stage.addJobs({ count: 2, durationSeconds: 600 });
      Object.assign(stage.github.books.jobs.get(failing) ?? {}, { durationSeconds: 20, outcome: 'failure' });
      stage.addJobs({ durationSeconds: 600 });
      await stage.until(() => stage.github.books.jobs.get(failing)?.state === 'completed', 5);
      killAll(stage);
      await stage.minutes(15);
    },
  },
  {
    name: 'an instance that is taken away',
    run: async (stage) => {
      stage.addJobs({ count: 2 });
      await stage.until(() => stage.seats().some(({ state }) => state === 'busy'), 5);
      stage.addJobs({});
      await stage.until(
        () => stage.seats().some(({ taskArn, state }) => taskArn !== undefined && state === 'launching'),
        5,
      );
      const detail = { 'instance-id': stage.ecs.instances()[0]?.['ec2InstanceId'], 'instance-action': 'terminate' };
      const event = { 'detail-type': 'EC2 Spot Instance Interruption Warning', source: 'aws.ec2', detail };
      stage.queue.deliver(JSON.stringify(event));
      await stage.minutes(5);
    },
  },
  {
    name: 'a pool that has room for one',
    options: { pools: [aPool({ max: 1 })] },
    run: async (stage) => {
      stage.addJobs({ count: 5, durationSeconds: 60 });
      await stage.minutes(30);
    },
  },
];

describe('the service at work', () => {
  const seen = new Map<FunctionName, Set<string>>(FUNCTIONS.map((name) => [name, new Set()]));
  const derived = new Map<FunctionName, readonly string[]>();

  beforeAll(async () => {
    for (const name of FUNCTIONS) {
      derived.set(name, portCalls(await bundled(`lib/handlers/${name}.ts`), `${name}Handler`));
    }
    for (const { options, run } of DAYS) {
      await run(await createStage({ ...options, watch: (name, { call }) => seen.get(name)?.add(call) }));
    }
  });

  test.each(FUNCTIONS)('%s calls nothing that was not read off its code', (name) => {
    expect([...(seen.get(name) ?? [])].filter((call) => !derived.get(name)?.includes(call))).toEqual([]);
  });

  test.each(FUNCTIONS)('%s calls what was read off its code, but for what is rare', (name) => {
    const unseen = (derived.get(name) ?? []).filter((call) => !isSilent(call) && !seen.get(name)?.has(call));
    expect(unseen).toEqual(Object.keys(RARE[name]));
  });
});

/** Reviewed: what these days at work do not reach, and when it happens. */
const RARE: Readonly<Record<FunctionName, Readonly<Record<string, string>>>> = {
  webhook: {},
  scaler: {
    'github.listRunners': 'an idle runner leaves with its instance, and GitHub says that it knows no such registration',
  },
  registrar: {
    'backlog.remove': 'the job for which a runner gives up has been completed between two reads',
    'github.listRunners': 'an idle runner is to leave, and GitHub says that it knows no such registration',
  },
  janitor: {
    'cluster.findTask': 'nobody has noted the answer of a launch for fifty minutes',
    'cluster.stopTask': 'a runner that was given up unheard of has not ended within hours',
    'github.registrationToken': 'GitHub refuses to register runners of a pool whose images register themselves',
  },
};

/** Not watched: nothing outside is asked. */
function isSilent(call: string): boolean {
  return call === 'log' || call === 'github.rateLimits' || call.startsWith('clock.');
}

describe('the guard at work', () => {
  const stack = { cluster: CLUSTER, prefix: 'gha', launches: true };

  test('calls what was read off its code', async () => {
    const seen = new Set<string>();
    const world = aCapacityWorld({ instances: 1 });
    const groups = [SMALL, LARGE];
    world.launch('default', SMALL.capacityProvider);
    await world.pass(60_000);
    const ports = await watchedPorts(world, seen);
    await guard(ports, { kind: 'create', now: { ...stack, groups } });
    expect(await guard(ports, { kind: 'delete', now: { ...stack, groups } })).toMatchObject({ kind: 'refused' });
    await world.pass(20 * 60_000);
    expect(await guard(ports, { kind: 'delete', now: { ...stack, groups } })).toMatchObject({ kind: 'allowed' });
    await guard(ports, { kind: 'update', before: { ...stack, groups }, now: { ...stack, groups } });
    expect([...seen].sort()).toEqual(portCalls(await bundled('lib/flows/guard.ts'), 'guard'));
  });

  test('asks for nothing but tasks where the stack has no groups', async () => {
    const seen = new Set<string>();
    const world = listenedTo(aCapacityWorld({ instances: 1 }), seen);
    world.launch('default', SMALL.capacityProvider);
    const { capacity, close } = await overTheWire(world);
    seen.clear();
    const bare = { ...stack, groups: [] };
    for (const launches of [true, false]) {
      const now = { ...bare, launches };
      await guard({ capacity, putBack: capacity }, { kind: 'create', now });
      await guard({ capacity, putBack: capacity }, { kind: 'update', before: bare, now });
      await guard({ capacity, putBack: capacity }, { kind: 'delete', now });
    }
    await close();
    expect([...seen].sort()).toEqual(['DescribeTasks', 'ListTasks']);
  });
});

function listenedTo(world: CapacityWorld, seen: Set<string>): CapacityWorld {
  const listened = <Service extends { call: CapacityWorld['ecs']['call'] }>(service: Service): Service => ({
    ...service,
    call: (operation, input) => {
      seen.add(operation);
      return service.call(operation, input);
    },
  });
  return { ...world, ecs: listened(world.ecs), autoScaling: listened(world.autoScaling) };
}

async function watchedPorts(world: CapacityWorld, seen: Set<string>) {
  const { capacity } = await inProcess(world);
  return { capacity: watched('capacity', capacity, seen), putBack: watched('putBack', capacity, seen) };
}

function watched(name: string, port: Capacity, seen: Set<string>): Capacity {
  return new Proxy(port, {
    get(target, method, receiver) {
      seen.add(`${name}.${String(method)}`);
      return Reflect.get(target, method, receiver);
    },
  });
}
