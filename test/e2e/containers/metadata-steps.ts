/** From where the instance's metadata service gives the instance's role away: measured, with the instance's rule and without. */
import { type Step, same } from '../steps.ts';
import { INSTANCE_KEY } from './credentials.ts';
import { SDK_IMAGE } from './images.ts';
import { instanceScript } from './instance-script.ts';
import { lines } from './lines.ts';
import type { Stage } from './stage.ts';
import type { Task } from './task.ts';

const CLIENT = 'node /client.mjs metadata';
const ROLE = 'instance role';
const BLOCKED = 'blocked';

/** Without the rule: who is reached depends on how far away it is. */
const EXPECTED: Record<string, [string, string, string]> = {
  'the instance itself': [ROLE, ROLE, ROLE],
  'a step of a task': [BLOCKED, ROLE, ROLE],
  'docker run, socket': [BLOCKED, ROLE, ROLE],
  'docker run in a job network, socket': [BLOCKED, ROLE, ROLE],
  'docker run, dind': [BLOCKED, BLOCKED, ROLE],
  'docker run in a job network, dind': [BLOCKED, BLOCKED, ROLE],
  'docker run --network host, dind': [BLOCKED, ROLE, ROLE],
};

export function metadataSteps(stage: Stage, say: (line: string) => void): Step[] {
  return [
    {
      name: 'no container gets the instance’s role: neither by the hop limit of 1, nor at any with the instance’s rule',
      run: async () => {
        const [dind, socket] = await Promise.all([stage.tasks.start('dind'), stage.tasks.start('socket')]);
        await Promise.all([dind.startJob(), socket.startJob()]);
        await dind.output('docker load --quiet --input /e2e/sdk.tar; docker network create job');
        await socket.output('docker network create job-of-the-socket');
        const places = placesOf(stage, dind, socket);
        const open = [
          await measure(stage, places, 1),
          await measure(stage, places, 2),
          await measure(stage, places, 3),
        ];
        await stage.instance.shell(await instanceScript('metadata'));
        const ruled = [await measure(stage, places, 3), await measure(stage, places, 64)];
        await stage.hopLimit(1);
        const names = Object.keys(EXPECTED);
        const rows = names.map((name) => [name, ...[...open, ...ruled].map((column) => column[name] ?? '')]);
        say(lines([['instance metadata, seen from', 'hop limit 1', '2', '3', 'with the rule: 3', '64'], ...rows]));
        for (const name of names) {
          same(
            `${name}, without the rule`,
            open.map((column) => column[name]),
            EXPECTED[name],
          );
          const kept = name === 'the instance itself' ? ROLE : BLOCKED;
          same(
            `${name}, with the rule`,
            ruled.map((column) => column[name]),
            [kept, kept],
          );
        }
        await Promise.all([dind.finish(), socket.finish()]);
      },
    },
  ];
}

function placesOf({ instance }: Stage, dind: Task, socket: Task): Record<string, () => Promise<string>> {
  const run =
    (task: Task, options = '') =>
    () =>
      task.output(`docker run --rm ${options} ${SDK_IMAGE} ${CLIENT}`);
  return {
    'the instance itself': () =>
      instance.shell(`"${process.execPath}" "${instance.folder}/../images/client.mjs" metadata`),
    'a step of a task': () => socket.output('/home/runner/externals/node24/bin/node /e2e/client.mjs metadata'),
    'docker run, socket': run(socket),
    'docker run in a job network, socket': run(socket, '--network job-of-the-socket'),
    'docker run, dind': run(dind),
    'docker run in a job network, dind': run(dind, '--network job'),
    'docker run --network host, dind': run(dind, '--network host'),
  };
}

async function measure(
  stage: Stage,
  places: Record<string, () => Promise<string>>,
  hops: number,
): Promise<Record<string, string>> {
  await stage.hopLimit(hops);
  const found = Object.entries(places).map(async ([name, look]) => {
    const said = (await look()).trim();
    return [name, said.startsWith(INSTANCE_KEY) ? ROLE : said];
  });
  return Object.fromEntries(await Promise.all(found));
}
