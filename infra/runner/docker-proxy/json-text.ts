/**
 * Changes in the text of JSON that leave every other byte alone: numbers beyond 2^53, the order and the spelling of what we
 * do not know. In text that `JSON.parse` takes; a character is a byte.
 */

/** From the text of a value; in an object with its name. */
type Change = (value: string, name: string, index: number) => string;

/** Where the value that begins at `start` ends. Without recursion: Go reads ten thousand levels. */
export function endOf(text: string, start: number): number {
  let depth = 0;
  let at = start;
  do {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    else if (depth === 0) return endOfWord(text, at);
    at += 1;
  } while (depth > 0 && at < text.length);
  return at;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

function endOfWord(text: string, start: number): number {
  let at = start;
  while (at < text.length && !' \t\r\n,:]}'.includes(text[at] ?? '')) at += 1;
  return at;
}

/** Where the values in an object or array are, an object's names among them. */
function partsOf(text: string): [start: number, end: number][] {
  const parts: [number, number][] = [];
  for (let at = 1; at < text.length - 1; at += 1) {
    if (' \t\r\n,:'.includes(text[at] ?? '')) continue;
    const end = endOf(text, at);
    parts.push([at, end]);
    at = end - 1;
  }
  return parts;
}

/** Each value in an object or array changed; another kind of value as it is. */
export function changeEach(text: string, change: Change): string {
  const isObject = text[0] === '{';
  if (!isObject && text[0] !== '[') return text;
  const parts = partsOf(text);
  let changed = '';
  let done = 0;
  for (let index = isObject ? 1 : 0; index < parts.length; index += isObject ? 2 : 1) {
    const [start, end] = parts[index] ?? [0, 0];
    const name = isObject ? String(read(text.slice(...(parts[index - 1] ?? [])))) : '';
    changed += text.slice(done, start) + change(text.slice(start, end), name, index);
    done = end;
  }
  return changed + text.slice(done);
}

/** Of several with its name the last one: that counts. `undefined`: none. */
export function memberOf(object: string, name: string): string | undefined {
  let last: string | undefined;
  changeEach(object, (value, found) => {
    if (isNamed(found, name)) last = value;
    return value;
  });
  return last;
}

/** The member that counts changed, or added: `change` is given `null` then. What is no object stays as it is. */
export function changeMember(object: string, name: string, change: (value: string) => string): string {
  let last = -1;
  changeEach(object, (value, found, index) => {
    if (isNamed(found, name)) last = index;
    return value;
  });
  if (last < 0) return append(object, `${written(name)}:${change('null')}`, '{}');
  return changeEach(object, (value, _, index) => (index === last ? change(value) : value));
}

/** With one thing more at its end. `empty`: what it is made of if it is `null`; what is of another kind stays as it is. */
export function append(text: string, addition: string, empty: '{}' | '[]'): string {
  const old = text === 'null' ? empty : text;
  if (old[0] !== empty[0]) return text;
  return old.slice(0, -1) + (partsOf(old).length > 0 ? ',' : '') + addition + old.slice(-1);
}

/** Go takes a member whatever the case of its name, in every alphabet. */
export function isNamed(found: string, name: string): boolean {
  return new RegExp(`^${name}$`, 'iu').test(found);
}

export function read(text: string): unknown {
  return JSON.parse(Buffer.from(text, 'latin1').toString());
}

export function written(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('latin1');
}
