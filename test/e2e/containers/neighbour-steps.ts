/** Several tasks on one instance's engine: each cleans up behind itself, and touches nothing of the others. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { holds, type Step, same } from '../steps.ts';
import { SHELL_IMAGE } from './images.ts';
import { instanceScript } from './instance-script.ts';
import type { Stage } from './stage.ts';
import type { Task } from './task.ts';

/** One of each kind that a job can leave; `$ME` is in every name. An anonymous volume has a file to be known by. */
const LEAVE = `
docker network create $ME-network > /dev/null
docker volume create $ME-volume > /dev/null
docker run -d --name $ME-running --network $ME-network -v $ME-volume:/named -v $ME-implicit:/implicit -v /anonymous ${SHELL_IMAGE} \\
  sh -c 'touch /anonymous/file; sleep 3600' > /dev/null
docker run -d --name $ME-exited --mount type=volume,source=$ME-mounted,target=/mounted ${SHELL_IMAGE} true > /dev/null
docker run --rm -v /gone ${SHELL_IMAGE} true
docker create --name $ME-created -v /never ${SHELL_IMAGE} true > /dev/null
docker run -d --name $ME-removed -v /left ${SHELL_IMAGE} true > /dev/null; docker rm -f $ME-removed > /dev/null
docker run --rm -v "$PWD":/mounted ${SHELL_IMAGE} sh -c 'mkdir -p /mounted/of-root; touch /mounted/of-root/file'
cat > compose.yml <<END
version: '3'
services: {one: {image: '${SHELL_IMAGE}', command: sleep 3600, volumes: ['data:/data']}}
volumes: {data: {}}
END
docker-compose --no-ansi --project-name $ME up --detach 2> /dev/null`;

/** What is on the engine, by kind; anonymous volumes by how many there are. */
type Found = { containers: string[]; networks: string[]; volumes: string[]; anonymous: number };

export function neighbourSteps(stage: Stage): Step[] {
  const { tasks } = stage;
  return [
    {
      name: 'two tasks on one engine: each leaves nothing, and nothing of the other or of others is touched',
      run: async () => {
        const foreign = await withForeign(stage);
        const [one, two] = await Promise.all([leave(stage, 'one'), leave(stage, 'two')]);
        const both = await look(stage);
        same('what the first job made', namesOf(both, 'one'), MADE('one'));
        same('what the second job made', namesOf(both, 'two'), MADE('two'));
        await one.finish();
        const after = await look(stage);
        same('what is left of the first', namesOf(after, 'one'), []);
        same('what the second still has', namesOf(after, 'two'), MADE('two'));
        same('it still runs', await two.output('docker inspect --format "{{.State.Running}}" two-running'), 'true\n');
        same(
          'folders of the first and of the second',
          [await hasFolder(stage, one), await hasFolder(stage, two)],
          [false, true],
        );
        await two.finish();
        same('what is left of all', await look(stage), foreign);
        same('the folder of the second', await hasFolder(stage, two), false);
      },
    },
    {
      name: 'what a task that was killed has left is removed by the next one',
      run: async () => {
        const foreign = await withForeign(stage);
        const killed = await leave(stage, 'killed');
        await killed.remove();
        same('what is left of it', namesOf(await look(stage), 'killed'), MADE('killed'));
        const next = await tasks.start('socket');
        await next.startJob();
        same('what is left of it now', namesOf(await look(stage), 'killed'), []);
        same('its folder', await hasFolder(stage, killed), false);
        await next.finish();
        same('what is left of all', await look(stage), foreign);
      },
    },
    {
      name: 'what a task that was killed has left is removed within the hour, if no other one comes',
      run: async () => {
        const foreign = await withForeign(stage);
        const killed = await leave(stage, 'alone');
        await killed.remove();
        await stage.instance.shell(await instanceScript('leftovers'));
        same('its folder', await hasFolder(stage, killed), false);
        const { anonymous, ...left } = await look(stage);
        const { anonymous: _, ...others } = foreign;
        same('what is left of all', left, others);
        // Of a container that the job had removed: no label tells whose it was. The instance removes it when the disk fills.
        holds(`volumes without a name: ${anonymous}`, anonymous <= foreign.anonymous + 1);
      },
    },
  ];
}

const MADE = (me: string): string[] => [
  ...['created', 'exited', 'running'].map((name) => `${me}-${name}`),
  `${me}_one_1`,
  `${me}-network`,
  `${me}_default`,
  ...['implicit', 'mounted', 'volume'].map((name) => `${me}-${name}`),
  `${me}_data`,
];

/** A task whose job has left everything that a job can leave, and still runs. */
async function leave({ tasks }: Stage, me: string): Promise<Task> {
  const task = await tasks.start('socket');
  await task.startJob();
  await task.output(`ME=${me}\n${LEAVE}`);
  return task;
}

/** With what is nobody's task's: an operator's own, or another system's. */
async function withForeign(stage: Stage): Promise<Found> {
  const { docker } = stage.instance;
  const listed = await docker('ps', '--all', '--quiet', '--filter', 'name=foreign');
  if (listed === '') {
    await docker('network', 'create', 'foreign-network');
    const volumes = ['--volume', 'foreign-volume:/named', '--volume', '/anonymous'];
    const options = ['--detach', '--name', 'foreign', '--network', 'foreign-network', ...volumes];
    await docker('run', ...options, SHELL_IMAGE, 'sleep', '3600');
  }
  return look(stage);
}

async function look({ instance: { docker } }: Stage): Promise<Found> {
  const list = async (...args: string[]) =>
    (await docker(...args))
      .split('\n')
      .filter((name) => name !== '')
      .sort();
  const volumes = await list('volume', 'ls', '--format', '{{.Name}}');
  const isAnonymous = (name: string) => /^[0-9a-f]{64}$/.test(name);
  const others = (names: string[]) => names.filter((name) => !name.startsWith('e2e-'));
  return {
    containers: others(await list('ps', '--all', '--format', '{{.Names}}')),
    networks: await list('network', 'ls', '--format', '{{.Name}}'),
    volumes: others(volumes.filter((name) => !isAnonymous(name))),
    anonymous: volumes.filter(isAnonymous).length,
  };
}

function namesOf({ containers, networks, volumes }: Found, me: string): string[] {
  return [...containers, ...networks, ...volumes].filter(
    (name) => name.startsWith(`${me}-`) || name.startsWith(`${me}_`),
  );
}

async function hasFolder({ instance }: Stage, { name }: Task): Promise<boolean> {
  return access(join(instance.folder, 'var-lib/ecs-runners', name)).then(
    () => true,
    () => false,
  );
}
