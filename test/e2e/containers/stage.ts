/** Everything that the steps stand on: instance, images, the two endpoints for credentials, and the outside. */

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Closers } from '../../../lib/local/closers.ts';
import { ended, run } from '../command.ts';
import { installHostPackages } from '../host-packages.ts';
import type { Machine } from './agent.ts';
import { type CredentialsEndpoint, credentialsEndpoint, type Metadata, metadataService } from './credentials.ts';
import { makeImages, SHELL_IMAGE } from './images.ts';
import { type Instance, startInstance } from './instance.ts';
import { CREDENTIALS, INTERNET, METADATA } from './networks.ts';
import { type Outside, outside } from './outside.ts';
import { serveIn } from './relay.ts';
import { openTasks, type Tasks } from './tasks.ts';

export type Stage = {
  instance: Instance;
  tasks: Tasks;
  outside: Outside;
  endpoint: CredentialsEndpoint;
  metadata: Metadata;
  /** How many hops the answers of the instance's metadata service live: `HttpPutResponseHopLimit`. */
  hopLimit: (hops: number) => Promise<void>;
};

/** What has been started is in `started`, also when this throws. */
export async function startStage(options: {
  folder: string;
  cache: string;
  say: (line: string) => void;
  started: Closers;
}): Promise<Stage> {
  const { folder, cache, say, started } = options;
  await mkdir(cache, { recursive: true });
  await installHostPackages(say);
  const instance = started.add(await startInstance(join(folder, 'instance'), `e2e-${process.pid}`));
  const images = join(folder, 'images');
  started.add({ close: () => rm(images, { recursive: true, force: true }) });
  await makeImages({ cache, folder: images, environment: instance.environment });
  const endpoint = credentialsEndpoint();
  const metadata = metadataService();
  const out = outside();
  const socket = (name: string) => join(folder, `${name}.sock`);
  const { network } = instance;
  started.add(
    await serveIn(network.instance, [
      { address: '127.0.0.1', port: CREDENTIALS.port, socket: socket('credentials'), listener: endpoint.listener },
    ]),
  );
  started.add(
    await serveIn(network.metadata, [
      { address: METADATA.address, port: 80, socket: socket('metadata'), listener: metadata.listener },
    ]),
  );
  started.add(
    await serveIn(network.internet, [
      { address: INTERNET.registrar, port: 80, socket: socket('registrar'), listener: out.registrar },
      { address: INTERNET.github, port: 80, socket: socket('github'), listener: out.github },
    ]),
  );
  await instance.shell(AGENT_RULES);
  const hopLimit = async (hops: number) => {
    await ended('nsenter', [`--net=/run/netns/${network.metadata}`, 'sysctl', '-w', `net.ipv4.ip_default_ttl=${hops}`]);
  };
  await hopLimit(1);
  const machine = await lookAtMachine(instance, say);
  const tasks = started.add(await openTasks({ instance, outside: out, endpoint, images, machine }));
  return { instance, tasks, outside: out, endpoint, metadata, hopLimit };
}

async function lookAtMachine(instance: Instance, say: (line: string) => void): Promise<Machine> {
  const { exitCode } = await ended('docker', ['run', '--rm', '--privileged', SHELL_IMAGE, 'true'], instance);
  if (exitCode === 0) return { privilegedWorks: true, openFilesMax: Number.POSITIVE_INFINITY };
  const openFilesMax = Number(await run('sh', ['-c', 'ulimit -Hn']));
  say(
    'ATTENTION: this machine starts no privileged containers. Granted instead: every capability but SYS_RESOURCE, the',
  );
  say(`           loop devices, cgroups, neither seccomp nor AppArmor; and at most ${openFilesMax} open files.`);
  return { privilegedWorks: false, openFilesMax };
}

/** ecs-init, exec/iptables: how 169.254.170.2 leads to the agent, from containers and from the instance itself. */
const AGENT_RULES = `
sysctl -q -w net.ipv4.conf.all.route_localnet=1
iptables -t nat -A PREROUTING -p tcp -d ${CREDENTIALS.address} --dport 80 -j DNAT --to-destination 127.0.0.1:${CREDENTIALS.port}
iptables -t nat -A OUTPUT -p tcp -d ${CREDENTIALS.address} --dport 80 -j REDIRECT --to-ports ${CREDENTIALS.port}
iptables -A INPUT --dst 127.0.0.0/8 ! --src 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP`;
