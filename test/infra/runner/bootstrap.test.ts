/** The real command of a runner's container against a registrar and a listener that follow a script. */
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { bootstrapCommand } from '../../../infra/bootstrap.ts';
import {
  type Answer,
  type Call,
  type Container,
  CREDENTIAL,
  JIT,
  makeHome,
  NAME,
  REGISTERED,
  type Registrar,
  readIfThere,
  removeHome,
  type Script,
  serveRegistrar,
  startContainer,
  TICKET,
} from './container.ts';

/** Listens until it is told to end, as the runner's does. */
const LISTENS = `#!/bin/sh
echo Listening for Jobs
trap 'echo goodbye; exit 0' INT
while :; do sleep 0.02; done
`;
/** Listens, and does not hear SIGINT. */
const DEAF = LISTENS.replace("trap 'echo goodbye; exit 0' INT", "trap '' INT");
/** Runs one job until a file says that it is over, and ends with 0, as after any job. */
const WORKS = `#!/bin/sh
echo Listening for Jobs
bin/Runner.Worker
echo Job completed
`;
/** Idle until a file says that a job comes. */
const WORKS_LATER = WORKS.replace('bin/Runner.Worker', 'until [ -e job ]; do sleep 0.02; done; bin/Runner.Worker');
const WORKER = `#!/bin/sh
until [ -e over ]; do sleep 0.02; done
`;
const GONE: Answer = { status: 410, body: { reason: 'no queued job needs it' } };
const GO: Answer = { status: 200, body: { answer: 'go', reason: 'removed at GitHub' } };
const STAY: Answer = { status: 200, body: { answer: 'stay', reason: 'job 4711 is queued' } };
const WARM: Answer = {
  status: 503,
  body: { reason: 'no job is owed', warm: true },
  headers: { 'retry-after': '3' },
};
const NOT_YET: Answer = { status: 503, body: { reason: 'paced' }, headers: { 'retry-after': '2' } };

type Situation = {
  script: Script;
  listener?: string;
  /** What happens to it from outside. */
  meanwhile?: (container: Container, home: string, registrar: Registrar) => Promise<void>;
  exitCode: number;
  says: string;
  calls?: string[];
  speed?: number;
};

const situations: Record<string, Situation> = {
  'runs a job and ends with 0': {
    script: { registration: [REGISTERED] },
    listener: WORKS,
    meanwhile: async (_, home, registrar) => {
      await registrar.heard('started');
      mkdirSync(join(home, 'over'));
    },
    exitCode: 0,
    says: 'the listener ended with 0 after its job',
    calls: ['registration', 'started'],
  },
  'a job that was too quick to be seen counts by its log': {
    script: { registration: [REGISTERED] },
    listener: '#!/bin/sh\nmkdir _diag; touch _diag/Worker_1.log\n',
    exitCode: 0,
    says: 'after its job',
    calls: ['registration'],
  },
  'is wanted by nobody': {
    script: { registration: [GONE] },
    exitCode: 0,
    says: 'nobody needs this runner any more (no queued job needs it)',
    calls: ['registration'],
  },
  'its ticket is refused': {
    script: { registration: [{ status: 401, body: { reason: 'not of this runner' } }] },
    exitCode: 1,
    says: 'refuses this runner: 401: not of this runner',
    calls: ['registration'],
  },
  'something else answers for the registrar': {
    script: { registration: [{ status: 200, body: { hello: 'world' } }] },
    exitCode: 1,
    says: 'not the registrar’s',
  },
  'is warm, and says so once however often it asks': {
    script: { registration: [WARM, WARM, WARM, WARM, GONE] },
    exitCode: 0,
    says: 'warm: waits for a job (no job is owed)',
    calls: ['registration', 'registration', 'registration', 'registration', 'registration'],
  },
  'is told to wait, loses an answer, hears an error, and is registered': {
    script: { registration: [NOT_YET, 'cut', { status: 500 }, { status: 429 }, GONE] },
    exitCode: 0,
    says: 'not registered yet (503: paced); asking again in',
    calls: ['registration', 'registration', 'registration', 'registration', 'registration'],
  },
  'gets no registration within its time': {
    script: { registration: [{ status: 502 }] },
    exitCode: 2,
    says: 'no registration within 5 minutes; the last answer: 502',
    speed: 200,
  },
  'is told to stop before it is registered': {
    script: { registration: [{ ...NOT_YET, headers: { 'retry-after': '900' } }] },
    meanwhile: async (container) => {
      await container.says('not registered yet');
      container.stop();
    },
    exitCode: 3,
    says: 'told to stop before it was registered',
  },
  'is told to stop while it is idle': {
    script: { registration: [REGISTERED] },
    listener: LISTENS,
    meanwhile: async (container) => {
      await container.says('Listening');
      container.stop();
    },
    exitCode: 3,
    says: 'goodbye',
    calls: ['registration', 'idle'],
  },
  'is told to stop, and its listener does not hear': {
    script: { registration: [REGISTERED] },
    listener: DEAF,
    meanwhile: async (container) => {
      await container.says('Listening');
      container.stop();
    },
    exitCode: 3,
    says: 'the listener was killed without a job',
  },
  'is told to stop during a job, which it finishes': {
    script: { registration: [REGISTERED] },
    listener: WORKS,
    meanwhile: async (container, home, registrar) => {
      await registrar.heard('started');
      container.stop();
      container.stop();
      await new Promise((done) => setTimeout(done, 1500)); // longer than an idle listener would have
      mkdirSync(join(home, 'over'));
    },
    exitCode: 0,
    says: 'Job completed',
    calls: ['registration', 'started'],
  },
  'is told to stop when the listener has said that a job runs, and there is no worker yet': {
    script: { registration: [REGISTERED] },
    listener: `#!/bin/sh
trap 'echo goodbye; exit 0' INT
echo '2026-01-01 00:00:00Z: Listening for Jobs'
echo '2026-01-01 00:00:00Z: Running job: build'
until [ -e over ]; do sleep 0.02; done
`,
    meanwhile: async (container, home, registrar) => {
      await registrar.heard('started');
      container.stop();
      await new Promise((done) => setTimeout(done, 500));
      mkdirSync(join(home, 'over'));
    },
    exitCode: 0,
    says: 'the listener ended with 0 after its job',
    calls: ['registration', 'started'],
  },
  'is told to go after it was idle for a minute, and again': {
    script: {
      registration: [REGISTERED],
      idle: [STAY, 'cut', { status: 500 }, { status: 200, body: { hello: 'world' } }, GO],
    },
    listener: LISTENS,
    exitCode: 0,
    says: 'idle; told to go: removed at GitHub',
    calls: ['registration', 'idle', 'idle', 'idle', 'idle', 'idle'],
    speed: 100,
  },
  'is told to go, and its listener has found its registration gone before': {
    script: { registration: [REGISTERED], idle: [{ ...GO, delayMs: 1000 }] },
    listener: '#!/bin/sh\nuntil [ -e removed ]; do sleep 0.02; done\n',
    meanwhile: async (_, folder) => {
      while (!registrar?.calls.some(({ what }) => what === 'idle')) await new Promise((done) => setTimeout(done, 5));
      mkdirSync(join(folder, 'removed'));
    },
    exitCode: 0,
    says: 'told to go',
  },
  'stays idle until a job comes': {
    script: { registration: [REGISTERED], idle: [STAY] },
    listener: WORKS_LATER,
    meanwhile: async (container, home, registrar) => {
      await container.says('idle; stays (200: job 4711 is queued)');
      mkdirSync(join(home, 'job'));
      await registrar.heard('started');
      mkdirSync(join(home, 'over'));
    },
    exitCode: 0,
    says: 'after its job',
    calls: ['registration', 'idle', 'started'],
  },
  'the word that a job has started is repeated until it is heard': {
    script: { registration: [REGISTERED], started: ['cut', ...Array(8).fill({ status: 503 }), { status: 204 }] },
    listener: WORKS,
    meanwhile: async (_, home, registrar) => {
      await registrar.heard('started', 10);
      mkdirSync(join(home, 'over'));
    },
    exitCode: 0,
    says: 'after its job',
    calls: ['registration', ...Array(10).fill('started')],
    speed: 100,
  },
  'its listener dies at once': {
    script: { registration: [REGISTERED] },
    listener: '#!/bin/sh\nkill -9 $$\n',
    exitCode: 3,
    says: 'the listener was killed without a job',
  },
  'its listener cannot be started': {
    script: { registration: [REGISTERED] },
    listener: '#!/no/such/interpreter\n',
    exitCode: 3,
    says: 'cannot start the listener',
  },
  'its registration is gone before it connects (1)': {
    script: { registration: [REGISTERED] },
    listener: '#!/bin/sh\nexit 1\n',
    exitCode: 3,
    says: 'the listener ended with 1 without a job',
  },
  'its registration goes while it listens (0)': {
    script: { registration: [REGISTERED] },
    listener: '#!/bin/sh\nexit 0\n',
    exitCode: 3,
    says: 'the listener ended with 0 without a job',
  },
  'another session lives under its registration (5)': {
    script: { registration: [REGISTERED] },
    listener: '#!/bin/sh\nexit 5\n',
    exitCode: 5,
    says: 'the listener ended with 5 without a job',
  },
  'its version is too old for GitHub (7)': {
    script: { registration: [REGISTERED] },
    listener: '#!/bin/sh\nexit $((ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE + 6))\n',
    exitCode: 3,
    says: 'GitHub refuses this version of the runner: take an image with a newer one',
  },
  'an error that passes (2) starts the listener again': {
    script: { registration: [REGISTERED] },
    listener: '#!/bin/sh\n[ -e second ] && exit 5\nmkdir second; exit 2\n',
    exitCode: 5,
    says: 'the listener ended with 2; starting it again',
  },
  'an error that does not pass (2) starts it five times': {
    script: { registration: [REGISTERED] },
    listener: '#!/bin/sh\necho attempt >> attempts; exit 2\n',
    exitCode: 3,
    says: 'the listener ended with 2 without a job',
  },
  'an error after the job (2) is the end': {
    script: { registration: [REGISTERED] },
    listener: '#!/bin/sh\nmkdir _diag || exit 3; touch _diag/Worker_1.log; exit 2\n',
    exitCode: 0,
    says: 'the listener ended with 2 after its job',
  },
  'an update (3) is awaited, then the listener started again': {
    script: { registration: [REGISTERED] },
    listener: '#!/bin/sh\n[ -e second ] && exit 5\nmkdir second; (sleep 0.2; touch update.finished) & exit 3\n',
    exitCode: 5,
    says: 'the listener ended with 3; starting it again',
  },
};

let registrar: Registrar | undefined;
let home = '';
afterEach(() => {
  registrar?.close();
  registrar = undefined;
  removeHome(home);
});

test.each(Object.entries(situations))('%s', async (_, situation) => {
  const { script, listener = LISTENS, meanwhile, exitCode, says, calls, speed = 20 } = situation;
  registrar = await serveRegistrar(script);
  home = makeHome({ 'bin/Runner.Listener': listener, 'bin/Runner.Worker': WORKER });
  const container = startContainer({ home, url: registrar.url, speed });
  await meanwhile?.(container, home, registrar);
  const code = await container.ended;
  const lines = container.output();
  expect({ code, said: lines.filter((line) => line.includes(says)).length > 0, lines }).toMatchObject({
    code: exitCode,
    said: true,
  });
  if (calls) expect(registrar.calls.map(({ what }) => what)).toEqual(calls);
  expect(registrar.calls.every(isTrusted)).toBe(true);
  for (const secret of [TICKET, CREDENTIAL, JIT]) expect(lines.join('\n')).not.toContain(secret);
});

/** Each call with the credential that is for it. */
function isTrusted({ what, credential }: Call): boolean {
  return credential === (what === 'registration' ? TICKET : CREDENTIAL);
}

test('five attempts are five', async () => {
  registrar = await serveRegistrar({ registration: [REGISTERED] });
  home = makeHome({ 'bin/Runner.Listener': '#!/bin/sh\necho attempt >> attempts; exit 2\n' });
  await startContainer({ home, url: registrar.url, speed: 100 }).ended;
  expect(readIfThere(join(home, 'attempts')).trim().split('\n')).toHaveLength(5);
});

test('a registrar that nobody reaches is named, with the reason', async () => {
  registrar = await serveRegistrar({});
  const { url } = registrar;
  registrar.close();
  home = makeHome({ 'bin/Runner.Listener': LISTENS });
  const container = startContainer({ home, url, speed: 200 });
  expect(await container.ended).toBe(2);
  expect(container.output().join('\n')).toContain('not registered yet (no answer: ECONNREFUSED)');
});

test('the ticket is in no environment, the JIT configuration in the listener’s only', async () => {
  registrar = await serveRegistrar({ registration: [REGISTERED] });
  const dump =
    '#!/bin/sh\nenv > own; tr "\\0" "\\n" < /proc/$PPID/environ > parent; echo "$@" > options; pwd > folder\n';
  home = makeHome({ 'bin/Runner.Listener': dump });
  await startContainer({ home, url: registrar.url }).ended;
  const own = readIfThere(join(home, 'own'));
  const parent = readIfThere(join(home, 'parent'));
  expect(parent).toContain(`ECS_RUNNERS_NAME=${NAME}`);
  expect(own).toContain(`ACTIONS_RUNNER_INPUT_JITCONFIG=${JIT}`);
  expect(parent).not.toContain(JIT);
  for (const secret of [TICKET, CREDENTIAL]) {
    expect(own).not.toContain(secret);
    expect(parent).not.toContain(secret);
  }
  expect(readIfThere(join(home, 'options')).trim()).toBe('run --startuptype service');
  expect(readIfThere(join(home, 'folder')).trim()).toBe(home);
});

test('GitHub’s own listener gets the JIT configuration as the files that it is, for its user alone', async () => {
  registrar = await serveRegistrar({ registration: [REGISTERED] });
  const dump = '#!/bin/sh\ncat .runner > seen; tr "\\0" "\\n" < /proc/$$/environ > own; exit 5\n';
  home = makeHome({ 'bin/Runner.Listener': dump, 'bin/Runner.Listener.dll': '' });
  expect(await startContainer({ home, url: registrar.url }).ended).toBe(5);
  expect(readIfThere(join(home, 'seen'))).toBe('{"AgentName":"x"}');
  expect(statSync(join(home, '.runner')).mode & 0o777).toBe(0o600);
  const own = readIfThere(join(home, 'own'));
  expect(own).toContain(`ECS_RUNNERS_NAME=${NAME}`);
  expect(own).not.toContain('JITCONFIG');
});

test.each([
  ['no base64 of JSON', 'x'],
  ['files elsewhere', Buffer.from('{"../.runner":"e30="}').toString('base64')],
])('a JIT configuration of another shape (%s) is left to the listener', async (_, jitConfig) => {
  const body = { jitConfig, reportCredential: CREDENTIAL, runnerName: `${NAME}-1` };
  registrar = await serveRegistrar({ registration: [{ status: 200, body }] });
  const dump = '#!/bin/sh\nenv > own; exit 5\n';
  home = makeHome({ 'bin/Runner.Listener': dump, 'bin/Runner.Listener.dll': '' });
  expect(await startContainer({ home, url: registrar.url }).ended).toBe(5);
  expect(readIfThere(join(home, 'own'))).toContain(`ACTIONS_RUNNER_INPUT_JITCONFIG=${jitConfig}\n`);
});

test('without the task’s credentials it does not ask, and asks again when there are some', async () => {
  let answers = 0;
  const agent = createServer((_, response) => {
    answers += 1;
    response.writeHead(answers < 3 ? 503 : 200);
    response.end(JSON.stringify({ AccessKeyId: 'ASIAEXAMPLE', SecretAccessKey: 'secret', Token: 'session' }));
  });
  await new Promise<void>((done) => agent.listen(0, '127.0.0.1', done));
  registrar = await serveRegistrar({ registration: [GONE] });
  home = makeHome({ 'bin/Runner.Listener': LISTENS });
  const environment = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${(agent.address() as AddressInfo).port}/`,
    AWS_REGION: 'eu-central-1',
  };
  const container = startContainer({ home, url: registrar.url, environment });
  expect(await container.ended).toBe(0);
  agent.close();
  expect(container.output().join('\n')).toContain('not registered yet (no answer: no proof of its role');
  expect(registrar.calls).toEqual([expect.objectContaining({ body: { identity: expect.anything() } })]);
});

test('without a listener of its own an image’s run.sh is started', async () => {
  registrar = await serveRegistrar({ registration: [REGISTERED] });
  home = makeHome({ 'run.sh': '#!/bin/sh\necho run.sh with $RUNNER_MANUALLY_TRAP_SIG$#; exit 5\n' });
  const container = startContainer({ home, url: registrar.url });
  expect(await container.ended).toBe(5);
  expect(container.output()).toContain('run.sh with 10');
});

test.each([
  ['ECS_RUNNERS_TICKET', { ECS_RUNNERS_TICKET: '' }],
  ['ECS_RUNNERS_URL', { ECS_RUNNERS_URL: '' }],
  ['ECS_RUNNERS_NAME', { ECS_RUNNERS_NAME: '' }],
])('without %s it says what is missing', async (_, environment) => {
  home = makeHome({ 'bin/Runner.Listener': LISTENS });
  const container = startContainer({ home, url: 'http://127.0.0.1:1', environment });
  expect(await container.ended).toBe(1);
  expect(container.output().join('\n')).toContain('one is missing');
});

test('an image without a runner is named', async () => {
  home = makeHome({});
  const container = startContainer({ home, url: 'http://127.0.0.1:1' });
  expect(await container.ended).toBe(127);
  expect(container.output()).toEqual([expect.stringMatching(/^\[bootstrap\] no GitHub Actions runner in /)]);
});

test('an image whose Node.js does not run here is named', async () => {
  home = makeHome({ 'bin/Runner.Listener': LISTENS, 'externals/node20/bin/node': '#!/bin/sh\nexit 127\n' });
  rmSync(join(home, 'externals/node24'), { recursive: true });
  const container = startContainer({ home, url: 'http://127.0.0.1:1', environment: { PATH: '/nowhere' } });
  expect(await container.ended).toBe(127);
  expect(container.output()).toEqual([expect.stringMatching(/^\[bootstrap\] no Node.js 20 or newer runs here/)]);
});

test.each([
  ['the newest that runs', { 'externals/node20/bin/node': 20 }],
  ['not one that is too old', { 'externals/node20/bin/node': 16 }],
])('of several Node.js it takes %s', async (_, others) => {
  const files = Object.entries(others).map(([path, major]) => [
    path,
    `#!/bin/sh\n[ "$1" = -p ] && echo ${major} || echo wrong\n`,
  ]);
  home = makeHome({ 'bin/Runner.Listener': LISTENS, ...Object.fromEntries(files) });
  registrar = await serveRegistrar({ registration: [GONE] });
  const container = startContainer({ home, url: registrar.url });
  expect(await container.ended).toBe(0);
  expect(container.output()).not.toContain('wrong');
});

test('the command is the same bytes each time, small, and nothing in it looks like a variable of a template', () => {
  const command = bootstrapCommand();
  expect(bootstrapCommand()).toEqual(command);
  expect(command.slice(0, 2)).toEqual(['/bin/sh', '-c']);
  const text = JSON.stringify(command);
  // ECS takes 64 KB for a whole task definition.
  expect(text.length).toBeLessThan(48_000);
  expect(text).not.toContain('${');
});

test('what the runner is told of its job by the job itself goes on to the registrar', async () => {
  registrar = await serveRegistrar({ registration: [REGISTERED] });
  const listener = `#!/bin/sh
export GITHUB_REPOSITORY=octo-org/app GITHUB_RUN_ID=12 GITHUB_RUN_ATTEMPT=2 GITHUB_JOB=build
echo '2026-01-01 00:00:00Z: Running job: build (arm64)'
until [ -e hook ]; do sleep 0.02; done
"$ACTIONS_RUNNER_HOOK_JOB_STARTED" && "$ACTIONS_RUNNER_HOOK_JOB_COMPLETED" && until [ -e over ]; do sleep 0.02; done
`;
  home = makeHome({ 'bin/Runner.Listener': listener });
  const container = startContainer({ home, url: registrar.url });
  await registrar.heard('started');
  mkdirSync(join(home, 'hook'));
  await registrar.heard('started', 2);
  await container.says('the steps of the job are over');
  mkdirSync(join(home, 'over'));
  expect(await container.ended).toBe(0);
  const bodies = registrar.calls.filter(({ what }) => what === 'started').map(({ body }) => body);
  expect(bodies).toEqual([{}, { repository: 'octo-org/app', runId: 12, runAttempt: 2, job: 'build' }]);
});

test.each([
  ['its listener ends without a job', '#!/bin/sh\nexit 1\n', 'its listener ended with 1 without a job'],
  ['its listener is killed', '#!/bin/sh\nkill -9 $$\n', 'its listener was killed without a job'],
])('when %s the registrar hears that its registration can go', async (_, listener, leaving) => {
  registrar = await serveRegistrar({ registration: [REGISTERED] });
  home = makeHome({ 'bin/Runner.Listener': listener });
  await startContainer({ home, url: registrar.url }).ended;
  expect(registrar.calls.at(-1)).toEqual({ what: 'idle', credential: CREDENTIAL, body: { leaving } });
});

describe('a runner that registers itself', () => {
  const token = { token: 'T0KEN', url: 'https://github.com/octo-org', labels: ['a', 'b c'], group: 'Big ones' };
  const answerOf = (registration: object): Answer => ({
    status: 200,
    body: { registration, reportCredential: CREDENTIAL, runnerName: `${NAME}-1` },
  });
  const CONFIG = '#!/bin/sh\nprintf "%s\\n" "$@" > options; echo "$ACTIONS_RUNNER_INPUT_TOKEN" > token\n';
  const LISTENER = '#!/bin/sh\nenv > environment; mkdir _diag; touch _diag/Worker_1.log\n';

  test('is configured by its own config.sh, and the token is gone before it listens', async () => {
    registrar = await serveRegistrar({ registration: [answerOf({ ...token, scope: 'organization' })] });
    home = makeHome({ 'bin/Runner.Listener': LISTENER, 'config.sh': CONFIG });
    const container = startContainer({ home, url: registrar.url });
    expect(await container.ended).toBe(0);
    expect(readIfThere(join(home, 'token'))).toBe('T0KEN\n');
    const options = readIfThere(join(home, 'options')).trim().split('\n');
    expect(options).toEqual([
      ...['--url', token.url, '--name', `${NAME}-1`, '--labels', 'a,b c', '--runnergroup', 'Big ones'],
      ...['--unattended', '--ephemeral', '--disableupdate', '--no-default-labels', '--replace'],
    ]);
    expect(readIfThere(join(home, 'environment'))).toContain('ECS_RUNNERS_NAME');
    expect(readIfThere(join(home, 'environment'))).not.toContain('T0KEN');
  });

  test('names no group of an organisation in a repository', async () => {
    registrar = await serveRegistrar({ registration: [answerOf({ ...token, scope: 'repository' })] });
    home = makeHome({ 'bin/Runner.Listener': LISTENER, 'config.sh': CONFIG });
    await startContainer({ home, url: registrar.url }).ended;
    expect(readIfThere(join(home, 'options'))).not.toContain('--runnergroup');
  });

  test('says why it cannot, without the token', async () => {
    registrar = await serveRegistrar({ registration: [answerOf({ ...token, scope: 'organization' })] });
    const refused = '#!/bin/sh\necho "Http response code: NotFound for $ACTIONS_RUNNER_INPUT_TOKEN"; exit 1\n';
    home = makeHome({ 'bin/Runner.Listener': LISTENER, 'config.sh': refused });
    const container = startContainer({ home, url: registrar.url });
    expect(await container.ended).toBe(3);
    expect(container.output().join('\n')).toContain('config.sh ended with 1: Http response code: NotFound for ***');
    expect(registrar.calls.at(-1)).toMatchObject({ what: 'idle', body: { leaving: 'it could not register itself' } });
  });
});

test('a proof of the task’s role, made out to this runner, goes with the ticket', async () => {
  const agent = createServer((_, response) => {
    response.end(JSON.stringify({ AccessKeyId: 'ASIAEXAMPLE', SecretAccessKey: 'secret', Token: 'session' }));
  });
  await new Promise<void>((done) => agent.listen(0, '127.0.0.1', done));
  registrar = await serveRegistrar({ registration: [GONE] });
  home = makeHome({ 'bin/Runner.Listener': LISTENS });
  const { port } = agent.address() as AddressInfo;
  const environment = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/credentials`,
    AWS_REGION: 'eu-central-1',
  };
  const container = startContainer({ home, url: registrar.url, environment });
  expect(await container.ended).toBe(0);
  agent.close();
  const identity = registrar.calls[0]?.body['identity'] as Record<string, string>;
  expect(identity).toEqual({
    host: 'sts.eu-central-1.amazonaws.com',
    'x-amz-date': expect.stringMatching(/^\d{8}T\d{6}Z$/),
    'x-amz-security-token': 'session',
    authorization: expect.any(String),
  });
  expect(identity['authorization']).toBe(await expectedSignature(identity['x-amz-date'] ?? ''));
  expect(container.output().join('\n')).not.toContain('session');
});

/** By AWS's own signer. */
async function expectedSignature(date: string): Promise<string | undefined> {
  const signer = new SignatureV4({
    service: 'sts',
    region: 'eu-central-1',
    credentials: { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'secret', sessionToken: 'session' },
    sha256: Sha256,
    applyChecksum: false,
  });
  const [, day, time] = /^(\d{8})T(\d{6})Z$/.exec(date) ?? [];
  const iso = `${day?.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time?.replace(/(..)(..)(..)/, '$1:$2:$3')}Z`;
  const { headers } = await signer.sign(
    {
      method: 'POST',
      protocol: 'https:',
      hostname: 'sts.eu-central-1.amazonaws.com',
      path: '/',
      headers: {
        host: 'sts.eu-central-1.amazonaws.com',
        'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
        'x-ecs-runners-name': NAME,
      },
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
    },
    { signingDate: new Date(iso), signableHeaders: new Set(['content-type']) },
  );
  return headers['authorization'];
}
