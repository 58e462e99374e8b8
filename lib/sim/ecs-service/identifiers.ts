/** ARNs and the ids in them. */
import type { Chance } from '../chance.ts';

export type Home = { region: string; account: string };

export function arn(home: Home, resource: string): string {
  return `arn:aws:ecs:${home.region}:${home.account}:${resource}`;
}

/** 32 hexadecimal digits, as task and container instance ids have them. */
export function hexId(chance: Chance, digits = 32): string {
  let id = '';
  while (id.length < digits)
    id += Math.floor(chance.next() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return id.slice(0, digits);
}

export function uuid(chance: Chance): string {
  return hexId(chance).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** What stands behind the last slash: a cluster's name, a task's id. */
export function lastPart(nameOrArn: string): string {
  return nameOrArn.slice(nameOrArn.lastIndexOf('/') + 1);
}
