/**
 * A container instance of our own: a Docker engine in a network and a mount namespace of its own, so that its addresses,
 * firewall and paths are an instance's (`/var/run/docker.sock`, `/var/lib`), and this machine's stay as they are.
 */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ended, run } from '../command.ts';
import { end } from '../engine.ts';
import { until } from '../until.ts';
import { type EngineApi, engineApi } from './engine-api.ts';
import { INSTANCE, INTERNET, METADATA } from './networks.ts';

export type Instance = {
  /** Below it, on this machine, what the instance has as `/var/lib` and `/run`. */
  folder: string;
  api: EngineApi;
  /** For Docker's own client. */
  environment: Record<string, string>;
  docker: (...args: string[]) => Promise<string>;
  /** Runs a script on the instance: its network, its paths, its engine. */
  shell: (script: string) => Promise<string>;
  /** The names of its network namespaces. */
  network: { instance: string; internet: string; metadata: string };
  close: () => Promise<void>;
};

const READY_SECONDS = 60;

export async function startInstance(folder: string, name: string): Promise<Instance> {
  if (process.getuid?.() !== 0) {
    throw new Error('The container instance has network and mount namespaces of its own: run this as root.');
  }
  const network = { instance: `${name}-instance`, internet: `${name}-internet`, metadata: `${name}-metadata` };
  const removeNetworks = async () => {
    for (const one of Object.values(network)) await ended('ip', ['netns', 'delete', one]);
  };
  try {
    await makeNetworks(network);
    const { socket, processId, close } = await startDaemon(folder, network.instance);
    const environment = { DOCKER_HOST: `unix://${socket}` };
    return {
      folder,
      api: engineApi(socket),
      environment,
      docker: (...args) => run('docker', args, { environment }),
      shell: (script) => run('nsenter', [`--target=${processId}`, '--mount', '--net', 'bash', '-ec', script]),
      network,
      close: async () => {
        await close();
        await removeNetworks();
      },
    };
  } catch (error) {
    await removeNetworks();
    throw error;
  }
}

/** The instance between the internet, its default route, and the metadata service, a route of its own. */
async function makeNetworks({ instance, internet, metadata }: Instance['network']): Promise<void> {
  const ip = (line: string) => run('ip', line.split(' '));
  for (const name of [instance, internet, metadata]) {
    await ip(`netns add ${name}`);
    await ip(`-n ${name} link set lo up`);
  }
  await ip(`link add outer netns ${instance} type veth peer name inner netns ${internet}`);
  await ip(`-n ${instance} addr add ${INSTANCE.address}/24 dev outer`);
  await ip(`-n ${instance} link set outer up`);
  await ip(`-n ${internet} link set inner up`);
  for (const address of Object.values(INTERNET)) await ip(`-n ${internet} addr add ${address}/24 dev inner`);
  await ip(`-n ${instance} route add default via ${INTERNET.router}`);
  await ip(`link add metadata netns ${instance} type veth peer name instance netns ${metadata}`);
  await ip(`-n ${instance} addr add ${METADATA.neighbour}/32 dev metadata`);
  await ip(`-n ${instance} link set metadata up`);
  await ip(`-n ${instance} route add ${METADATA.address}/32 dev metadata`);
  await ip(`-n ${metadata} addr add ${METADATA.address}/32 dev instance`);
  await ip(`-n ${metadata} link set instance up`);
  await ip(`-n ${metadata} route add ${METADATA.neighbour}/32 dev instance`);
}

/** What it finds at its usual paths is below `folder`; `/var/run` is `/run`, so it does not find this machine's systemd. */
const DAEMON = `
mount --bind "$0/var-lib" /var/lib
mount --bind "$0/run" /run
exec dockerd --host unix:///var/run/docker.sock --exec-opt native.cgroupdriver=cgroupfs`;

async function startDaemon(
  folder: string,
  network: string,
): Promise<{ socket: string; processId: number; close: () => Promise<void> }> {
  await mkdir(join(folder, 'var-lib'), { recursive: true });
  await mkdir(join(folder, 'run'), { recursive: true });
  // As infra/instance.sh makes it.
  await mkdir(join(folder, 'var-lib/ecs-runners'), { mode: 0o711 });
  const log = openSync(join(folder, 'dockerd.log'), 'w');
  const enter = [`--net=/run/netns/${network}`, 'unshare', '--mount', '--propagation', 'private'];
  const daemon = spawn('nsenter', [...enter, 'sh', '-ec', DAEMON, folder], { stdio: ['ignore', log, log] });
  const socket = join(folder, 'run/docker.sock');
  const close = async () => {
    await end(daemon);
    // Images and layers; the log stays.
    await Promise.all(['var-lib', 'run'].map((name) => rm(join(folder, name), { recursive: true, force: true })));
  };
  try {
    await until('the instance’s Docker engine answers', READY_SECONDS, async () => {
      if (daemon.exitCode !== null) throw new Error(`dockerd ended with ${daemon.exitCode}: see ${folder}/dockerd.log`);
      const { status } = await engineApi(socket)('GET', '/_ping').catch(() => ({ status: 0 }));
      return status === 200;
    });
  } catch (error) {
    await close();
    throw error;
  }
  // Each of these programs becomes the next one.
  return { socket, processId: daemon.pid ?? 0, close };
}
