/** What this machine itself needs of Debian's packages: installed where it is missing, by whoever comes first. */
import { ended, run } from './command.ts';

/** By the program that is looked for. */
const PACKAGES = { dockerd: 'docker.io', iptables: 'iptables', ip: 'iproute2' };

export async function installHostPackages(say: (line: string) => void): Promise<void> {
  const found = await Promise.all(
    Object.entries(PACKAGES).map(async ([program, name]) => ((await isThere(program)) ? [] : [name])),
  );
  const missing = found.flat();
  if (missing.length === 0) return;
  say(`installing Debian’s ${missing.join(', ')}`);
  await run('apt-get', ['update', '-qq']);
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], { environment });
}

async function isThere(program: string): Promise<boolean> {
  return (await ended('sh', ['-c', `command -v ${program}`])).exitCode === 0;
}
