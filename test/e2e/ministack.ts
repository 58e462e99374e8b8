/** The independent AWS emulator: MiniStack from PyPI, in a virtual environment of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { REGION, ROOT } from './aws.ts';
import { run } from './command.ts';
import { end } from './engine.ts';
import { until } from './until.ts';

/** What the assertions were written against; `docker` is what makes its RunTask start real containers. */
const PACKAGES = ['ministack==1.5.33', 'docker==7.2.0'];
const READY_SECONDS = 60;
const program = fileURLToPath(new URL('emulator.py', import.meta.url));

export type Emulator = {
  endpoint: string;
  port: number;
  log: string;
  close: () => Promise<void>;
};

/** Installs it if need be; gives its Python. */
export async function installMiniStack(folder: string, say: (line: string) => void): Promise<string> {
  const python = join(folder, 'bin/python');
  const stamp = join(folder, `installed-${PACKAGES.join('-')}`);
  if (existsSync(stamp)) return python;
  say(`installing ${PACKAGES.join(' and ')} from PyPI`);
  await rm(folder, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '--quiet', ...PACKAGES]);
  await mkdir(stamp);
  return python;
}

/**
 * Functions run as processes of this Node.js, on this machine; tasks as containers of the engine. Policies are enforced:
 * every call is checked against the role that makes it.
 */
export async function startMiniStack(options: {
  python: string;
  /** For its log and its temporary files. */
  folder: string;
  environment: Record<string, string>;
}): Promise<Emulator> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const { child, log } = await launch(options, port);
  const close = () => end(child);
  try {
    await until('MiniStack answers', READY_SECONDS, async () => {
      if (child.exitCode !== null) throw new Error(`MiniStack ended with ${child.exitCode}: see ${log}`);
      return fetch(`${endpoint}/_ministack/health`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { endpoint, port, log, close };
}

async function launch(
  { python, folder, environment }: Parameters<typeof startMiniStack>[0],
  port: number,
): Promise<{ child: ChildProcess; log: string }> {
  const temporary = join(folder, 'tmp');
  await mkdir(temporary, { recursive: true });
  const log = join(folder, `ministack-${port}.log`);
  const output = openSync(log, 'w');
  const child = spawn(python, [program], {
    cwd: folder,
    env: {
      ...withoutAws(process.env),
      ...environment,
      ...ROOT,
      AUTH: 'true',
      PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      MINISTACK_REGION: REGION,
      // By this name it looks for the container that it would run in.
      HOSTNAME: 'no-container',
      TMPDIR: temporary,
      LOG_LEVEL: 'INFO',
    },
    stdio: ['ignore', output, output],
  });
  return { child, log };
}

/** Settings and credentials of the machine's own account are not the emulator's. */
function withoutAws(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('AWS_')));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
