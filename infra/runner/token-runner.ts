/**
 * Runners that register themselves, with a token that is good for an hour and any number of runners: weaker than a JIT
 * configuration, and for images that cannot take one.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Runner } from './listener.ts';
import type { Registration } from './registrar.ts';
import { commandAs } from './runner-user.ts';

type ByToken = Extract<Registration, { registration: unknown }>;

/** Of images such as myoung34/docker-github-actions-runner. */
export const OWN_ENTRY_POINT = '/entrypoint.sh';

/** What that entry point reads (its README). It leaves nothing of it to the listener. */
export function registeredByItself({ registration, runnerName }: ByToken, work: string | undefined): NodeJS.ProcessEnv {
  const { token, url, labels, group, scope } = registration;
  const { host, pathname } = new URL(url);
  return {
    RUNNER_NAME: runnerName,
    RUNNER_TOKEN: token,
    ...(scope === 'organization'
      ? { RUNNER_SCOPE: 'org', ORG_NAME: pathname.slice(1) }
      : { RUNNER_SCOPE: 'repo', REPO_URL: url }),
    GITHUB_HOST: host,
    LABELS: labels.join(','),
    RUNNER_GROUP: group,
    EPHEMERAL: '1',
    NO_DEFAULT_LABELS: '1',
    DISABLE_AUTO_UPDATE: '1',
    UNSET_CONFIG_VARS: 'true',
    // It would use the same token for that; we delete registrations ourselves.
    DISABLE_AUTOMATIC_DEREGISTRATION: 'true',
    ...(work !== undefined && { RUNNER_WORKDIR: work }),
  };
}

/** By the runner's own `config.sh`, unless the image does it; why it failed. The token is in that process's environment only. */
export function registerItself(
  { registration, runnerName }: ByToken,
  { home, user, environment, work }: Pick<Runner, 'home' | 'user' | 'environment' | 'work'>,
): string | undefined {
  if (existsSync(OWN_ENTRY_POINT)) return undefined;
  const { token, url, labels, group, scope } = registration;
  const options = {
    '--url': url,
    '--name': runnerName,
    '--labels': labels.join(','),
    ...(scope === 'organization' && { '--runnergroup': group }),
    ...(work !== undefined && { '--work': work }),
  };
  const flags = ['--unattended', '--ephemeral', '--disableupdate', '--no-default-labels', '--replace'];
  const command = commandAs(user, [`${home}/config.sh`, ...Object.entries(options).flat(), ...flags], {
    ...environment,
    RUNNER_ALLOW_RUNASROOT: '1',
    ACTIONS_RUNNER_INPUT_TOKEN: token,
  });
  const { status, stdout, stderr, error } = spawnSync(command.file, command.args, {
    ...command.options,
    cwd: home,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (status === 0) return undefined;
  const words = `${stdout ?? ''}\n${stderr ?? ''}`.trim().split('\n').slice(-5).join(' | ').replaceAll(token, '***');
  return `config.sh ${error === undefined ? `ended with ${status}: ${words}` : `cannot be started: ${error.message}`}`;
}
