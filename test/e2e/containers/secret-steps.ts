/** What a job must not get to see: the ticket, the JIT configuration, the credential for reports, the login's password. */
import { holds, type Step, same } from '../steps.ts';
import { DOCKER_LOGIN } from './docker-login.ts';
import type { Stage } from './stage.ts';
import type { Task } from './task.ts';

/** Of every process, as far as whoever looks may read it: environment and arguments, in plain text. */
const PROCESSES = `
for process in /proc/[0-9]*; do
  for file in environ cmdline; do tr '\\0' '\\n' 2> /dev/null < $process/$file || :; done
done`;
/** In a language that `sudo` runs whole. */
const AS_ROOT = `sudo sh -c '${PROCESSES.replaceAll("'", `'\\''`)}'`;

export function secretSteps({ tasks }: Stage): Step[][] {
  return ['dind-settings', 'socket', 'none'].map((pool) => [
    {
      name: `${pool}: no secret is in any process's environment or arguments, for a step or for root, nor in the log`,
      run: async () => {
        const task = await tasks.start(pool);
        await task.startJob();
        for (const [who, script] of [
          ['a step', PROCESSES],
          ['a step that is root', AS_ROOT],
        ] as const) {
          const seen = await task.output(script);
          holds(`${who} sees the environment of its own`, seen.includes(`ECS_RUNNERS_NAME=${task.name}`));
          if (script === AS_ROOT) holds(`${who} sees the first process`, seen.includes('bootstrap'));
          same(`what ${who} finds in processes`, found(task, seen), []);
        }
        same('what its environment has', found(task, await task.output('env')), []);
        if (pool === 'dind-settings') {
          await task.output('docker load --quiet --input /e2e/shell.tar; docker create --name one e2e-shell:1');
          same('what its containers show', found(task, await task.output('docker inspect one; docker info')), []);
        }
        await task.finish();
        same('what its log says', found(task, await task.logs()), []);
      },
    },
  ]);
}

/** The names of what is in there. */
function found({ runner }: Task, text: string): string[] {
  const secrets = {
    'the ticket': runner.ticket,
    'the credential for reports': runner.reportCredential,
    'the JIT configuration': runner.jitConfig,
    'what the JIT configuration holds': runner.jitSecret,
    'the password of the login': DOCKER_LOGIN.password,
    'the login as Docker keeps it': Buffer.from(`${DOCKER_LOGIN.username}:${DOCKER_LOGIN.password}`).toString('base64'),
  };
  return Object.entries(secrets).flatMap(([name, secret]) => (text.includes(secret) ? [name] : []));
}
