/** The proxy on the job's Docker socket: a process of its own, so that nothing that goes through it touches the bootstrap. */
import { spawn } from 'node:child_process';
import type { Place } from './docker.ts';
import type { Watch } from './docker-watch.ts';
import { PROXY_PAUSE_MS } from './limits.ts';
import { ENGINE_SOCKET, JOB_SOCKET } from './paths.ts';
import { say } from './say.ts';
import type { SharedEngine } from './shared-engine.ts';
import { wait } from './wait.ts';

/** It lives until the watch is closed. */
export function startProxy({ environment, user }: Place, shared: SharedEngine | undefined, watch: Watch): void {
  const options = JSON.stringify({
    listen: [JOB_SOCKET, ...(shared === undefined ? [] : [shared.socket])],
    upstream: ENGINE_SOCKET,
    environment: passedOn(environment),
    owner: { uid: user.uid, gid: user.gid },
    mode: 0o660,
    ...(shared !== undefined && { labels: shared.labels, binds: shared.binds }),
  });
  const start = () => {
    const child = spawn(process.execPath, [...process.execArgv, 'docker-proxy', options], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    watch.closed.signal.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
    child.on('exit', () => void again());
  };
  // Each call is new to it, so another one goes on; but a runner that has no job yet takes none. One may just be coming.
  const again = async () => {
    if (watch.closed.signal.aborted) return;
    say('the Docker proxy has died; starting it again');
    if (!watch.kept) watch.broken.abort();
    await wait(PROXY_PAUSE_MS, watch.closed.signal);
    if (!watch.closed.signal.aborted) start();
  };
  start();
}

/** Where a container finds the task's role, and the region. */
function passedOn(environment: NodeJS.ProcessEnv): Record<string, string> {
  const names = ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_REGION', 'AWS_DEFAULT_REGION'];
  return Object.fromEntries(names.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])));
}
