/** How little a job may do where its pool needs no more. */
import { holds, type Step, same } from '../steps.ts';
import type { Stage } from './stage.ts';

export function privilegeSteps({ tasks }: Stage): Step[] {
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
