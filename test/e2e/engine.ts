/** The Docker engine: the machine's own if it has one that answers, else one of our own for as long as we need it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ended, run } from './command.ts';
import { installHostPackages } from './host-packages.ts';
import { until } from './until.ts';

export type Engine = {
  /** For every program that speaks to it. */
  environment: Record<string, string>;
  /** Where containers reach this machine. */
  gateway: string;
  docker: (...args: string[]) => Promise<string>;
  close: () => Promise<void>;
};

const READY_SECONDS = 60;

/** `folder`: for a daemon's data and its log. */
export async function startEngine(folder: string, say: (line: string) => void): Promise<Engine> {
  const own = (await answers({})) ? undefined : await startDaemon(folder, say);
  const environment = own?.environment ?? {};
  const docker = (...args: string[]) => run('docker', args, { environment });
  const close = async () => own?.close();
  try {
    return { environment, docker, gateway: await gatewayOf(docker), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function answers(environment: Record<string, string>): Promise<boolean> {
  const { exitCode } = await ended('docker', ['info'], { environment, secondsMax: 20 }).catch(() => ({ exitCode: 1 }));
  return exitCode === 0;
}

async function startDaemon(
  folder: string,
  say: (line: string) => void,
): Promise<{ environment: Record<string, string>; close: () => Promise<void> }> {
  if (process.getuid?.() !== 0) {
    throw new Error(
      'No Docker engine answers (docker info). Start one, or run this as root, which then starts one of its own.',
    );
  }
  await installHostPackages(say);
  await mkdir(folder, { recursive: true });
  const environment = { DOCKER_HOST: `unix://${join(folder, 'docker.sock')}` };
  const log = openSync(join(folder, 'dockerd.log'), 'w');
  const paths = { '--data-root': 'data', '--exec-root': 'exec', '--pidfile': 'pid' };
  const options = Object.entries(paths).flatMap(([option, path]) => [option, join(folder, path)]);
  const daemon = spawn('dockerd', ['--host', environment.DOCKER_HOST, ...options], { stdio: ['ignore', log, log] });
  say(`no Docker engine answers: starting one of our own (its log: ${join(folder, 'dockerd.log')})`);
  const close = async () => {
    await end(daemon);
    // Images and layers; the log stays.
    await Promise.all(['data', 'exec'].map((name) => rm(join(folder, name), { recursive: true, force: true })));
  };
  try {
    await until('the Docker engine answers', READY_SECONDS, async () => {
      if (daemon.exitCode !== null) throw new Error(`dockerd ended with ${daemon.exitCode}: see ${folder}/dockerd.log`);
      return answers(environment);
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { environment, close };
}

/** SIGTERM, and SIGKILL for one that does not listen. */
export async function end(child: ChildProcess, secondsMax = 20): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), secondsMax * 1000);
  await gone;
  clearTimeout(timer);
}

/** As Docker says it; of a bridge that it has only just made it does not, and as long as nobody is on it Node.js does not list it either. */
async function gatewayOf(docker: Engine['docker']): Promise<string> {
  const said = await docker('network', 'inspect', 'bridge', '--format', '{{range .IPAM.Config}}{{.Gateway}}{{end}}');
  const gateway = said.trim() || (await addressOf('docker0'));
  if (gateway) return gateway;
  throw new Error('Docker’s bridge has no address on this machine: containers could not reach the deployed API.');
}

async function addressOf(device: string): Promise<string | undefined> {
  const { exitCode, stdout } = await ended('ip', ['-4', '-json', 'address', 'show', device]);
  if (exitCode !== 0) return undefined;
  const [shown] = JSON.parse(stdout) as { addr_info?: { local?: string }[] }[];
  return shown?.addr_info?.[0]?.local;
}
