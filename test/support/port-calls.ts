/**
 * Which methods of which ports a function may call, read off its code: from the world that its handler is given, into every
 * function that the world, or one of its ports, is handed to. Branches count whether they are ever taken or not. What
 * cannot be followed is an error, so that nothing is left out.
 */
import { parseSync } from '@swc/core';
import { build } from 'esbuild';

type Syntax = { type: string; span?: { start: number; end: number } } & Record<string, unknown>;
/** From the world to a value: `runners`, then `get`. */
type Path = readonly string[];
/** A function with a name. */
type Unit = { name: string; parameters: Syntax[]; results: Syntax[] };

/** What is known so far: of which names the value may be of the world, by binding and path. */
type Reading = {
  units: ReadonlyMap<string, Unit>;
  results: ReadonlySet<unknown>;
  bindings: Map<string, Map<string, Path>>;
  calls: Set<string>;
};

/** The code of a module with everything that it needs of ours, in one text. */
export async function bundled(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

/** Sorted, each as `runners.get`. `root`: the function of the code whose first parameter is the world. */
export function portCalls(code: string, root: string): string[] {
  const module = parseSync(code, { syntax: 'ecmascript', target: 'es2024' }) as unknown as Syntax;
  const units = unitsOf(module);
  const start = [...units.values()].find(({ name }) => name === root);
  if (start === undefined) throw new Error(`the code has no function ${root}`);
  const results = new Set([...units.values()].flatMap((unit) => unit.results));
  const reading: Reading = { units, results, bindings: new Map(), calls: new Set() };
  bind(start.parameters[0], [], reading);
  try {
    // Again and again until nothing new is found: a function may hand a port to one that was read before.
    for (let known = -1; known < sizeOf(reading); ) {
      known = sizeOf(reading);
      read(module, reading);
    }
  } catch (error) {
    if (error instanceof Lost) throw new Error(`${error.message}: ${textAt(code, module, error.node)}`);
    throw error;
  }
  return [...reading.calls].sort();
}

function sizeOf({ bindings }: Reading): number {
  return [...bindings.values()].reduce((sum, { size }) => sum + size, 0);
}

class Lost extends Error {
  readonly node: Syntax | undefined;

  constructor(node: Syntax | undefined, paths: readonly Path[], how: string) {
    super(`${paths.map((path) => ['world', ...path].join('.')).join(' or ')} ${how}, which this test cannot follow`);
    this.node = node;
  }
}

/** With what stands around it. The parser counts bytes, and goes on counting from text to text. */
function textAt(code: string, module: Syntax, node: Syntax | undefined): string {
  const start = (node?.span?.start ?? 0) - (module.span?.start ?? 0);
  const bytes = Buffer.from(code).subarray(Math.max(0, start - 60), start + 60);
  return bytes.toString().replaceAll(/\s+/g, ' ');
}

/** Where a world or a port has no business: only its methods may be used here. */
function read(node: unknown, reading: Reading): void {
  if (Array.isArray(node)) {
    for (const item of node) read(item, reading);
  } else if (isSyntax(node)) {
    readSyntax(node, reading);
  } else if (typeof node === 'object' && node !== null) {
    read(Object.values(node), reading);
  }
}

function readSyntax(node: Syntax, reading: Reading): void {
  const isResult = reading.results.has(node);
  const paths = pathsOf(node, reading);
  for (const path of paths) if (path.length > 1 || !isResult) use(node, path, reading);
  if (node.type === 'VariableDeclarator') readVariable(node, reading);
  else if (isResult || paths.length > 0 || node.type === 'CallExpression') accept(node, reading);
  else readParts(node, reading);
}

/** A port that is called, or a method that is taken, called or not. */
function use(node: Syntax, path: Path, { calls }: Reading): void {
  if (path.length < 2 && !PORTS_THAT_ARE_FUNCTIONS.has(path.join('.'))) {
    throw new Lost(node, [path], 'is used as a whole');
  }
  calls.add(path.join('.'));
}

const PORTS_THAT_ARE_FUNCTIONS = new Set(['log', 'capacityFor']);

/** Where the value may be a world or a port, since whoever gets it is followed: only what is inside is read. */
function accept(node: Syntax, reading: Reading): void {
  if (node.type === 'CallExpression') readCall(node, reading);
  else if (node.type === 'ObjectExpression') readObject(node, reading);
  else if (node.type === 'ConditionalExpression') {
    read(node['test'], reading);
    accept(node['consequent'] as Syntax, reading);
    accept(node['alternate'] as Syntax, reading);
  } else if (node.type in WRAPPERS) accept(wrapped(node), reading);
  else if (node.type === 'MemberExpression') accept(node['object'] as Syntax, reading);
  else if (node.type !== 'Identifier') readParts(node, reading);
}

function readVariable(node: Syntax, reading: Reading): void {
  const init = node['init'] as Syntax | undefined;
  const paths = isSyntax(init) ? pathsOf(init, reading) : [];
  if (paths.length === 0) read(init, reading);
  else accept(init as Syntax, reading);
  for (const path of paths) bind(node['id'] as Syntax, path, reading);
}

function readCall(node: Syntax, reading: Reading): void {
  read(node['callee'], reading);
  const unit = unitOf(node['callee'], reading);
  const given = node['arguments'] as { spread: unknown; expression: Syntax }[];
  for (const [index, { spread, expression }] of given.entries()) {
    const paths = pathsOf(expression, reading).filter(({ length }) => length < 2);
    const parameter = spread ? undefined : unit?.parameters[index];
    if (paths.length === 0) read(expression, reading);
    else if (parameter === undefined) throw new Lost(expression, paths, 'is handed to something unknown');
    else accept(expression, reading);
    for (const path of paths) bind(parameter, path, reading);
  }
}

/** `{ ...world, cluster: { ...world.cluster, runTask } }` is still a world; a port under another name is none. */
function readObject(node: Syntax, reading: Reading): void {
  const owners = pathsOf(node, reading).map((path) => path.join('.'));
  for (const property of node['properties'] as Syntax[]) {
    const value = (property['value'] ?? property['arguments'] ?? property) as Syntax;
    const paths = isSyntax(value) ? pathsOf(value, reading).filter(({ length }) => length < 2) : [];
    if (paths.length === 0) {
      readInPlace(property, owners, reading);
    } else {
      const isInPlace = (path: Path) =>
        owners.includes(path.slice(0, -1).join('.')) && path.at(-1) === nameOf(property);
      const isSpread = property.type === 'SpreadElement';
      if (!isSpread && !paths.every(isInPlace)) throw new Lost(value, paths, 'is put into an object');
      accept(value, reading);
    }
  }
}

/** A method that stands in for the port's own of that name, and calls it: whoever calls the one calls the other. */
function readInPlace(property: Syntax, owners: readonly string[], reading: Reading): void {
  const inside: Reading = { ...reading, calls: new Set() };
  read(property, inside);
  const own = owners.map((owner) => `${owner}.${nameOf(property)}`);
  for (const call of inside.calls) if (!own.includes(call)) reading.calls.add(call);
}

function nameOf(property: Syntax): unknown {
  return (property['key'] as Syntax | undefined)?.['value'];
}

function bind(pattern: Syntax | undefined, path: Path, reading: Reading): void {
  if (pattern?.type === 'Identifier') {
    const key = keyOf(pattern);
    reading.bindings.set(key, (reading.bindings.get(key) ?? new Map()).set(path.join('.'), path));
  } else if (pattern?.type === 'ObjectPattern') {
    for (const property of pattern['properties'] as Syntax[]) {
      const key = property['key'] as Syntax | undefined;
      if (key?.type !== 'Identifier') throw new Lost(pattern, [path], 'is taken apart');
      if (path.length < 2) bind((property['value'] ?? key) as Syntax, [...path, String(key['value'])], reading);
    }
  } else {
    throw new Lost(pattern, [path], 'is taken apart');
  }
}

/** Syntax around a value that leaves it what it is, and where the value stands in it. */
const WRAPPERS: Readonly<Record<string, string>> = {
  AwaitExpression: 'argument',
  OptionalChainingExpression: 'base',
  ParenthesisExpression: 'expression',
};

function wrapped(node: Syntax): Syntax {
  return node[WRAPPERS[node.type] ?? ''] as Syntax;
}

/** What the expression may be, of the world; nothing for everything else. `inside`: calls that are being looked at. */
function pathsOf(node: Syntax, reading: Reading, inside: readonly Unit[] = []): Path[] {
  if (node.type in WRAPPERS) return pathsOf(wrapped(node), reading, inside);
  if (node.type === 'Identifier') return [...(reading.bindings.get(keyOf(node))?.values() ?? [])];
  if (node.type === 'MemberExpression') return pathsOfMember(node, reading, inside);
  if (node.type === 'ConditionalExpression') {
    return [node['consequent'], node['alternate']].flatMap((each) => pathsOf(each as Syntax, reading, inside));
  }
  if (node.type === 'ObjectExpression') {
    const spreads = (node['properties'] as Syntax[]).filter(({ type }) => type === 'SpreadElement');
    return spreads.flatMap((each) => pathsOf(each['arguments'] as Syntax, reading, inside));
  }
  const unit = node.type === 'CallExpression' ? unitOf(node['callee'], reading) : undefined;
  if (unit === undefined || inside.includes(unit)) return [];
  return unit.results.flatMap((result) => pathsOf(result, reading, [...inside, unit]));
}

function pathsOfMember(node: Syntax, reading: Reading, inside: readonly Unit[]): Path[] {
  const owners = pathsOf(node['object'] as Syntax, reading, inside).filter(({ length }) => length < 2);
  const property = node['property'] as Syntax;
  if (owners.length > 0 && property.type !== 'Identifier') throw new Lost(node, owners, 'is read by a computed name');
  return owners.map((owner) => [...owner, String(property['value'])]);
}

function readParts(node: Syntax, reading: Reading): void {
  for (const [key, part] of Object.entries(node)) if (!isName(node, key)) read(part, reading);
}

/** Names of properties, functions and parameters are no values. */
function isName(node: Syntax, key: string): boolean {
  if (key === 'property' || key === 'key') return (node[key] as Syntax | undefined)?.type === 'Identifier';
  return key === 'params' || key === 'identifier' || key === 'id';
}

/** By the binding of their names. */
function unitsOf(module: Syntax): Map<string, Unit> {
  const units = new Map<string, Unit>();
  walk(module, (node) => {
    const name = (node.type === 'FunctionDeclaration' ? node['identifier'] : node['id']) as Syntax | undefined;
    const value = node.type === 'VariableDeclarator' ? node['init'] : node;
    if (name?.type !== 'Identifier' || !isSyntax(value) || !isFunction(value)) return;
    const parameters = (value['params'] as Syntax[]).map((each) => withoutDefault((each['pat'] ?? each) as Syntax));
    units.set(keyOf(name), { name: String(name['value']), parameters, results: resultsOf(value['body'] as Syntax) });
  });
  return units;
}

function isFunction({ type }: Syntax): boolean {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(type);
}

function withoutDefault(pattern: Syntax): Syntax {
  return pattern.type === 'AssignmentPattern' ? (pattern['left'] as Syntax) : pattern;
}

/** What the function itself returns, not those inside it. An arrow's body may be what it returns. */
function resultsOf(body: Syntax): Syntax[] {
  return /^(FunctionBody|BlockStatement)$/.test(body.type) ? returned(body) : [body];
}

function returned(node: unknown): Syntax[] {
  if (typeof node !== 'object' || node === null || (isSyntax(node) && isFunction(node))) return [];
  if (isSyntax(node) && node.type === 'ReturnStatement') return isSyntax(node['argument']) ? [node['argument']] : [];
  return Object.values(node).flatMap(returned);
}

function unitOf(callee: unknown, { units }: Reading): Unit | undefined {
  return isSyntax(callee) && callee.type === 'Identifier' ? units.get(keyOf(callee)) : undefined;
}

function walk(node: unknown, visit: (node: Syntax) => void): void {
  if (typeof node !== 'object' || node === null) return;
  if (isSyntax(node)) visit(node);
  for (const part of Object.values(node)) walk(part, visit);
}

/** The parser gives each scope a number of its own: the same name in another scope is another binding. */
function keyOf(identifier: Syntax): string {
  return `${identifier['value']}#${identifier['ctxt']}`;
}

function isSyntax(node: unknown): node is Syntax {
  return typeof node === 'object' && node !== null && typeof (node as Syntax).type === 'string';
}
