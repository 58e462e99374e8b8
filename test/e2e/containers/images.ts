/** The images of the stage, without pulling any: the runner's, with a real Docker in it, and those of a job's own containers. */
import { chmod, copyFile, mkdir, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { run } from '../command.ts';
import { unpackPackages } from './packages.ts';

export const RUNNER_IMAGE = 'e2e-runner:1';
/** Of a job's own containers: a shell; and a client of the AWS SDK on Node.js. */
export const SHELL_IMAGE = 'e2e-shell:1';
export const SDK_IMAGE = 'e2e-sdk:1';
/** Of GitHub's own image. */
export const RUNNER_ID = 1001;

const standIns = fileURLToPath(new URL('runner', import.meta.url));
const programs = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const APPLETS = 'cat dd echo env grep head id ip ls md5sum mkdir nc ps sh sha256sum sleep tail test touch true wc wget';

/**
 * Makes them on the engine; the archives for `docker load` are in `folder`. `cache`: what was downloaded before.
 */
export async function makeImages(options: {
  cache: string;
  folder: string;
  environment: Record<string, string>;
}): Promise<void> {
  const { cache, folder, environment } = options;
  await mkdir(folder, { recursive: true });
  const tree = (name: string) => join(folder, `${name}-root`);
  const [runner, shell, sdk] = [tree('runner'), tree('shell'), tree('sdk')] as const;
  await makeRunnerTree(cache, runner);
  await makeShellTree(runner, shell);
  await makeSdkTree(runner, sdk);
  // Steps run these outside of any container of theirs.
  await copyFile(join(sdk, 'client.mjs'), join(folder, 'client.mjs'));
  await copyFile(programs('many.mjs'), join(folder, 'many.mjs'));
  const imported: [string, string, string[]][] = [
    [runner, RUNNER_IMAGE, ['USER runner', 'WORKDIR /home/runner']],
    [shell, SHELL_IMAGE, ['CMD ["/bin/sh"]']],
    [sdk, SDK_IMAGE, ['CMD ["/bin/node", "/client.mjs"]']],
  ];
  for (const [root, image, changes] of imported) {
    const all = changes.flatMap((change) => ['--change', change]);
    const pack = 'tar --create --numeric-owner --directory "$0" . | docker import "$@"';
    await run('bash', ['-eo', 'pipefail', '-c', pack, root, ...all, '-', image], { environment });
  }
  for (const root of [runner, shell, sdk]) await rm(root, { recursive: true });
  for (const [name, image] of [
    ['shell.tar', SHELL_IMAGE],
    ['sdk.tar', SDK_IMAGE],
  ] as const) {
    await run('docker', ['save', '--output', join(folder, name), image], { environment });
    await chmod(join(folder, name), 0o644);
  }
}

/** Laid out like GitHub's own: user, groups, sudo, folders. */
async function makeRunnerTree(cache: string, root: string): Promise<void> {
  await unpackPackages(cache, root);
  const home = join(root, 'home/runner');
  await mkdir(join(home, 'bin'), { recursive: true });
  await addNode(root, root, join(home, 'externals/node24/bin/node'));
  for (const name of await readdir(standIns)) {
    await copyFile(join(standIns, name), join(home, 'bin', name));
    await chmod(join(home, 'bin', name), 0o755);
  }
  // By which GitHub's own listener is known.
  await writeFile(join(home, 'bin/Runner.Listener.dll'), '');
  await run('chown', ['-R', `${RUNNER_ID}:${RUNNER_ID}`, home]);
  const users = [`root:x:0:0:root:/root:/bin/bash`, `runner:x:${RUNNER_ID}:${RUNNER_ID}::/home/runner:/bin/bash`];
  await writeFile(join(root, 'etc/passwd'), `${users.join('\n')}\n`);
  await writeFile(
    join(root, 'etc/group'),
    `root:x:0:\nsudo:x:27:runner\ndocker:x:123:runner\nrunner:x:${RUNNER_ID}:\n`,
  );
  await writeFile(join(root, 'etc/sudoers.d/runner'), 'runner ALL=(ALL) NOPASSWD:ALL\n', { mode: 0o440 });
  // Its installation would write it: sudo asks PAM whether it may.
  await writeFile(
    join(root, 'etc/pam.d/other'),
    'auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n',
  );
  await rm(join(root, 'etc/pam.d/sudo'), { force: true });
  await symlink('dash', join(root, 'bin/sh')).catch(() => undefined);
  // What the installation of their package would choose.
  for (const name of await readdir(join(root, 'usr/sbin'))) {
    const plain = /^(ip6?tables)-nft(-save|-restore)?$/.exec(name);
    if (plain) await symlink(name, join(root, 'usr/sbin', `${plain[1]}${plain[2] ?? ''}`));
  }
}

async function makeShellTree(runner: string, root: string): Promise<void> {
  await rm(root, { recursive: true, force: true });
  for (const folder of ['bin', 'etc', 'proc', 'sys', 'dev']) await mkdir(join(root, folder), { recursive: true });
  await mkdir(join(root, 'tmp'), { mode: 0o1777 });
  await copyFile(join(runner, 'bin/busybox'), join(root, 'bin/busybox'));
  for (const applet of APPLETS.split(' ')) await symlink('busybox', join(root, 'bin', applet));
}

async function makeSdkTree(runner: string, root: string): Promise<void> {
  await makeShellTree(runner, root);
  await addNode(runner, root, join(root, 'bin/node'));
  await copyFile(programs('engine-client.mjs'), join(root, 'engine-client.mjs'));
  await build({
    entryPoints: [programs('sdk-client.ts')],
    outfile: join(root, 'client.mjs'),
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
}

/** This machine's Node.js; its libraries from `source` where that has them, so that they fit each other. */
async function addNode(source: string, root: string, path: string): Promise<void> {
  const node = await realpath(process.execPath);
  await mkdir(dirname(path), { recursive: true });
  await copyFile(node, path);
  const libraries = [...(await run('ldd', [node])).matchAll(/(\/\S+) \(0x/g)].map(([, library = '']) => library);
  for (const library of libraries) {
    const target = join(root, library);
    await mkdir(dirname(target), { recursive: true });
    const found = await realpath(join(source, library)).catch(() => realpath(library));
    if (found !== (await realpath(target).catch(() => ''))) await copyFile(found, target);
  }
}
