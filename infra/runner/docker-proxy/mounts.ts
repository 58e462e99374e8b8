/** What a container mounts: paths of ours where the daemon finds them, and volumes with our labels. */
import { posix } from 'node:path';
import type { Additions } from './additions.ts';
import { changeEach, changeMember, isNamed, memberOf, read, written } from './json-text.ts';
import { labelled } from './labels.ts';

/** In `HostConfig`, and beside it, where the daemon takes them from clients of old. */
export function mounted(container: string, additions: Additions): string {
  const change = (value: string, name: string): string => {
    if (isNamed(name, 'Binds')) return changeEach(value, (bind) => changedBind(bind, additions));
    return isNamed(name, 'Mounts') ? changeEach(value, (mount) => changedMount(mount, additions)) : value;
  };
  return changeEach(container, (value, name) =>
    isNamed(name, 'HostConfig') ? changeEach(value, change) : change(value, name),
  );
}

/** `source:destination`, and perhaps a mode. */
function changedBind(text: string, additions: Additions): string {
  const [source = '', ...others] = String(read(text)).split(':');
  const found = others.length > 0 && placeOf(source, additions);
  return found ? written([found, ...others].join(':')) : text;
}

function changedMount(mount: string, additions: Additions): string {
  const type = memberOf(mount, 'Type');
  if (type === '"volume"' && additions.labels) {
    return changeMember(mount, 'VolumeOptions', (options) => labelled(options === 'null' ? '{}' : options, additions));
  }
  const found = type === '"bind"' && placeOf(String(read(memberOf(mount, 'Source') ?? '""')), additions);
  return found ? changeMember(mount, 'Source', () => written(found)) : mount;
}

/** Where the daemon finds a path of ours; `undefined` if it is none. */
function placeOf(source: string, { binds = {} }: Additions): string | undefined {
  // As the daemon cleans it.
  const path = posix.normalize(source).replace(/(.)\/$/, '$1');
  const [own, place] =
    Object.entries(binds)
      .filter(([own]) => path === own || path.startsWith(`${own}/`))
      .sort(([one], [other]) => other.length - one.length)[0] ?? [];
  return own === undefined ? undefined : place + path.slice(own.length);
}
