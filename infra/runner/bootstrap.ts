/**
 * The whole life of a runner's container: what its Docker mode needs, then a JIT configuration for its ticket, then the
 * listener until its job is done; and what the job left behind on the instance is removed.
 */
import { readFileSync } from 'node:fs';
import { bootDocker } from './docker.ts';
import { logIn } from './docker-login.ts';
import { EXIT_REFUSED, EXIT_WITHOUT_JOB } from './exit-codes.ts';
import { prepareHooks } from './hooks.ts';
import { run } from './listener.ts';
import { register, reportLeaving } from './registrar.ts';
import { runnerUser } from './runner-user.ts';
import { say } from './say.ts';
import { registerItself } from './token-runner.ts';

export async function bootstrap(environment: NodeJS.ProcessEnv, home: string): Promise<number> {
  const told = toldToStop();
  const { ticket, login } = secrets();
  const { ECS_RUNNERS_URL: url, ECS_RUNNERS_NAME: name } = environment;
  if (!url || !name || !ticket) {
    say('ECS_RUNNERS_URL, ECS_RUNNERS_NAME and ECS_RUNNERS_TICKET are set by whoever starts the task; one is missing');
    return EXIT_REFUSED;
  }
  const user = runnerUser(home, environment);
  if (login) logIn(user, login);
  const docker = await bootDocker({ environment, name, home, user }, told);
  if (typeof docker === 'number') return docker;
  const hooks = prepareHooks(environment, user);
  const runner = { self: { url, name }, home, environment, user, work: docker.work, docker, hooks, told };
  try {
    return await live(runner, ticket);
  } finally {
    await docker.close();
  }
}

type Booted = Omit<Parameters<typeof run>[0], 'registration'>;

async function live(runner: Booted, ticket: string): Promise<number> {
  const { self, environment, docker, told } = runner;
  say(`${self.name} asks ${self.url} for its registration`);
  const registration = await register({ self, ticket, environment, broken: docker.broken, told });
  if (typeof registration === 'number') return registration;
  if ('registration' in registration) {
    const trouble = registerItself(registration, runner);
    if (trouble !== undefined) {
      say(`the runner could not register itself: ${trouble}`);
      await reportLeaving(self, registration.reportCredential, 'it could not register itself');
      return EXIT_WITHOUT_JOB;
    }
  }
  say(`registered as ${registration.runnerName}`);
  const { exitCode, leaving } = await run({ ...runner, registration });
  if (leaving !== undefined) await reportLeaving(self, registration.reportCredential, leaving);
  return exitCode;
}

function toldToStop(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => controller.abort());
  return controller.signal;
}

/** The first line of standard input is the ticket; what follows, if anything, the login to a registry. */
function secrets(): { ticket: string; login: string } {
  const [ticket = '', ...login] = readFileSync(0, 'utf8').split('\n');
  return { ticket: ticket.trim(), login: login.join('\n').trim() };
}
