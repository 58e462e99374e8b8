/**
 * What a source file takes from outside itself: imports (of types too) and globals. By the parser that Jest uses
 * here anyway: unlike a bundler it sees type imports, and unlike a linter it tells a global from a local name.
 */
import { posix } from 'node:path';
import { parseSync } from '@swc/core';

export type Import = {
  /** A path from the repository's root (`lib/core/job.ts`) or the name of a package or Node module. */
  target: string;
  typeOnly: boolean;
  /** What is imported by name; `*` for a whole module. */
  names: string[];
  line: number;
};

/** As written: `fetch`, `process.env`, `Date.now`, `new Date()`, `new Date(…)`; also `await`, `async`, `.localeCompare`. */
export type Use = { name: string; line: number };

export type SourceFile = { path: string; imports: Import[]; uses: Use[] };

type Syntax = { type: string; span?: { start: number } } & Record<string, unknown>;
/** Gives what to visit next. */
type Visit = (node: Syntax, inType: boolean) => unknown[];

/** `path` is relative to the repository's root. Throws if the text does not parse. */
export function scan(path: string, text: string): SourceFile {
  const syntax = path.endsWith('.ts') ? 'typescript' : 'ecmascript';
  const module = parseSync(text, { syntax, target: 'es2024' }) as unknown as Syntax;
  const bytes = Buffer.from(text);
  const line = ({ span }: Syntax) =>
    bytes
      .subarray(0, (span?.start ?? 1) - 1)
      .toString()
      .split('\n').length;
  const file: SourceFile = { path, imports: [], uses: [] };
  walk(module, false, (node, inType) => {
    const found = importOf(node);
    if (found) file.imports.push({ ...found, target: resolve(path, found.target), line: line(node) });
    const used = inType ? undefined : useOf(node);
    if (used) file.uses.push({ name: used, line: line(node) });
    return Object.entries(node).flatMap(([key, value]) => (used && isNamedBy(used, key) ? [] : [value]));
  });
  return file;
}

/** The parts of `Date.now` and `new Date()` that are no further use of `Date`. */
function isNamedBy(used: string, key: string): boolean {
  return (key === 'object' && !used.startsWith('.')) || (key === 'callee' && used.startsWith('new '));
}

function walk(node: unknown, inType: boolean, visit: Visit): void {
  if (Array.isArray(node)) {
    for (const item of node) walk(item, inType, visit);
  } else if (isSyntax(node)) {
    const type = inType || (node.type.startsWith('Ts') && !node.type.endsWith('Expression'));
    walk(visit(node, type), type, visit);
  } else if (typeof node === 'object' && node !== null) {
    walk(Object.values(node), inType, visit);
  }
}

function isSyntax(node: unknown): node is Syntax {
  return typeof node === 'object' && node !== null && typeof (node as Syntax).type === 'string';
}

function resolve(path: string, target: string): string {
  return target.startsWith('.') ? posix.join(posix.dirname(path), target) : target;
}

function importOf(node: Syntax): Omit<Import, 'line'> | undefined {
  const target = (node['source'] ?? node['argument']) as { value?: unknown } | undefined;
  if (/^(Import|ExportNamed|ExportAll)Declaration$/.test(node.type) && typeof target?.value === 'string') {
    return { target: target.value, typeOnly: isTypeOnly(node), names: namesOf(node) };
  }
  if (node.type === 'TsImportType') return { target: String(target?.value), typeOnly: true, names: [] };
  if (node.type !== 'CallExpression') return undefined;
  const [first] = node['arguments'] as { expression: { value?: unknown } }[];
  const callee = node['callee'] as Syntax | undefined;
  const loads = callee?.type === 'Import' || (callee && globalName(callee) === 'require');
  if (!loads) return undefined;
  return { target: String(first?.expression.value ?? '(computed)'), typeOnly: false, names: ['*'] };
}

function isTypeOnly(node: Syntax): boolean {
  const specifiers = (node['specifiers'] ?? []) as { isTypeOnly?: boolean }[];
  return node['typeOnly'] === true || (specifiers.length > 0 && specifiers.every((one) => one.isTypeOnly === true));
}

function namesOf(node: Syntax): string[] {
  if (node.type === 'ExportAllDeclaration') return ['*'];
  const specifiers = node['specifiers'] as (Syntax & Record<'imported' | 'orig' | 'local', { value: string } | null>)[];
  return specifiers.map((one) => {
    return one.type.endsWith('Specifier') && !/Namespace|Default/.test(one.type)
      ? ((one.imported ?? one.orig ?? one.local)?.value ?? '*')
      : '*';
  });
}

function useOf(node: Syntax): string | undefined {
  if (node.type === 'AwaitExpression') return 'await';
  if (node['async'] === true) return 'async';
  if (node.type === 'NewExpression' && globalName(node['callee'] as Syntax) === 'Date') {
    return (node['arguments'] as unknown[] | null)?.length ? 'new Date(…)' : 'new Date()';
  }
  if (node.type === 'MemberExpression') return memberUse(node['object'] as Syntax, node['property'] as Syntax);
  return globalName(node);
}

function memberUse(object: Syntax, property: Syntax): string | undefined {
  const name = property.type === 'Identifier' ? String(property['value']) : computedName(property);
  const owner = globalName(object);
  if (owner !== undefined && name !== undefined) return `${owner}.${name}`;
  return name !== undefined && /^(localeCompare|toLocale\w+)$/.test(name) ? `.${name}` : undefined;
}

function computedName({ expression }: Syntax): string | undefined {
  const { type, value } = (expression ?? {}) as Syntax;
  return type === 'StringLiteral' ? String(value) : undefined;
}

/** The parser marks the names that the file itself does not declare with this context. */
const UNDECLARED = 1;

function globalName(node: Syntax): string | undefined {
  return node.type === 'Identifier' && node['ctxt'] === UNDECLARED ? String(node['value']) : undefined;
}
