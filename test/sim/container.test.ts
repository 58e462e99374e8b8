import { describe, expect, test } from '@jest/globals';
import { seededChance } from '../../lib/sim/chance.ts';
import { runContainer } from '../../lib/sim/container.ts';
import {
  EXIT_CONFLICT,
  EXIT_DONE,
  EXIT_KILLED,
  EXIT_NOT_BOOTED,
  EXIT_REFUSED,
  EXIT_WITHOUT_JOB,
  type RegistrarAnswer,
  type RegistrarRequest,
} from '../../lib/sim/container-state.ts';
import {
  aGitHub,
  call,
  connect,
  type GitHubUnderTest,
  MINUTE,
  queue,
  type Registered,
  register,
  SECOND,
} from '../support/github-service.ts';

const NAME = 'ecs-default-0-100520616166-1';

type Said = Partial<RegistrarAnswer> | Error;
type Script = {
  registration?: (attempt: number) => Said;
  idle?: () => Said | Promise<Said>;
  started?: (attempt: number) => Said;
};

/** A container of which everything it says to the registrar is kept; it ends at `exitCode`, at `endedAt`. */
async function aContainer(script: Script = {}, given: { github?: GitHubUnderTest; runner?: Registered } = {}) {
  const github = given.github ?? aGitHub();
  github.service.control.putInstallation({ owner: 'octo-org', kind: 'Organization', repositories: ['app'] });
  const runner = given.runner ?? (await register(github, { name: `${NAME}-1` }));
  const asked: (RegistrarRequest & { at: number })[] = [];
  const stop = new AbortController();
  const kill = new AbortController();
  const start = github.clock.now();
  const state: { exitCode: number | undefined; endedAt: number } = { exitCode: undefined, endedAt: 0 };
  const granted = { jitConfig: runner.jitConfig, reportCredential: 'report', runnerName: `${NAME}-1` };
  const attempts = (what: string) => asked.filter(({ path }) => path.endsWith(what)).length;

  async function registrar(request: RegistrarRequest): Promise<RegistrarAnswer> {
    asked.push({ ...request, at: (github.clock.now() - start) / SECOND });
    const what = request.path.split('/').at(-1);
    const said =
      what === 'registration'
        ? (script.registration?.(attempts('registration')) ?? { body: JSON.stringify(granted) })
        : what === 'idle'
          ? ((await script.idle?.()) ?? { body: '{"answer":"stay"}' })
          : (script.started?.(attempts('started')) ?? {});
    if (said instanceof Error) throw said;
    return { status: 200, headers: {}, body: '{}', ...said };
  }

  void runContainer({
    environment: { ECS_RUNNERS_NAME: NAME, ECS_RUNNERS_TICKET: 'ticket', ECS_RUNNERS_URL: 'http://127.0.0.1:1' },
    clock: github.clock,
    chance: seededChance(1),
    registrar,
    github: github.service.runnerSide,
    signal: stop.signal,
    killed: kill.signal,
  }).then(({ exitCode }) => Object.assign(state, { exitCode, endedAt: (github.clock.now() - start) / SECOND }));
  await github.pass(0);
  return { github, runner, asked, stop, kill, state, attempts };
}

const paths = (asked: RegistrarRequest[]) => asked.map(({ path }) => path.split('/').at(-1));

test('runs the job that it is sent, says so, and ends with 0 after the job’s time', async () => {
  const github = aGitHub();
  queue(github, { durationSeconds: 90 });
  const { state, asked } = await aContainer({}, { github });
  await github.pass(2 * MINUTE);
  expect(state).toEqual({ exitCode: EXIT_DONE, endedAt: 90 });
  expect(asked[0]).toMatchObject({
    path: `/runners/${NAME}/registration`,
    headers: { authorization: 'Bearer ticket' },
    body: '{}',
  });
  expect(asked[1]).toMatchObject({ path: `/runners/${NAME}/started`, headers: { authorization: 'Bearer report' } });
  const runId = github.service.books.runs.keys().next().value;
  expect(JSON.parse(asked[1]?.body ?? '')).toEqual({ repository: 'octo-org/app', runId, runAttempt: 1, job: 'build' });
  expect(asked).toHaveLength(2);
  expect(github.service.control.jobs()).toMatchObject([{ conclusion: 'success', runnerName: `${NAME}-1` }]);
});

test('ends early with 0 when its job is cancelled', async () => {
  const github = aGitHub();
  const [id = 0] = queue(github, { durationSeconds: 3600 });
  const { state } = await aContainer({}, { github });
  await github.pass(MINUTE);
  github.service.control.cancel(id);
  await github.pass(SECOND);
  expect(state).toEqual({ exitCode: EXIT_DONE, endedAt: 60 });
  expect(github.service.control.jobs()).toMatchObject([{ conclusion: 'cancelled' }]);
});

test('a failed job is a job too', async () => {
  const github = aGitHub();
  queue(github, { conclusion: 'failure', durationSeconds: 1 });
  const { state } = await aContainer({}, { github });
  await github.pass(MINUTE);
  expect(state.exitCode).toBe(EXIT_DONE);
  expect(github.service.control.jobs()).toMatchObject([{ conclusion: 'failure' }]);
});

describe('the bootstrap', () => {
  const ends: [sentence: string, said: Said, exitCode: number][] = [
    ['nobody wants it (410)', { status: 410 }, EXIT_DONE],
    ['its ticket is refused (401)', { status: 401 }, EXIT_REFUSED],
    ['an answer that is not what was promised', { status: 200, body: '<html>' }, EXIT_REFUSED],
  ];
  test.each(ends)('ends at once: %s', async (_sentence, said, exitCode) => {
    const { state } = await aContainer({ registration: () => said });
    expect(state).toEqual({ exitCode, endedAt: 0 });
  });

  const retried: [sentence: string, said: Said][] = [
    ['503', { status: 503 }],
    ['429', { status: 429 }],
    ['502', { status: 502 }],
    ['no connection', new Error('ECONNREFUSED')],
  ];
  test.each(retried)('asks again: %s', async (_sentence, said) => {
    const { state, asked, github } = await aContainer({ registration: () => said });
    await github.pass(6 * MINUTE);
    expect(state.exitCode).toBe(EXIT_NOT_BOOTED);
    expect(state.endedAt).toBeLessThanOrEqual(300);
    expect(asked.length).toBeGreaterThan(10);
  });

  test('obeys Retry-After, and its five minutes count anew from its end', async () => {
    const registration = (attempt: number) => {
      return attempt <= 3 ? { status: 503, headers: { 'retry-after': '240' } } : { status: 503 };
    };
    const { state, asked, github } = await aContainer({ registration });
    await github.pass(30 * MINUTE);
    expect(asked.slice(0, 4).map(({ at }) => Math.floor(at / 10) * 10)).toEqual([0, 240, 480, 720]);
    expect(state.endedAt).toBeGreaterThan(720);
    expect(state.endedAt).toBeLessThanOrEqual(720 + 3 + 300);
  });

  test('another session lives: tries for four minutes, then ends with the runner’s own code', async () => {
    const github = aGitHub();
    github.service.control.putInstallation({ owner: 'octo-org', kind: 'Organization' });
    const runner = await register(github, { name: `${NAME}-1` });
    await connect(github, runner);
    const { state } = await aContainer({}, { github, runner });
    await github.pass(5 * MINUTE);
    expect(state).toEqual({ exitCode: EXIT_CONFLICT, endedAt: 240 });
  });
});

describe('while no job runs', () => {
  test('it says so once a minute and stays', async () => {
    const { github, asked, state } = await aContainer();
    await github.pass(3 * MINUTE);
    expect(paths(asked)).toEqual(['registration', 'idle', 'idle', 'idle']);
    expect(asked.slice(1).map(({ at }) => at)).toEqual([60, 120, 180]);
    expect(state.exitCode).toBeUndefined();
  });

  test('told to go, it ends with 0, whether it first hears that its registration is gone or not', async () => {
    for (const deletes of [true, false]) {
      const github = aGitHub();
      const container = await aContainer(
        {
          idle: async () => {
            if (deletes) await call(github, 'DELETE', `/orgs/octo-org/actions/runners/${container.runner.id}`);
            return { body: '{"answer":"go"}' };
          },
        },
        { github },
      );
      await github.pass(2 * MINUTE);
      expect(container.state).toEqual({ exitCode: EXIT_DONE, endedAt: 60 });
    }
  });

  test('told to go when a job has just come, it runs the job', async () => {
    const github = aGitHub();
    const { state } = await aContainer(
      {
        idle: () => {
          queue(github, { durationSeconds: 30 });
          return { body: '{"answer":"go"}' };
        },
      },
      { github },
    );
    await github.pass(2 * MINUTE);
    expect(state).toEqual({ exitCode: EXIT_DONE, endedAt: 90 });
    expect(github.service.control.jobs()).toMatchObject([{ conclusion: 'success' }]);
  });

  const stays: [sentence: string, said: Said][] = [
    ['an error', { status: 500, body: '{"answer":"go"}' }],
    ['no connection', new Error('ECONNREFUSED')],
    ['something else', { body: '{"answer":"maybe"}' }],
    ['no JSON', { body: 'go' }],
  ];
  test.each(stays)('only a clear "go" makes it leave, not %s', async (_sentence, said) => {
    const { state, github } = await aContainer({ idle: () => said });
    await github.pass(2 * MINUTE);
    expect(state.exitCode).toBeUndefined();
  });

  test('its registration is deleted: it ends without a job', async () => {
    const { state, github, runner } = await aContainer();
    await call(github, 'DELETE', `/orgs/octo-org/actions/runners/${runner.id}`);
    await github.pass(0);
    expect(state).toEqual({ exitCode: EXIT_WITHOUT_JOB, endedAt: 0 });
  });

  test('SIGTERM ends it at once, and its registration stays, offline', async () => {
    const { state, github, stop } = await aContainer();
    stop.abort();
    await github.pass(0);
    expect(state).toEqual({ exitCode: EXIT_WITHOUT_JOB, endedAt: 0 });
    expect(github.service.control.runners()).toMatchObject([{ online: false }]);
  });
});

test('the word that a job has started is repeated until it is heard, and holds up nothing', async () => {
  const github = aGitHub();
  queue(github, { durationSeconds: 600 });
  const started = (attempt: number) => ({ status: attempt < 8 ? 500 : 200 });
  const { state, attempts } = await aContainer({ started }, { github });
  await github.pass(11 * MINUTE);
  expect(attempts('started')).toBe(8);
  expect(state.endedAt).toBe(600);
});

test('SIGTERM during a job does not end it', async () => {
  const github = aGitHub();
  queue(github, { durationSeconds: 100 });
  const { state, stop } = await aContainer({}, { github });
  stop.abort();
  await github.pass(2 * MINUTE);
  expect(state).toEqual({ exitCode: EXIT_DONE, endedAt: 100 });
});

test('killed during a job it says nothing to anybody', async () => {
  const github = aGitHub();
  queue(github, { durationSeconds: 100 });
  const { state, kill, asked } = await aContainer({}, { github });
  kill.abort();
  await github.pass(5 * MINUTE);
  expect(state).toEqual({ exitCode: EXIT_KILLED, endedAt: 0 });
  expect(paths(asked)).toEqual(['registration', 'started']);
  expect(github.service.control.jobs()).toMatchObject([{ state: 'in_progress' }]);
  await github.pass(5 * MINUTE);
  expect(github.service.control.jobs()).toMatchObject([{ state: 'completed', conclusion: 'failure' }]);
});

test('a job that was cancelled before it could acquire it: listens on and takes the next', async () => {
  const github = aGitHub({ faults: { ghostRunners: 0 } });
  const { state } = await aContainer({}, { github });
  const [first = 0] = queue(github);
  github.service.control.cancel(first);
  await github.pass(SECOND);
  queue(github, { durationSeconds: 10 });
  await github.pass(MINUTE);
  expect(state).toEqual({ exitCode: EXIT_DONE, endedAt: 11 });
});

test('a ghost listens on until it is told to go', async () => {
  const github = aGitHub({ faults: { ghostRunners: 1 } });
  const said = { answer: 'stay' };
  queue(github);
  const { state } = await aContainer({ idle: () => ({ body: JSON.stringify(said) }) }, { github });
  await github.pass(10 * MINUTE);
  expect(state.exitCode).toBeUndefined();
  said.answer = 'go';
  await github.pass(MINUTE);
  expect(state.exitCode).toBe(EXIT_DONE);
});
