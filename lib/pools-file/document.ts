/** YAML in, plain data out, and where each piece of it stands. */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLParseError,
  type YAMLWarning,
} from 'yaml';

/** A spot in the file; both count from 1. */
export type Position = { line: number; column: number };
export type Path = readonly PropertyKey[];

export type PoolsDocument = {
  /** Plain data of any shape; absent if the text is not YAML, so that nothing in it can be judged. */
  content?: { value: unknown };
  /** What YAML itself finds wrong. */
  errors: (Position & { place: string; message: string })[];
  /** Of the value at this path, or of its key; of the nearest place above it that exists. */
  locate: (path: Path, part: 'key' | 'value') => Position;
};

/** Letters; a file of fifty pools has a tenth of it. Bounds what a crafted file can cost. */
const TEXT_LETTERS_MAX = 200_000;
/** Aliases are useful for lists of labels, and a way to make a small file huge. */
const ALIASES_MAX = 100;

/** Never throws: text that is not YAML gives errors. */
export function readDocument(text: string): PoolsDocument {
  if (text.length > TEXT_LETTERS_MAX) return unreadable(`is longer than ${TEXT_LETTERS_MAX} letters: make it shorter`);
  try {
    return fromYaml(text);
  } catch (error) {
    return unreadable(error instanceof RangeError ? 'is nested too deeply' : String((error as Error).message));
  }
}

function unreadable(message: string): PoolsDocument {
  const start = { line: 1, column: 1 };
  return { errors: [{ ...start, place: '', message }], locate: () => start };
}

function fromYaml(text: string): PoolsDocument {
  const lineCounter = new LineCounter();
  // Text keys only (`stringKeys`), so that what is plain data here is what the file says.
  const document = parseDocument(text, { lineCounter, prettyErrors: false, stringKeys: true, logLevel: 'error' });
  const at = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  // An unknown tag is a mere warning to YAML; here it means that a value is not what its author thinks.
  const findings = [...document.errors, ...document.warnings];
  const unresolved = unresolvedAliases(document);
  const isYaml = unresolved.length === 0 && findings.every(({ code }) => code === 'DUPLICATE_KEY');
  return {
    ...(isYaml && { content: { value: document.toJS({ maxAliasCount: ALIASES_MAX }) } }),
    errors: [...findings.map((finding) => fromFinding(document, finding)), ...unresolved].map(
      ({ offset, place, message }) => ({ ...at(offset), place, message }),
    ),
    locate: (path, part) => at(offsetOf(document, path, part)),
  };
}

type YamlError = { offset: number; place: string; message: string };

function fromFinding(document: Document, { code, message, pos: [offset] }: YAMLParseError | YAMLWarning): YamlError {
  if (code !== 'DUPLICATE_KEY') return { offset, place: '', message };
  const place = placeOfKey(document, offset);
  return { offset, place, message: 'this key is there twice in the same map: remove one of them' };
}

/** YAML itself finds them only when it makes data, and then without saying where. */
function unresolvedAliases(document: Document): YamlError[] {
  const found: YamlError[] = [];
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document)) return;
      const message = `Unresolved alias ${alias.source}: nothing before it has that anchor`;
      found.push({ offset: startOf(alias) ?? 0, place: '', message });
    },
  });
  return found;
}

function offsetOf(document: Document, path: Path, part: 'key' | 'value'): number {
  let node = document.contents as Node | null;
  let offset = startOf(node) ?? 0;
  for (const [index, step] of path.entries()) {
    const { key, value } = child(document, node, step);
    if (key === undefined && value === undefined) return offset;
    const keyOffset = startOf(key) ?? startOf(value) ?? offset;
    const wantsKey = index === path.length - 1 && part === 'key';
    // Of a map the key is the place that a reader looks for, not its first entry.
    offset = wantsKey || isCollection(value) || isEmpty(value) ? keyOffset : (startOf(value) ?? keyOffset);
    node = value ?? null;
  }
  return offset;
}

function placeOfKey(document: Document, offset: number): string {
  let place = '';
  visit(document, {
    Pair: (_, pair, ancestors) => {
      if (startOf(pair.key as Node) !== offset) return undefined;
      place = [...ancestors.filter(isPair), pair].map(({ key }) => String(key)).join('.');
      return visit.BREAK;
    },
  });
  return place;
}

type Child = { key?: Node | undefined; value?: Node | undefined };

function child(document: Document, parent: Node | null, step: PropertyKey): Child {
  const node = isAlias(parent) ? parent.resolve(document) : parent;
  if (isSeq(node)) return { value: node.items[Number(step)] as Node | undefined };
  if (!isMap(node)) return {};
  const pair = node.items.findLast(({ key }) => isScalar(key) && String(key.value) === step);
  return { key: pair?.key as Node | undefined, value: (pair?.value ?? undefined) as Node | undefined };
}

function startOf(node: Node | null | undefined): number | undefined {
  return node?.range?.[0];
}

function isEmpty(node: Node | undefined): boolean {
  return isScalar(node) && node.value === null;
}
