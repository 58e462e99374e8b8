/** The container itself: its processes, signals, settings of its daemon, and how little it may do. */
import { signature } from '../../../lib/sim/signature.ts';
import { holds, type Step, same } from '../steps.ts';
import { until } from '../until.ts';
import { secretOf, tokenOf } from './credentials.ts';
import { DOCKER_LOGIN } from './docker-login.ts';
import { SHELL_IMAGE } from './images.ts';
import { lazily } from './lazily.ts';
import { processesOf } from './processes.ts';
import type { Stage } from './stage.ts';
import type { Task } from './task.ts';

/** ECS gives a container 120 s; a listener without a job needs none of it. */
const IDLE_STOP_SECONDS_MAX = 15;

export function containerSteps(stage: Stage): Step[][] {
  return [processSteps(stage), settingSteps(stage), privilegeSteps(stage)];
}

function processSteps({ tasks, instance }: Stage): Step[] {
  const job = async () => {
    const task = await tasks.start('none');
    await task.startJob();
    return task;
  };
  return [
    {
      name: 'processes that nobody waits for are buried',
      run: async () => {
        const task = await job();
        await task.output('for i in $(seq 50); do (setsid sleep 0.5 > /dev/null 2>&1 &); done');
        const sleeping = async () =>
          (await processesOf(instance, task.id)).filter(({ command }) => /sleep 0.5|defunct/.test(command));
        holds('they are there', (await sleeping()).length > 0);
        await until('they are gone', 20, async () => (await sleeping()).length === 0);
        await task.finish();
      },
    },
    {
      name: 'told to stop while it is idle, it ends soon and says so',
      run: async () => {
        const task = await tasks.start('none');
        await task.connected();
        const startedAt = performance.now();
        await task.stop();
        same('exit code', await task.ended(1), 3);
        holds('within seconds', performance.now() - startedAt < IDLE_STOP_SECONDS_MAX * 1000);
        holds(
          'it said that it leaves',
          task.runner.calls.some(({ body }) => typeof body['leaving'] === 'string'),
        );
      },
    },
    {
      name: 'told to stop during a job, it lets the job finish',
      run: async () => {
        const task = await job();
        const stopped = task.stop();
        await task.output('sleep 5');
        await task.finish();
        await stopped;
        same('exit code', await task.ended(1), 0);
      },
    },
    {
      name: 'it proves by a signature of its task’s role that it is this runner',
      run: async () => {
        const task = await job();
        holds('the proof is good', isProof(task, task.runner.calls[0]?.body['identity']));
        await task.finish();
      },
    },
    {
      name: 'the registrar hears which job has started',
      run: async () => {
        const task = await job();
        const started = () => task.runner.calls.filter(({ what }) => what === 'started').at(-1)?.body;
        await until('it hears', 20, () => started()?.['repository'] !== undefined);
        same('the job', started(), { repository: 'octo-org/repository', runId: 4711, runAttempt: 2, job: 'test' });
        await task.finish();
      },
    },
  ];
}

/** As STS would look at it. */
function isProof({ name, credentials }: Task, identity: unknown): boolean {
  const { authorization = '', ...proof } = (identity ?? {}) as Record<string, string>;
  const [, accessKeyId = '', names = '', signed] =
    /Credential=(\w+)\/[^,]+, ?SignedHeaders=([^,]+), ?Signature=(\w+)/.exec(authorization) ?? [];
  const given = {
    ...proof,
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    'x-ecs-runners-name': name,
  };
  const headers = Object.fromEntries(
    names.split(';').map((header) => [header, (given as Record<string, string>)[header] ?? '']),
  );
  const scope = { date: proof['x-amz-date'] ?? '', region: 'eu-central-1', service: 'sts' };
  const body = 'Action=GetCallerIdentity&Version=2011-06-15';
  return (
    accessKeyId.startsWith(credentials.key) &&
    proof['host'] === 'sts.eu-central-1.amazonaws.com' &&
    proof['x-amz-security-token'] === tokenOf(accessKeyId) &&
    ['host', 'x-amz-date', 'x-amz-security-token', 'x-ecs-runners-name'].every((header) => header in headers) &&
    signed === signature(secretOf(accessKeyId), scope, { headers, body })
  );
}

function settingSteps({ tasks }: Stage): Step[] {
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

function privilegeSteps({ tasks }: Stage): Step[] {
  const STATUS = 'grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status';
  const start = async (pool: string) => {
    const task = await tasks.start(pool);
    await task.startJob();
    return task;
  };
  return [
    {
      name: 'docker: none: no socket, and root may not do what takes a privileged container',
      run: async () => {
        const task = await start('none');
        const { stdout } = await task.step('test -e /var/run/docker.sock && echo there; sudo id -u; id -un; id -Gn');
        same('socket, root, user, groups', stdout, '0\nrunner\nrunner sudo docker\n');
        for (const script of [
          'mount -t tmpfs none /mnt',
          'mknod /tmp/sda b 8 0',
          'ip link add dummy type dummy',
          'dmesg',
          'modprobe loop',
        ]) {
          holds(`root may not: ${script}`, (await task.step(`sudo ${script}`)).exitCode !== 0);
        }
        const [, bounding = ''] = /CapBnd:\s+(\w+)/.exec(await task.output(STATUS)) ?? [];
        same('capabilities that would open the instance', dangerous(BigInt(`0x${bounding}`)), []);
        await task.finish();
      },
    },
    {
      name: 'sudo: false: a step has no capability, can get none, and becomes nobody else',
      run: async () => {
        const task = await start('none-without-sudo');
        const status = await task.output(STATUS);
        holds(`it has none: ${status}`, /CapEff:\s+0+\n/.test(status) && /NoNewPrivs:\s+1\n/.test(status));
        holds('sudo fails', (await task.step('sudo id')).exitCode !== 0);
        await task.finish();
      },
    },
  ];
}

/** capabilities(7), by number: each is a way out of a container, or into its neighbours. */
const DANGEROUS: Record<string, number> = {
  DAC_READ_SEARCH: 2,
  NET_ADMIN: 12,
  NET_RAW: 13,
  SYS_MODULE: 16,
  SYS_RAWIO: 17,
  SYS_PTRACE: 19,
  SYS_ADMIN: 21,
  MKNOD: 27,
  MAC_ADMIN: 33,
  BPF: 39,
};

function dangerous(bounding: bigint): string[] {
  return Object.entries(DANGEROUS).flatMap(([name, bit]) => ((bounding >> BigInt(bit)) & 1n ? [name] : []));
}
