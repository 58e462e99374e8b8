/**
 * The first process of a runner's container: swaps its ticket for a JIT configuration, runs the listener, and tells the
 * registrar what only it can know. Runs on the runner's own Node.js (20 or newer), as one script without any file.
 */
import { readFileSync } from 'node:fs';
import { EXIT_REFUSED } from './exit-codes.ts';
import { run } from './listener.ts';
import { register } from './registrar.ts';
import { say } from './say.ts';

async function bootstrap(environment: NodeJS.ProcessEnv, home: string, ticket: string): Promise<number> {
  const told = toldToStop();
  const { ECS_RUNNERS_URL: url, ECS_RUNNERS_NAME: name } = environment;
  if (!url || !name || !ticket) {
    say('ECS_RUNNERS_URL, ECS_RUNNERS_NAME and ECS_RUNNERS_TICKET are set by whoever starts the task; one is missing');
    return EXIT_REFUSED;
  }
  say(`${name} asks ${url} for its registration`);
  const registration = await register({ url, name }, ticket, told);
  if (typeof registration === 'number') return registration;
  say(`registered as ${registration.runnerName}`);
  return run({ self: { url, name }, registration, home, environment, told });
}

function toldToStop(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => controller.abort());
  return controller.signal;
}

bootstrap(process.env, process.argv[1] ?? '', readFileSync(0, 'utf8').trim()).then(
  (exitCode) => process.exit(exitCode),
  (error: Error) => {
    say(`a bug of the bootstrap: ${error.stack ?? error.message}`);
    process.exit(EXIT_REFUSED);
  },
);
