/** Whose credentials the containers get that a job starts, in each way in which it may start them. */
import type { Step } from '../steps.ts';
import { holds, same } from '../steps.ts';
import { SDK_IMAGE, SHELL_IMAGE } from './images.ts';
import { lazily } from './lazily.ts';
import { lines } from './lines.ts';
import type { Stage } from './stage.ts';
import type { Task } from './task.ts';

const CLIENT = 'node /client.mjs';
/** A folder of the runner, as it mounts them into job containers (actions/runner, ContainerOperationProvider.cs). */
const JOB_CONTAINER = `
work=$(dirname "$(dirname "$GITHUB_WORKSPACE")")
docker network create --label 123abc github_network > /dev/null
docker create --name service --label 123abc --network github_network --network-alias service ${SDK_IMAGE} ${CLIENT} serve > /dev/null
docker start service > /dev/null
docker create --name job --label 123abc --workdir /__w/repository/repository --network github_network \\
  -e HOME=/github/home -e GITHUB_ACTIONS=true -e CI=true \\
  -v /var/run/docker.sock:/var/run/docker.sock -v "$work":/__w -v /home/runner/externals:/__e:ro \\
  -v "$work/_temp":/__w/_temp -v "$work/_actions":/__w/_actions -v "$work/_tool":/__w/_tool \\
  -v "$work/_temp/_github_home":/github/home -v "$work/_temp/_github_workflow":/github/workflow \\
  --entrypoint tail ${SDK_IMAGE} -f /dev/null > /dev/null
docker start job > /dev/null
`;
const COMPOSE = `
cat > compose.yml <<END
version: '3'
services:
  client:
    image: ${SDK_IMAGE}
END
docker-compose --no-ansi --file compose.yml up --no-color --abort-on-container-exit >&2
docker-compose --no-ansi --file compose.yml logs --no-color client | sed -n 's/^client_1 *| //p'
docker-compose --no-ansi --file compose.yml down >&2
`;
const PYTHON = `
python3 -c 'import docker
print(docker.from_env().containers.run("${SDK_IMAGE}", remove=True).decode())'`;

/** Its containers are made by the daemon, not by a request; so they have no role, and not the instance's either. */
const BUILD = (kit: 0 | 1): string => `
mkdir -p build-${kit}
printf 'FROM ${SDK_IMAGE}\nRUN ${CLIENT} > /said\n' > build-${kit}/Dockerfile
DOCKER_BUILDKIT=${kit} docker build --quiet --no-cache --tag built-${kit} build-${kit} > /dev/null
docker run --rm built-${kit} cat /said`;

type Case = { from: string; script: string; expected: 'task' | 'own' | 'none' };

const CASES: Case[] = [
  { from: 'a step', script: 'externals/node24/bin/node /e2e/client.mjs', expected: 'task' },
  { from: 'docker run', script: `docker run --rm ${SDK_IMAGE}`, expected: 'task' },
  { from: 'docker run --network host', script: `docker run --rm --network host ${SDK_IMAGE}`, expected: 'task' },
  { from: 'docker compose', script: COMPOSE, expected: 'task' },
  { from: 'a client of the Engine API', script: PYTHON, expected: 'task' },
  { from: 'a job container (docker exec)', script: `docker exec -i job ${CLIENT}`, expected: 'task' },
  {
    from: 'a service container',
    script: 'docker exec -i job sh -c "wget -qO- http://service; echo; sleep 3; wget -qO- http://service"',
    expected: 'task',
  },
  {
    from: 'a container that a job container starts',
    script: `docker exec -i job node /engine-client.mjs ${SDK_IMAGE}`,
    expected: 'task',
  },
  {
    from: 'docker run with own keys',
    script: `docker run --rm -e AWS_ACCESS_KEY_ID=OWN -e AWS_SECRET_ACCESS_KEY=own ${SDK_IMAGE}`,
    expected: 'own',
  },
  { from: 'a step of docker build, classic', script: BUILD(0), expected: 'none' },
  { from: 'a step of docker build, BuildKit', script: BUILD(1), expected: 'none' },
];

export function credentialSteps({ tasks, metadata }: Stage, say: (line: string) => void): Step[][] {
  return (['dind', 'socket'] as const).map((pool) => {
    const start = lazily(async () => {
      const task = await tasks.start(pool);
      await task.startJob();
      // In socket mode the images are the instance's.
      if (pool === 'dind')
        await task.output('for one in sdk shell; do docker load --quiet --input /e2e/$one.tar; done');
      await task.output(JOB_CONTAINER);
      return task;
    });
    return [
      {
        name: `${pool}: every container that a job starts has the task's role and region, also after it expired`,
        run: async () => {
          const task = await start();
          const given = metadata.given;
          const found = await Promise.all(CASES.map(async (one) => ({ ...one, ...(await measure(task, one.script)) })));
          say(table(pool, found));
          for (const { from, expected, ...is } of found)
            same(from, { first: is.first, later: is.later }, { first: expected, later: expected });
          for (const one of found.filter(({ expected }) => expected !== 'none')) {
            holds(`${one.from}: the later key is another`, one.expected === 'own' || one.isRefreshed);
            same(`${one.from}: its region`, one.region, 'eu-central-1');
          }
          same('keys of the instance that were given away', metadata.given, given);
        },
      },
      {
        name: `${pool}: a container with keys of its own gets no other way to credentials`,
        run: async () => {
          const task = await start();
          const keys = '-e AWS_ACCESS_KEY_ID=OWN -e AWS_SECRET_ACCESS_KEY=own';
          const environment = await task.output(`docker run --rm ${keys} ${SHELL_IMAGE} env`);
          // The daemon lists them in any order.
          same('its own variables', environment.match(/^AWS_(?!REGION|DEFAULT).*$/gm)?.toSorted(), [
            'AWS_ACCESS_KEY_ID=OWN',
            'AWS_SECRET_ACCESS_KEY=own',
          ]);
        },
      },
      {
        name: `${pool}: a job container shares work, externals and the Docker socket with the runner`,
        run: async () => {
          const task = await start();
          await task.output(
            'docker exec -i job sh -ec "echo from the container > result; test -S /var/run/docker.sock; /__e/node24/bin/node -p 1+1"',
          );
          same('what it wrote', await task.output('cat result'), 'from the container\n');
        },
      },
      {
        name: `${pool}: its job ends, and the task with it`,
        run: async () => (await start()).finish(),
      },
    ];
  });
}

type Measured = { first: string; later: string; isRefreshed: boolean; region: string };

async function measure(task: Task, script: string): Promise<Measured> {
  const { exitCode, stdout, stderr } = await task.step(script.replace('externals/', '/home/runner/externals/'));
  const lines = stdout.split(/\r?\n/).filter((line) => line !== '');
  const [first = '', later = ''] = lines;
  if (exitCode !== 0 || lines.length !== 2) throw new Error(`${script} ended with ${exitCode}:\n${stdout}${stderr}`);
  const whose = (line: string) => {
    if (line.startsWith(task.credentials.key)) return 'task';
    if (line.startsWith('none ')) return 'none';
    return line.startsWith('OWN ') ? 'own' : line;
  };
  return {
    first: whose(first),
    later: whose(later),
    isRefreshed: first !== later,
    region: later.startsWith('none ') ? '' : (later.split(' ')[1] ?? ''),
  };
}

function table(pool: string, found: (Case & Measured)[]): string {
  const rows = found.map(({ from, first, later, isRefreshed, region }) => [
    from,
    first,
    `${later}${isRefreshed ? ', another key' : ''}`,
    region,
  ]);
  return lines([[`${pool}: credentials of`, 'at first', 'after they expired', 'region'], ...rows]);
}
