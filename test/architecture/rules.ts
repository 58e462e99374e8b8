/**
 * The directions and absences of the architecture, as tables. One own check instead of the linter's restricted
 * imports, because those compare the text of an import, not the file it leads to, and cannot tell `new Date()` from
 * `new Date(0)`; everything stands in one place, and a test plants a violation of each row.
 */
import type { Import, SourceFile, Use } from './scan.ts';

/** Which parts of the source a part may import; `types`: with `import type` only. */
type Part = { name: string; holds: RegExp; imports: readonly string[]; types?: readonly string[] };

/** The first row that holds a path is its part. */
const parts: readonly Part[] = [
  { name: 'core', holds: /^lib\/core\//, imports: ['core'] },
  { name: 'world', holds: /^lib\/world\.ts$/, imports: [], types: ['core'] },
  { name: 'flows', holds: /^lib\/flows\//, imports: ['flows', 'core'], types: ['world'] },
  { name: 'handlers', holds: /^lib\/handlers\//, imports: ['handlers', 'flows', 'core'], types: ['world'] },
  { name: 'live', holds: /^lib\/live\//, imports: ['live', 'core'], types: ['world'] },
  {
    name: 'functions',
    holds: /^functions\//,
    imports: ['functions', 'handlers', 'flows', 'core', 'live'],
    types: ['world'],
  },
  { name: 'sim', holds: /^lib\/sim\//, imports: ['sim'], types: ['world'] },
  { name: 'pools file', holds: /^lib\/pools-file(\/|\.ts$)/, imports: ['pools file', 'core'] },
  { name: 'local', holds: /^lib\/local\//, imports: ['local', 'sim', 'core', 'pools file'], types: ['world', 'cli'] },
  // What is deployed; nothing that is deployed knows of it.
  { name: 'infra', holds: /^infra\//, imports: ['infra', 'core', 'pools file'] },
  // A job runs it, on the runner's Node.js: nothing of ours is there.
  { name: 'actions', holds: /^actions\//, imports: ['actions'] },
  {
    name: 'cli',
    holds: /^lib\/cli\//,
    imports: ['cli', 'local', 'sim', 'pools file', 'functions', 'handlers', 'flows', 'live', 'core', 'infra'],
    types: ['world'],
  },
];

/** Which packages and Node modules a part may import; parts that are not here: any. Names, where only some will do. */
const packages: Readonly<Record<string, readonly { of: string; names?: readonly string[]; typeOnly?: true }[]>> = {
  core: [],
  world: [],
  // It is checked out, not installed: Node.js alone is there.
  actions: ['crypto', 'fs', 'http', 'https'].map((name) => ({ of: `node:${name}` })),
  // A keyed hash is computing, not the outside; chance and keys from the same module would be.
  flows: [{ of: 'node:crypto', names: ['createHash', 'createHmac', 'timingSafeEqual'] }],
  handlers: [
    { of: 'node:crypto', names: ['createHash', 'createHmac', 'timingSafeEqual'] },
    { of: 'aws-lambda', typeOnly: true },
    { of: '@octokit/webhooks' },
    { of: 'zod/mini' },
  ],
};

/** Parts that end up in a function's bundle. */
const bundled = ['core', 'flows', 'handlers', 'live', 'functions'];
/** Half a megabyte each, of which a function needs nothing: pools are checked before they are deployed. */
const tooLarge = ['zod', 'yaml'];

/** Who reads the environment: what joins the parts, and what stands in for the platform below them. */
const readEnvironment = [
  /^functions\//,
  /^lib\/cli\//,
  // The process of a job's step.
  /^actions\//,
  // The process of a runner's container.
  /^infra\/runner\//,
  // Loaded into a function's process before it, as Lambda's own runtime is.
  /^lib\/local\/[^/]+\.mjs$/,
  // Starts processes, which need the PATH of the machine.
  /^lib\/local\/lambda\.ts$/,
  // Takes the place of a module inside the AWS SDK, which nobody can pass anything to.
  /^lib\/live\/lambda-credentials\.ts$/,
];

/** All that the core may use of JavaScript: no clock, chance, process, timers, network, language or waiting. */
const pure =
  /^(undefined|NaN|Infinity|(Array|BigInt|Boolean|JSON|Map|Number|Object|RegExp|Set|String|Symbol|WeakMap|WeakSet)(\..*)?|(Type|Range)?Error|Math\.(?!random$).*|new Date\(…\)|Date\.UTC|(de|en)codeURIComponent)$/;

/** Sentences that each name a file, a line and the rule that it breaks. */
export function violations(file: SourceFile): string[] {
  const part = partOf(file.path);
  if (!part) return [`${file.path}: belongs to no part of the architecture: add one to the table, or move the file`];
  return [
    ...file.imports.flatMap((one) => importViolations(part, one).map((text) => `${file.path}:${one.line}: ${text}`)),
    ...file.uses.flatMap((use) =>
      useViolations(part, file.path, use).map((text) => `${file.path}:${use.line}: ${text}`),
    ),
  ];
}

function partOf(path: string): Part | undefined {
  return parts.find(({ holds }) => holds.test(path));
}

function importViolations(part: Part, { target, typeOnly, names }: Import): string[] {
  if (!/^(lib|functions|test|infra|actions|\.\.)\//.test(target))
    return packageViolations(part, { target, typeOnly, names });
  const other = partOf(target)?.name ?? target;
  if (part.imports.includes(other) || (typeOnly && part.types?.includes(other))) return [];
  if (part.types?.includes(other)) return [`${part.name} may import only types of ${other}`];
  return [`${part.name} may not import ${other} (${target})`];
}

function packageViolations(part: Part, { target, typeOnly, names }: Omit<Import, 'line'>): string[] {
  if (bundled.includes(part.name) && tooLarge.includes(target))
    return [`${target} is too large for a function's bundle`];
  const allowed = packages[part.name];
  if (!allowed) return [];
  const row = allowed.find(({ of }) => of === target);
  if (!row || (row.typeOnly && !typeOnly)) return [`${part.name} may not import ${target}`];
  const others = names.filter((name) => row.names && !row.names.includes(name) && !typeOnly);
  return others.map((name) => `${part.name} may not import ${name} of ${target}`);
}

function useViolations(part: Part, path: string, { name }: Use): string[] {
  if (part.name === 'core' && !pure.test(name)) return [`core may not use ${name}`];
  // The bare word too: it could be taken apart, or handed on.
  const isEnvironment = /^(process|process\.env|globalThis|globalThis\.process)$/.test(name);
  const mayRead = readEnvironment.some((pattern) => pattern.test(path));
  return isEnvironment && !mayRead ? [`only functions and the command line may use ${name}`] : [];
}
