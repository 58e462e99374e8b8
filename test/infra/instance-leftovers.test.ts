/** What the hourly part of an instance's script removes: leftovers of tasks that were killed, and nothing else. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { program, written } from '../support/user-data.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ecs-runners-leftovers-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('what tasks left that were killed', () => {
  const LIVING = 'a'.repeat(12);
  const STOPPED = 'b'.repeat(12);
  const GONE = 'c'.repeat(12);

  test('is removed by the hourly unit, whether or not images can be pulled', async () => {
    const unit = await written('/etc/systemd/system/ecs-runners-images.service');
    expect(unit).toMatch(/^ExecStartPre=-\/usr\/local\/bin\/ecs-runners-leftovers$/m);
  });

  test('goes if its owner is gone or has stopped; what has a living owner, or none, stays', async () => {
    const { removed } = await clean({});
    expect(removed).toEqual(
      [STOPPED, GONE]
        .flatMap((owner) => [
          `docker container rm --force --volumes container-of-${owner}`,
          `docker network rm network-of-${owner}`,
          `docker volume rm volume-of-${owner}`,
        ])
        .sort(),
    );
  });

  test('goes with its folder; folders of tasks that are there stay, and so do the externals', async () => {
    const { folders } = await clean({});
    expect(folders).toEqual(['a-file', 'a-link', 'externals', 'runner-living', 'runner-stopped']);
  });

  test('goes with a copy that was begun', async () => {
    const { copies } = await clean({});
    expect(copies).toEqual(['0123456789abcdef', `0123456789abcdef.${LIVING}`]);
  });

  test.each(['everything', 'inspect'])('stays if the daemon does not answer: %s', async (failing) => {
    const before = await clean({ failing: 'nothing', run: false });
    const after = await clean({ failing });
    expect(after.removed).toEqual([]);
    expect({ folders: after.folders, copies: after.copies }).toEqual({
      folders: before.folders,
      copies: before.copies,
    });
  });

  /** Two tasks are there, one of them stopped; of a third there are leftovers alone. */
  async function clean({ failing = 'nothing', run = true }: { failing?: string; run?: boolean }) {
    const shared = join(directory, 'shared');
    rmSync(shared, { recursive: true, force: true });
    for (const name of ['runner-living', 'runner-stopped', 'runner-gone/work', 'externals/0123456789abcdef']) {
      mkdirSync(join(shared, name), { recursive: true });
    }
    for (const owner of [LIVING, GONE]) mkdirSync(join(shared, `externals/0123456789abcdef.${owner}`));
    writeFileSync(join(shared, 'a-file'), '');
    symlinkSync('/', join(shared, 'a-link'));
    const script = (await written('/usr/local/bin/ecs-runners-leftovers')).replace(/^shared=.*$/m, `shared=${shared}`);
    const calls = join(directory, 'calls');
    rmSync(calls, { force: true });
    program(directory, 'docker', `echo docker "$@" >> ${calls}\n${fakeDocker(failing)}`);
    const path = `${join(directory, 'bin')}:${process.env['PATH']}`;
    if (run) spawnSync('bash', ['-c', script], { env: { PATH: path }, encoding: 'utf8' });
    const called = existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : [];
    return {
      removed: called.filter((call) => /^docker \w+ rm /.test(call)).sort(),
      folders: readdirSync(shared).sort(),
      copies: readdirSync(join(shared, 'externals')).sort(),
    };
  }

  function fakeDocker(failing: string): string {
    const list = (kind: string) =>
      [...[LIVING, STOPPED, GONE].map((owner) => `${kind}-of-${owner} ${owner}`), `${kind}-of-nobody `].join('\\n');
    const trouble = 'echo "Cannot connect to the Docker daemon" >&2; exit 1';
    return `
${failing === 'everything' ? trouble : ''}
case "$*" in
  'container ls --all --quiet') printf '${LIVING}\\n${STOPPED}\\n' ;;
  *inspect*Config.Env*) ${failing === 'inspect' ? trouble : `printf 'PATH=/bin\\nECS_RUNNERS_NAME=runner-living\\nECS_RUNNERS_NAME=runner-stopped\\n'`} ;;
  *inspect*${LIVING}) ${failing === 'inspect' ? trouble : 'echo true'} ;;
  *inspect*${STOPPED}) ${failing === 'inspect' ? trouble : 'echo false'} ;;
  *inspect*) ${failing === 'inspect' ? trouble : `echo "Error: No such container: $5" >&2; exit 1`} ;;
  'container ls'*label=ecs-runners.task*) printf '${list('container')}\\n' ;;
  'network ls'*label=ecs-runners.task*) printf '${list('network')}\\n' ;;
  'volume ls'*label=ecs-runners.task*) printf '${list('volume')}\\n' ;;
esac`;
  }
});
