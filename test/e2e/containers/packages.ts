/** A root file system out of Debian's packages, unpacked and not installed: no script of theirs runs. */
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ended, run } from '../command.ts';

/** What a runner's image holds beside the runner: shell and tools, Docker with compose, and what jobs look at processes with. */
const PACKAGES = [
  ...[
    'bash',
    'coreutils',
    'dash',
    'findutils',
    'grep',
    'gzip',
    'hostname',
    'mount',
    'procps',
    'sed',
    'tar',
    'util-linux',
  ],
  ...['docker.io', 'docker-compose', 'iptables', 'e2fsprogs', 'iproute2', 'libstdc++6', 'sudo', 'busybox-static'],
];
/** Dependencies that only their installation needs. */
const LEFT_OUT = /^(usrmerge|perl|libperl|ca-certificates|lib[a-z-]+-perl)/;
const WITHOUT = ['doc', 'man', 'locale', 'info'].flatMap((name) => ['--exclude', `./usr/share/${name}`]);

/** `cache`: keeps what was downloaded from run to run. */
export async function unpackPackages(cache: string, root: string): Promise<void> {
  const archives = await download(cache);
  await rm(root, { recursive: true, force: true });
  // As every Debian since 12 has it; some packages still hold the old paths.
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    await mkdir(join(root, 'usr', name), { recursive: true });
    await symlink(`usr/${name}`, join(root, name));
  }
  for (const archive of archives) {
    const unpack = 'dpkg-deb --fsys-tarfile "$0" | tar --extract --keep-directory-symlink --directory "$@"';
    await run('bash', ['-eo', 'pipefail', '-c', unpack, archive, root, ...WITHOUT]);
  }
}

/** Apt is told that nothing is installed, so that it names the packages with all of their dependencies. */
async function download(cache: string): Promise<string[]> {
  const folder = join(cache, 'debian');
  await mkdir(join(folder, 'archives/partial'), { recursive: true });
  await writeFile(join(folder, 'status'), '');
  const options = ['-o', `Dir::State::status=${folder}/status`, '-o', `Dir::Cache::archives=${folder}/archives`];
  const get = ['-o', 'Debug::NoLocking=1', '-qq', '-y', '--no-install-recommends', '--download-only', 'install'];
  const { exitCode } = await ended('apt-get', [...options, ...get, ...PACKAGES]);
  if (exitCode !== 0) {
    await run('apt-get', ['update', '-qq']);
    await run('apt-get', [...options, ...get, ...PACKAGES]);
  }
  // Versions from earlier runs are there as well.
  const wanted = await run('apt-get', [
    ...options,
    '-qq',
    '-y',
    '--no-install-recommends',
    '--simulate',
    'install',
    ...PACKAGES,
  ]);
  const chosen = new Map(
    [...wanted.matchAll(/^Inst (\S+) \((\S+) /gm)].map(([, name = '', version = '']) => [name, version]),
  );
  const files = await readdir(join(folder, 'archives'));
  return files.flatMap((file) => {
    const [name = '', version = ''] = file.split('_');
    const isWanted = chosen.get(name) === decodeURIComponent(version) && !LEFT_OUT.test(name);
    return isWanted ? [join(folder, 'archives', file)] : [];
  });
}
