/**
 * The runner's image, without pulling any: a root file system of Debian's static busybox and this machine's Node.js, laid
 * out like GitHub's own image, with a stand-in for the runner.
 */
import { chmod, copyFile, mkdir, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './command.ts';

export const IMAGE_NAME = 'ecs-runners-e2e';
/** Two tags of the same: a version and the one before it. */
export const IMAGE = `${IMAGE_NAME}:1`;
export const PREVIOUS_IMAGE = `${IMAGE_NAME}:0`;

const standIn = fileURLToPath(new URL('runner', import.meta.url));
const APPLETS = ['cat', 'echo', 'env', 'grep', 'kill', 'ls', 'ps', 'sh', 'sleep', 'test', 'tr', 'true'];
/** Of GitHub's own image. */
const USER_ID = 1001;

/** Makes it anew below `folder`; what was downloaded before is used again. */
export async function makeImage(folder: string, environment: Record<string, string>): Promise<void> {
  const root = join(folder, 'root');
  await rm(root, { recursive: true, force: true });
  await Promise.all(
    ['etc', 'proc', 'usr/bin', 'home/runner/bin', 'home/runner/externals/node24/bin'].map((path) =>
      mkdir(join(root, path), { recursive: true }),
    ),
  );
  await mkdir(join(root, 'tmp'), { mode: 0o1777 });
  await addBusybox(folder, root);
  await addNode(root);
  await addRunner(root);
  const changes = ['USER runner', 'WORKDIR /home/runner', 'ENV PATH=/bin:/usr/bin', 'CMD ["/bin/sh"]'];
  const archive = join(folder, 'root.tar');
  await run('tar', ['-C', root, '--owner=0', '--group=0', '-cf', archive, '.']);
  await run('docker', ['import', ...changes.flatMap((change) => ['--change', change]), archive, IMAGE], {
    environment,
  });
  await run('docker', ['tag', IMAGE, PREVIOUS_IMAGE], { environment });
  await rm(archive);
}

async function addBusybox(folder: string, root: string): Promise<void> {
  const unpacked = join(folder, 'busybox');
  await mkdir(unpacked, { recursive: true });
  const find = async () => (await readdir(unpacked)).find((name) => name.endsWith('.deb'));
  if ((await find()) === undefined) await download(unpacked);
  await run('dpkg-deb', ['-x', join(unpacked, (await find()) ?? ''), join(unpacked, 'files')]);
  await mkdir(join(root, 'bin'), { recursive: true });
  await copyFile(join(unpacked, 'files/bin/busybox'), join(root, 'bin/busybox'));
  await Promise.all(APPLETS.map((applet) => symlink('busybox', join(root, 'bin', applet))));
  await symlink('/bin/busybox', join(root, 'usr/bin/env'));
}

/** A machine that has never asked for packages has no list of them. */
async function download(folder: string): Promise<void> {
  const get = () => run('apt-get', ['download', 'busybox-static'], { cwd: folder });
  await get().catch(async () => {
    await run('apt-get', ['update', '-qq']);
    await get();
  });
}

/** Node.js with the libraries that it is linked with, at the paths where it looks for them. */
async function addNode(root: string): Promise<void> {
  const node = await realpath(process.execPath);
  await copyFile(node, join(root, 'home/runner/externals/node24/bin/node'));
  const libraries = [...(await run('ldd', [node])).matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
  for (const library of libraries) {
    await mkdir(join(root, dirname(library)), { recursive: true });
    await copyFile(await realpath(library), join(root, library));
  }
}

async function addRunner(root: string): Promise<void> {
  await writeFile(
    join(root, 'etc/passwd'),
    `root:x:0:0::/:/bin/sh\nrunner:x:${USER_ID}:${USER_ID}::/home/runner:/bin/sh\n`,
  );
  await writeFile(join(root, 'etc/group'), `root:x:0:\nrunner:x:${USER_ID}:\n`);
  for (const name of await readdir(standIn)) {
    const target = join(root, 'home/runner/bin', basename(name));
    await copyFile(join(standIn, name), target);
    await chmod(target, 0o755);
  }
  // The runner writes into its own folder.
  await chmod(join(root, 'home/runner'), 0o777);
}
