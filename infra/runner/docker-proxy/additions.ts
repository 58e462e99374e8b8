/** What a request that creates something gets besides: pure, text in and text out; a character is a byte. */
import { environmentFor } from './environment.ts';
import { append, changeMember, endOf, memberOf, read, written } from './json-text.ts';
import { labelled } from './labels.ts';
import { mounted } from './mounts.ts';

export type Additions = {
  /** For containers; what a request has of its own stays. */
  environment: Readonly<Record<string, string>>;
  /** For containers, networks and volumes. */
  labels?: Readonly<Record<string, string>>;
  /** Where a path, and what is below it, is to be found for the daemon. */
  binds?: Readonly<Record<string, string>>;
};
export type Kind = 'containers' | 'networks' | 'volumes';

/** What is no JSON object stays as it is: the daemon says what is wrong with it. It reads the first value and no further. */
export function edited(kind: Kind, text: string, additions: Additions): string {
  const [start, end] = objectIn(text);
  const object = text.slice(start, end);
  if (object === '') return text;
  const changed = kind === 'containers' ? mounted(withEnvironment(object, additions), additions) : object;
  return text.slice(0, start) + labelled(changed, additions) + text.slice(end);
}

/** Nothing if there is none. */
export function objectIn(text: string): [start: number, end: number] {
  const start = text.search(/[^ \t\r\n]/);
  if (text[start] !== '{') return [0, 0];
  const end = endOf(text, start);
  try {
    JSON.parse(text.slice(start, end));
    return [start, end];
  } catch {
    return [0, 0];
  }
}

function withEnvironment(container: string, { environment }: Additions): string {
  const own = read(memberOf(container, 'Env') ?? 'null');
  const added = environmentFor(Array.isArray(own) ? own.map(String) : [], environment).map(written);
  if (added.length === 0) return container;
  return changeMember(container, 'Env', (value) => append(value, added.join(), '[]'));
}
