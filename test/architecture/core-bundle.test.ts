/**
 * The core as it ships, in a world that has nothing but the language: what the source check cannot see (a way around
 * it, a dependency, what the bundler adds) fails here.
 */
import { globSync } from 'node:fs';
import vm from 'node:vm';
import { expect, test } from '@jest/globals';
import { build } from 'esbuild';

type Core = { poolFor: (pools: unknown, job: unknown) => unknown } & Record<string, unknown>;

/** Runs inside the bare context, before the bundle. A fresh context has neither process, timers, fetch nor crypto. */
const TAKE_AWAY = `
  const RealDate = Date;
  const forbid = (name) => () => { throw new Error('the core has no ' + name); };
  globalThis.Date = class extends RealDate {
    constructor(...parts) {
      if (parts.length === 0) throw new Error('the core has no clock');
      super(...parts);
    }
    static now = forbid('clock');
  };
  Math.random = forbid('chance');
  for (const name of ['Intl', 'WebAssembly', 'SharedArrayBuffer', 'Atomics', 'console', 'eval']) delete globalThis[name];
`;

async function loadCore(planted = ''): Promise<Core> {
  const modules = globSync('lib/core/**/*.ts').map((path) => `export * from './${path}';`);
  expect(modules.length).toBeGreaterThan(3);
  const contents = [...modules, planted].join('\n');
  const { outputFiles, metafile, warnings } = await build({
    stdin: { contents, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    write: false,
    metafile: true,
    format: 'iife',
    globalName: 'core',
    platform: 'neutral',
    target: 'node24',
    logLevel: 'silent',
  });
  expect(warnings).toEqual([]);
  const foreign = Object.keys(metafile.inputs).filter((path) => path !== '<stdin>' && !path.startsWith('lib/core/'));
  expect(foreign).toEqual([]);
  // No code from text either: the source check could not read it.
  const context = vm.createContext({}, { codeGeneration: { strings: false, wasm: false } });
  vm.runInContext(TAKE_AWAY, context);
  vm.runInContext(outputFiles[0]?.text ?? '', context);
  return vm.runInContext('core', context) as Core;
}

test('the bundle of the core loads and decides in a world without clock, chance, process, timers and fetch', async () => {
  const core = await loadCore();
  const pool = { name: 'default', labels: ['Linux', 'ecs'], repositories: ['octo-org/*'] };
  const job = { labels: ['linux'], owner: 'Octo-Org', repository: 'web' };
  expect(core.poolFor({ pools: [pool] }, job)).toMatchObject({ pool: { name: 'default' } });
  expect(core.poolFor({ pools: [pool] }, { ...job, labels: ['gpu'] })).toMatchObject({ ignored: /gpu/ });
});

const planted: [string, string, RegExp][] = [
  ['the clock', 'Date.now()', /the core has no clock/],
  ['a date without a time', 'new Date()', /the core has no clock/],
  ['the other clock', 'performance.now()', /performance is not defined/],
  ['chance', 'Math.random()', /the core has no chance/],
  ['identifiers', 'crypto.randomUUID()', /crypto is not defined/],
  ['the environment', 'process.env', /process is not defined/],
  ['a timer', 'setTimeout(() => {}, 1)', /setTimeout is not defined/],
  ['the network', "fetch('https://example.org')", /fetch is not defined/],
  ['the language of the machine', 'new Intl.DateTimeFormat()', /Intl is not defined/],
  ['code from text', "new Function('return 1')()", /Code generation from strings disallowed/],
];
test.each(planted)('planted: %s is not there', async (_, expression, expected) => {
  const core = await loadCore(`export const planted = () => ${expression};`);
  expect(core['planted']).toThrow(expected);
});

test('planted: use of the clock while loading stops the load', async () => {
  await expect(loadCore('export const startedAt = Date.now();')).rejects.toThrow('the core has no clock');
});

test('planted: a Node module cannot be bundled', async () => {
  await expect(loadCore("export { join } from 'node:path';")).rejects.toThrow(/Could not resolve "node:path"/);
});
