/**
 * The instance's Docker engine, shared with other tasks: a folder of the task's own at the same path on both sides, and
 * everything that its job makes is labelled, so that it can be removed, and nothing else.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Place } from './docker.ts';
import { ask } from './engine.ts';
import { LABEL_OWNER, LABEL_TASK, noteOwner, noteVolumes, removeLeftovers, removeOrphans } from './leftovers.ts';
import { ENGINE_SOCKET, SHARED, SOCKET_PATHS } from './paths.ts';
import { giveTo } from './runner-user.ts';
import { say } from './say.ts';

export type SharedEngine = {
  /** Where jobs work. */
  work: string;
  /** Where a job container reaches the proxy. */
  socket: string;
  labels: Record<string, string>;
  /** Paths of this container, and where the daemon finds the same. */
  binds: Record<string, string>;
  close: () => Promise<void>;
};

export async function shareEngine({ environment, name, home, user }: Place): Promise<SharedEngine> {
  const folder = join(SHARED, name);
  const work = join(folder, 'work');
  mkdirSync(work, { recursive: true });
  giveTo(user, work);
  const owner = await ownId(environment);
  noteOwner(folder, owner);
  await removeOrphans(owner).catch((error: Error) => say(`leftovers of other tasks stay: ${error.message}`));
  const volumes = noteVolumes(name, folder);
  const externals = await shareExternals(join(home, 'externals'));
  return {
    work,
    socket: join(folder, 'docker.sock'),
    labels: { [LABEL_TASK]: name, [LABEL_OWNER]: owner },
    binds: {
      ...Object.fromEntries(SOCKET_PATHS.map((path) => [path, join(folder, 'docker.sock')])),
      [join(home, 'externals')]: externals,
    },
    close: async () => {
      volumes.close();
      await removeLeftovers(name, volumes.used).catch((error: Error) =>
        say(`the job's leftovers stay: ${error.message}`),
      );
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Of this container, at the engine: the hostname is its beginning unless somebody has set another. */
async function ownId({ ECS_CONTAINER_METADATA_URI_V4: metadata }: NodeJS.ProcessEnv): Promise<string> {
  const said = metadata
    ? await fetch(metadata).then(
        (answer) => answer.json(),
        () => undefined,
      )
    : undefined;
  const id = (said as { DockerId?: string } | undefined)?.DockerId ?? hostname();
  const { status, body } = await ask(ENGINE_SOCKET, 'GET', `/containers/${id}/json`);
  if (status === 200) return (body as { Id: string }).Id;
  throw new Error(`the instance's engine does not know this container (${id})`);
}

/** What job containers need of the runner, once per instance and version of it. */
async function shareExternals(externals: string): Promise<string> {
  const shared = join(SHARED, 'externals', versionOf(externals));
  if (existsSync(shared)) return shared;
  const own = `${shared}.${hostname()}`;
  mkdirSync(join(SHARED, 'externals'), { recursive: true });
  rmSync(own, { recursive: true, force: true });
  await promisify(execFile)('cp', ['-a', externals, own]);
  try {
    renameSync(own, shared);
  } catch (error) {
    // Another task was faster.
    if (!existsSync(shared)) throw error;
    rmSync(own, { recursive: true, force: true });
  }
  return shared;
}

/** By what is in it: every Node.js by its size and time. */
function versionOf(externals: string): string {
  const hash = createHash('sha256');
  for (const entry of readdirSync(externals).toSorted()) {
    const node = join(externals, entry, 'bin/node');
    const { size, mtimeMs } = statSync(existsSync(node) ? node : join(externals, entry));
    hash.update(`${entry} ${size} ${Math.floor(mtimeMs)}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}
