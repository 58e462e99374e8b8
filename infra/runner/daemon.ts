/** A Docker daemon of the task's own, inside its container. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { ENGINE_SOCKET } from './paths.ts';
import { say } from './say.ts';

const DATA = '/var/lib/docker';
const LIMITED_DATA = '/var/lib/docker/limited';

/** Started, not yet answering. Throws if it cannot be started; `breaks` hears of its end. */
export async function startDaemon(environment: NodeJS.ProcessEnv, breaks: (what: string) => void): Promise<void> {
  mkdirSync(dirname(ENGINE_SOCKET), { recursive: true, mode: 0o700 });
  installIptables();
  shell('the cgroups of containers cannot be prepared', NEST_CGROUPS);
  const { ECS_RUNNERS_DOCKER_STORE_GIB: storeGiB, ECS_RUNNERS_REGISTRY_MIRROR: mirror } = environment;
  if (storeGiB)
    shell(`a store of ${storeGiB} GiB for Docker cannot be made`, LIMIT_STORE, `${storeGiB}G`, LIMITED_DATA);
  const options = [
    `--host=unix://${ENGINE_SOCKET}`,
    `--data-root=${storeGiB ? LIMITED_DATA : DATA}`,
    '--log-level=warn',
    ...(mirror ? [`--registry-mirror=${mirror}`] : []),
  ];
  const daemon = spawn('dockerd', options, { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [daemon.stdout, daemon.stderr]) {
    createInterface({ input: stream }).on('line', (line) => process.stdout.write(`[dockerd] ${line}\n`));
  }
  daemon.on('exit', (code, signal) => breaks(`the Docker daemon has died (${signal ?? `exit code ${code}`})`));
  await new Promise<void>((resolve, reject) => {
    daemon.on('spawn', resolve);
    daemon.on('error', (error) =>
      reject(
        new Error(`dockerd cannot be started (${error.message}); docker: dind wants an image that holds Docker Engine`),
      ),
    );
  });
}

/** GitHub's own image has dockerd, and not what dockerd needs. Better late than never. */
export function installIptables(): void {
  const has = shell('the PATH cannot be looked through', 'command -v iptables || :');
  if (has !== '') return;
  say(
    'the image has no iptables, which dockerd needs: installing it, at every start (docs/images.md says how to do without)',
  );
  shell('iptables cannot be installed', INSTALL_IPTABLES);
}

/** What it says. */
function shell(trouble: string, script: string, ...args: string[]): string {
  try {
    return execFileSync('/bin/sh', ['-ec', script, 'sh', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
      env: process.env,
    });
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    throw new Error(`${trouble}: ${stderr.trim() || message}`);
  }
}

const INSTALL_IPTABLES = `
command -v apt-get > /dev/null || { echo "there is no apt-get: take an image with iptables" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq --yes --no-install-recommends iptables
`;

/**
 * With cgroup v2 a group that has processes of its own cannot share out to groups below it: ours move into one of their
 * own, so that the daemon can make others beside it.
 */
const NEST_CGROUPS = `
cd /sys/fs/cgroup
[ -e cgroup.controllers ] || exit 0
mkdir -p ecs-runners
while read -r process; do echo "$process" > ecs-runners/cgroup.procs || :; done < cgroup.procs
for controller in $(cat cgroup.controllers); do echo "+$controller" > cgroup.subtree_control || :; done
`;

/**
 * A file of that size with a file system in it, on the task's volume. The container's /dev may lack the node of a loop device
 * that was made after it; another task may take the same one at the same time; it is let go of when the container ends.
 */
const LIMIT_STORE = `
file=$2.img
mkdir -p "$2"
truncate -s "$1" "$file"
mkfs.ext4 -q -F -m 0 "$file"
for attempt in 1 2 3 4 5; do
  device=$(losetup -f)
  [ -b "$device" ] || mknod "$device" b 7 "$(echo "$device" | tr -dc 0-9)"
  mount -o loop "$file" "$2" && exit 0
  sleep 1
done
exit 1
`;
