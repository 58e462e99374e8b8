/**
 * What a task's container does: the bootstrap, which swaps its ticket for a JIT configuration, and then the runner's
 * listener, which takes a job that its labels cover, runs it and ends.
 */
import { type Registration, register, reportIdle, reportLeaving, reportStarted } from './container-registrar.ts';
import {
  aborted,
  type Container,
  type ContainerOptions,
  EXIT_CONFLICT,
  EXIT_DONE,
  EXIT_KILLED,
  EXIT_NOT_BOOTED,
  EXIT_WITHOUT_JOB,
  type Timer,
  timerOf,
  wait,
} from './container-state.ts';
import type { ConnectAnswer, Connection, StartedJob } from './github-service/runner-side.ts';

/** While no job runs it says so once a minute, the first time a minute after it has connected. */
const IDLE_REPORT_MS = 60 * 1000;
/** The runner's listener asks again each 30 seconds for 4 minutes when another session lives. */
const CONFLICT = { everyMs: 30_000, attempts: 9 };

/** The listener's own code when it ends to be replaced by a newer version (actions/runner, Constants.cs), and how long that takes. */
const EXIT_UPDATES = 4;
const UPDATE_MS = 30_000;

/** Resolves when the container ends; never rejects. */
export async function runContainer(options: ContainerOptions): Promise<{ exitCode: number }> {
  const container = containerOf(options);
  const exitCode = await Promise.race([
    options.sticks === undefined ? life(container) : stuck(container),
    container.killedSoon,
  ]);
  if (exitCode === EXIT_KILLED) container.connection?.vanish();
  container.ended = true;
  options.log?.(`ended with ${exitCode}`);
  return { exitCode };
}

function containerOf(options: ContainerOptions): Container {
  return {
    options,
    name: options.environment['ECS_RUNNERS_NAME'] ?? '',
    killedSoon: aborted(options.killed).then(() => EXIT_KILLED),
    stopSoon: aborted(options.signal).then(() => 'stop'),
    connection: undefined,
    ended: false,
  };
}

/** What hangs hears no SIGTERM: a Docker daemon that does not come up, or does not let go. */
async function stuck(container: Container): Promise<number> {
  if (container.options.sticks === 'at its end') await life(container);
  return container.killedSoon;
}

async function life(container: Container): Promise<number> {
  const registration = await register(container);
  if (typeof registration === 'number') return registration;
  const exitCode = await runRegistered(container, registration);
  const isOwnWish = exitCode !== EXIT_DONE && !container.ended && !container.options.signal.aborted;
  if (isOwnWish) await reportLeaving(container, registration.reportCredential, `it ends with ${exitCode}`);
  return exitCode;
}

async function runRegistered(container: Container, registration: Registration): Promise<number> {
  const jitConfig = await configured(container, registration);
  if (jitConfig === undefined) return EXIT_NOT_BOOTED;
  while (true) {
    const connection = container.ended ? EXIT_KILLED : await connect(container, jitConfig);
    if (typeof connection === 'number') return connection;
    if (container.ended) connection.vanish();
    container.connection = connection;
    const exitCode = await listen(container, connection, registration.reportCredential);
    if (exitCode !== EXIT_UPDATES) return exitCode;
    if ((await wait(container, UPDATE_MS)) === 'stop') return EXIT_WITHOUT_JOB;
  }
}

/** Under the name and with the labels that it was told, unless its image does as it likes. */
async function configured({ options }: Container, registration: Registration): Promise<string | undefined> {
  if ('jitConfig' in registration) return registration.jitConfig;
  const { token, labels, group } = registration.registration;
  const wanted = {
    token,
    labels,
    group,
    name: registration.runnerName,
    ...options.registersAs?.(registration.runnerName),
  };
  const answer = await options.github.configure(wanted);
  return answer.kind === 'configured' ? answer.jitConfig : undefined;
}

/** As the runner's listener does: a conflict is tried again for 4 minutes, a deleted registration is the end. */
async function connect(container: Container, jitConfig: string): Promise<Connection | number> {
  for (let attempt = 1; !container.ended; attempt += 1) {
    const answer = await container.options.github.connect(jitConfig).catch((): ConnectAnswer => ({ kind: 'refused' }));
    if (answer.kind === 'connected') return answer;
    if (answer.kind === 'deleted' || answer.kind === 'too old') return EXIT_WITHOUT_JOB;
    if (attempt >= CONFLICT.attempts) return answer.kind === 'conflict' ? EXIT_CONFLICT : EXIT_NOT_BOOTED;
    if ((await wait(container, CONFLICT.everyMs)) === 'stop') return EXIT_WITHOUT_JOB;
  }
  return EXIT_KILLED;
}

/** Until a job has run, nobody wants it, its registration is gone, or it is told to stop. */
async function listen(container: Container, connection: Connection, credential: string): Promise<number> {
  let message = connection.next();
  let idle = idleTimer(container);
  let said: Promise<'go' | 'stay'> | undefined;
  while (true) {
    const first = await Promise.race([message, container.stopSoon, idle.due, ...(said === undefined ? [] : [said])]);
    const word = first === 'go' ? await Promise.race([message, first]) : first; // Once more: has no job come?
    if (container.ended) return EXIT_KILLED;
    if (word === 'idle') {
      idle = idleTimer(container);
      said ??= reportIdle(container, credential);
    } else if (word === 'stay') {
      said = undefined;
    } else {
      idle.cancel();
      const end = await endOf(container, connection, credential, word, said);
      if (end !== undefined) return end;
      idle = idleTimer(container);
      message = connection.next();
    }
  }
}

type Word = Awaited<ReturnType<Connection['next']>> | 'stop' | 'go';

/** The code to end with; `undefined`: listen on. */
async function endOf(
  container: Container,
  connection: Connection,
  credential: string,
  word: Word,
  said: Promise<'go' | 'stay'> | undefined,
): Promise<number | undefined> {
  if (word === 'stop') return leave(connection, EXIT_WITHOUT_JOB);
  if (word === 'go') return leave(connection, EXIT_DONE);
  // The registrar deletes the registration before it answers "go".
  if (word.kind === 'deleted') return (await said) === 'go' ? EXIT_DONE : EXIT_WITHOUT_JOB;
  if (word.kind === 'update') return leave(connection, EXIT_UPDATES);
  if (word.kind === 'cancel') return undefined;
  const job = await connection.acquire(word.job).catch(() => undefined);
  if (job === undefined) return undefined;
  void reportStarted(container, credential, job);
  await runJob(container, connection, job);
  return EXIT_DONE;
}

async function leave(connection: Connection, exitCode: number): Promise<number> {
  await connection.close().catch(() => undefined);
  return exitCode;
}

/** For its duration, or until it is cancelled. */
async function runJob(container: Container, connection: Connection, job: StartedJob): Promise<void> {
  container.options.log?.(`runs job ${job.id} of ${job.repository}`);
  const timer = timerOf(container.options.clock, job.durationSeconds * 1000, 'done' as const);
  const word = await Promise.race([timer.due, connection.next()]);
  timer.cancel();
  if (container.ended) return;
  await connection.finish(word === 'done' ? job.outcome : 'cancelled').catch(() => undefined);
}

function idleTimer({ options }: Container): Timer<'idle'> {
  return timerOf(options.clock, IDLE_REPORT_MS, 'idle');
}
