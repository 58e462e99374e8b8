/** Copies of the repository in which bugs are planted, so that nothing happens to the original. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** As the files are now, those included that git does not know yet; the packages are shared. */
export async function copyRepository(): Promise<string> {
  const copy = await mkdtemp(join(await realpath(tmpdir()), 'ecs-runners-mutants-'));
  try {
    await copyInto(copy);
    return copy;
  } catch (error) {
    await removeCopies([copy]);
    throw error;
  }
}

async function copyInto(copy: string): Promise<void> {
  const { stdout } = await promisify(execFile)(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    { maxBuffer: LIST_BYTES_MAX },
  );
  for (const file of new Set(stdout.split('\0').filter((name) => name !== '' && name !== PACKAGES))) {
    // A file that was deleted is on git's list until that is committed.
    await cp(file, join(copy, file), { verbatimSymlinks: true }).catch(ignoreMissing);
  }
  await symlink(await realpath(PACKAGES), join(copy, PACKAGES));
}

/** Git takes it for a file if it is a link. */
const PACKAGES = 'node_modules';
/** Names of files, for a repository a hundred times as large. */
const LIST_BYTES_MAX = 16 * 1024 * 1024;

function ignoreMissing(error: Error & { code?: string }): void {
  if (error.code !== 'ENOENT') throw error;
}

export async function removeCopies(copies: readonly string[]): Promise<void> {
  await Promise.all(copies.map((copy) => rm(copy, { recursive: true, force: true })));
}
