/** What a pool sets for the daemon of its runners. */
import { holds, type Step, same } from '../steps.ts';
import { DOCKER_LOGIN } from './docker-login.ts';
import { SHELL_IMAGE } from './images.ts';
import { lazily } from './lazily.ts';
import type { Stage } from './stage.ts';
import type { Task } from './task.ts';

export function settingSteps({ tasks }: Stage): Step[] {
  const start = lazily(async () => {
    const task = await tasks.start('dind-settings');
    await task.startJob();
    await task.output('docker load --quiet --input /e2e/shell.tar');
    return task;
  });
  return [
    {
      name: 'registryMirror: the daemon knows it',
      run: async () => {
        const mirrors = await (await start()).output('docker info --format "{{json .RegistryConfig.Mirrors}}"');
        same('its mirrors', JSON.parse(mirrors), ['https://mirror.example.com/']);
      },
    },
    {
      name: 'dockerLogin: the runner’s user has it, and nobody else',
      run: async () => {
        const task = await start();
        const auth = Buffer.from(`${DOCKER_LOGIN.username}:${DOCKER_LOGIN.password}`).toString('base64');
        const config = JSON.parse(await task.output('cat ~/.docker/config.json')) as unknown;
        same('its configuration', config, { auths: { 'https://index.docker.io/v1/': { auth } } });
        same('owner and mode', await task.output('stat --format "%U %a" ~/.docker/config.json'), 'runner 600\n');
      },
    },
    {
      name: 'dockerStoreGiB: a job that fills its store fails, and the instance has room',
      run: async () => {
        const task = await start();
        const before = await freeBytes(task);
        const fill = `docker run --rm --volume filled:/filled ${SHELL_IMAGE} busybox fallocate -l 6000000000 /filled/file`;
        const { exitCode, stderr } = await task.step(fill);
        holds(`it fails for want of room: ${stderr}`, exitCode !== 0 && /no space left/i.test(stderr));
        const filled = await task.output(
          `docker run --rm --volume filled:/filled ${SHELL_IMAGE} busybox df -k /filled | tail -n 1`,
        );
        const [, totalKiB] = /(\d+)\s+\d+\s+\d+\s+\d+%/.exec(filled) ?? [];
        holds(
          `its store has 5 GiB: ${filled}`,
          Number(totalKiB) > 4.5 * 1024 ** 2 && Number(totalKiB) <= 5 * 1024 ** 2,
        );
        holds('the instance has lost no more than that', before - (await freeBytes(task)) < 5.5 * 1024 ** 3);
        await task.finish();
      },
    },
  ];
}

/** Of the instance's disk, below the container. */
async function freeBytes(task: Task): Promise<number> {
  return Number(await task.output('df --block-size=1 --output=avail / | tail -n 1'));
}
