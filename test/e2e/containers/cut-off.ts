/** The network between a task and the registrar, taken away and given back. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Instance } from './instance.ts';
import { INTERNET } from './networks.ts';
import type { Stage } from './stage.ts';
import type { Task } from './task.ts';

/** What the container sends to the registrar gets lost from now on; for so many seconds, if they are given. */
export async function cutOff(task: Task, { instance }: Stage, seconds?: number): Promise<void> {
  await instance.shell(`iptables --wait -I ${toRegistrar(task)}`);
  if (seconds === undefined) return;
  await sleep(seconds * 1000);
  await restore(task, instance);
}

/** The next container may have the address. */
export async function restore(task: Task, { shell }: Instance): Promise<void> {
  await shell(`while iptables --wait -D ${toRegistrar(task)} 2> /dev/null; do :; done`);
}

function toRegistrar({ address }: Task): string {
  return `FORWARD --source ${address} --destination ${INTERNET.registrar} --jump DROP`;
}
