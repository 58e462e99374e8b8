/** Volumes that come into being because a container names them in `Binds`, where no labels can be given. */
import { request } from 'node:http';
import { type Additions, objectIn } from './additions.ts';
import { changeEach, isNamed, memberOf, read } from './json-text.ts';
import type { Upstream } from './relay.ts';

export type Volume = { Name: string; Driver?: unknown };

/** Of the text of a request that creates a container. */
export function volumesOf(text: string, { labels }: Additions): Volume[] {
  if (!labels) return [];
  const container = text.slice(...objectIn(text));
  const names: string[] = [];
  const look = (value: string, name: string) => {
    if (isNamed(name, 'Binds')) changeEach(value, add);
    if (isNamed(name, 'HostConfig')) changeEach(value, look);
    return value;
  };
  const add = (bind: string) => {
    const [source = '', ...others] = String(read(bind)).split(':');
    if (others.length > 0 && !source.startsWith('/')) names.push(source);
    return bind;
  };
  changeEach(container, look);
  const driver = memberOf(memberOf(container, 'HostConfig') ?? container, 'VolumeDriver');
  return names.map((Name) => ({ Name, ...(driver !== undefined && { Driver: read(driver) }) }));
}

/**
 * With our labels, before the container: a volume that is there already stays as it is. What goes wrong here goes wrong
 * with the container as well, and then the daemon says it.
 */
export async function createVolumes(
  volumes: readonly Volume[],
  version: string,
  { upstream, labels }: Upstream,
): Promise<void> {
  const path = `${version}/volumes/create`;
  for (const volume of volumes) await post(upstream, path, JSON.stringify({ ...volume, Labels: labels }));
}

function post(socketPath: string, path: string, body: string): Promise<void> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json' };
    request({ socketPath, path, method: 'POST', headers, agent: false })
      .on('response', (answer) => answer.resume())
      .on('error', () => {})
      .on('close', resolve)
      .end(body);
  });
}
