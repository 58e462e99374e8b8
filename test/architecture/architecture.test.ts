import { globSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { violations } from './rules.ts';
import { scan } from './scan.ts';

const sources = globSync(['functions/**/*.{ts,mjs}', 'lib/**/*.{ts,mjs}', 'infra/**/*.ts', 'actions/**/*.mjs']);

test('every source file keeps to the architecture', () => {
  expect(sources.length).toBeGreaterThan(10);
  expect(sources.flatMap((path) => violations(scan(path, readFileSync(path, 'utf8'))))).toEqual([]);
});

const planted: [string, string, string, RegExp][] = [
  ['core imports flows', 'lib/core/x.ts', "import { a } from '../flows/a.ts';", /core may not import flows/],
  ['flows import infra', 'lib/flows/x.ts', "import { a } from '../../infra/a.ts';", /flows may not import infra/],
  ['infra imports the live world', 'infra/x.ts', "import { a } from '../lib/live/a.ts';", /infra may not import live/],
  [
    'core imports a type of world',
    'lib/core/x.ts',
    "import type { World } from '../world.ts';",
    /core may not import world/,
  ],
  [
    'core imports world by type query',
    'lib/core/x.ts',
    "type W = import('../world.ts').World;",
    /may not import world/,
  ],
  [
    'core exports from the live world',
    'lib/core/x.ts',
    "export { a } from '../live/a.ts';",
    /core may not import live/,
  ],
  ['core takes the long way', 'lib/core/x.ts', "import '../core/../live/a.ts';", /core may not import live/],
  ['core imports a Node module', 'lib/core/x.ts', "import { join } from 'node:path';", /core may not import node:path/],
  ['core imports a package', 'lib/core/x.ts', "import { z } from 'zod/mini';", /core may not import zod\/mini/],
  [
    'core loads a module later',
    'lib/core/x.ts',
    "const load = () => import('./y.ts').then(String);\nawait load();",
    /use await/,
  ],
  ['core requires', 'lib/core/x.ts', "require('fs');", /core may not import fs/],
  ['core reads the clock', 'lib/core/x.ts', 'export const now = () => Date.now();', /core may not use Date.now/],
  [
    'core reads the clock by a date',
    'lib/core/x.ts',
    'export const now = () => new Date();',
    /core may not use new Date\(\)/,
  ],
  ['core reads the clock, without brackets', 'lib/core/x.ts', 'export const now = () => new Date;', /use new Date\(\)/],
  ['core renames the clock', 'lib/core/x.ts', 'const D = Date; export const now = D.now;', /core may not use Date/],
  ['core reads the other clock', 'lib/core/x.ts', 'export const now = () => performance.now();', /use performance.now/],
  ['core throws dice', 'lib/core/x.ts', 'export const die = () => Math.random();', /core may not use Math.random/],
  ['core throws dice in brackets', 'lib/core/x.ts', "export const die = () => Math['random']();", /use Math.random/],
  ['core takes Math apart', 'lib/core/x.ts', 'const { random } = Math; random();', /core may not use Math/],
  ['core makes identifiers', 'lib/core/x.ts', 'export const id = () => crypto.randomUUID();', /use crypto.randomUUID/],
  ['core waits', 'lib/core/x.ts', 'setTimeout(() => {}, 1);', /core may not use setTimeout/],
  ['core asks the network', 'lib/core/x.ts', "fetch('https://example.org');", /core may not use fetch/],
  [
    'core asks the network by the global object',
    'lib/core/x.ts',
    "globalThis.fetch('x');",
    /core may not use globalThis.fetch/,
  ],
  ['core reads the environment', 'lib/core/x.ts', 'export const a = process.env;', /core may not use process.env/],
  ['core logs', 'lib/core/x.ts', "console.log('x');", /core may not use console.log/],
  ['core is asynchronous', 'lib/core/x.ts', 'export async function f() {}', /core may not use async/],
  ['core sorts by the language of the machine', 'lib/core/x.ts', "'a'.localeCompare('b');", /use .localeCompare/],
  ['core formats by the language of the machine', 'lib/core/x.ts', 'new Intl.NumberFormat();', /core may not use Intl/],
  [
    'core waits for the clock',
    'lib/core/x.ts',
    'export const f = async () => { await g(Date.now()); };',
    /use Date.now/,
  ],
  ['core dates a date', 'lib/core/x.ts', 'new Date(Date.now());', /use Date.now/],
  ['core runs text', 'lib/core/x.ts', "new Function('return Date.now()')();", /core may not use Function/],
  [
    'world imports a value',
    'lib/world.ts',
    "import { covers } from './core/pool.ts';",
    /world may import only types of core/,
  ],
  [
    'flows import the live world',
    'lib/flows/x.ts',
    "import type { A } from '../live/a.ts';",
    /flows may not import live/,
  ],
  [
    'flows import the simulated world',
    'lib/flows/x.ts',
    "import { a } from '../sim/a.ts';",
    /flows may not import sim/,
  ],
  ['flows import handlers', 'lib/flows/x.ts', "import { a } from '../handlers/a.ts';", /flows may not import handlers/],
  [
    'flows import an SDK',
    'lib/flows/x.ts',
    "import { SQSClient } from '@aws-sdk/client-sqs';",
    /flows may not import @aws-sdk/,
  ],
  [
    'flows throw dice',
    'lib/flows/x.ts',
    "import { createHmac, randomUUID } from 'node:crypto';",
    /import randomUUID of node:crypto/,
  ],
  [
    'flows take the whole of crypto',
    'lib/flows/x.ts',
    "import * as all from 'node:crypto';",
    /may not import \* of node:crypto/,
  ],
  [
    'handlers import the live world',
    'lib/handlers/x.ts',
    "import { a } from '../live/a.ts';",
    /handlers may not import live/,
  ],
  [
    'handlers import a value of aws-lambda',
    'lib/handlers/x.ts',
    "import { a } from 'aws-lambda';",
    /may not import aws-lambda/,
  ],
  ['handlers import zod whole', 'lib/handlers/x.ts', "import { z } from 'zod';", /zod is too large/],
  ['live imports flows', 'lib/live/x.ts', "import { a } from '../flows/a.ts';", /live may not import flows/],
  [
    'live imports the check of pools.yml',
    'lib/live/x.ts',
    "import { a } from '../pools-file.ts';",
    /live may not import pools file/,
  ],
  ['a function imports yaml', 'functions/x.ts', "import { parse } from 'yaml';", /yaml is too large/],
  [
    'a function imports the simulated world',
    'functions/x.ts',
    "import { a } from '../lib/sim/a.ts';",
    /functions may not import sim/,
  ],
  ['sim imports core', 'lib/sim/x.ts', "import { covers } from '../core/pool.ts';", /sim may not import core/],
  [
    'sim imports a type of core',
    'lib/sim/x.ts',
    "import type { Pool } from '../core/pool.ts';",
    /sim may not import core/,
  ],
  [
    'sim imports flows, from a folder',
    'lib/sim/a/x.ts',
    "import { a } from '../../flows/a.ts';",
    /sim may not import flows/,
  ],
  ['sim imports handlers', 'lib/sim/x.ts', "import { a } from '../handlers/a.ts';", /sim may not import handlers/],
  ['sim imports the live world', 'lib/sim/x.ts', "import { a } from '../live/a.ts';", /sim may not import live/],
  [
    'sim imports a value of world',
    'lib/sim/x.ts',
    "import { a } from '../world.ts';",
    /sim may import only types of world/,
  ],
  ['local imports the live world', 'lib/local/x.ts', "import { a } from '../live/a.ts';", /local may not import live/],
  [
    'the check of pools.yml imports the command line',
    'lib/pools-file/x.ts',
    "import { a } from '../cli/a.ts';",
    /may not import cli/,
  ],
  [
    'the source imports a test',
    'lib/cli/x.ts',
    "import { a } from '../../test/a.ts';",
    /cli may not import test\/a.ts/,
  ],
  ['flows read the environment', 'lib/flows/x.ts', 'export const a = process.env.A;', /may use process.env/],
  [
    'live reads the environment in brackets',
    'lib/live/x.ts',
    "export const a = process['env'];",
    /may use process.env/,
  ],
  ['local takes process apart', 'lib/local/x.ts', 'const { env } = process; env;', /may use process/],
  [
    'sim reads the environment by the global object',
    'lib/sim/x.ts',
    'globalThis.process.env;',
    /may use globalThis.process/,
  ],
  [
    'the action imports a package',
    'actions/x.mjs',
    "import * as core from '@actions/core';",
    /actions may not import @actions/,
  ],
  ['the action imports the service', 'actions/x.mjs', "import '../lib/core/a.ts';", /actions may not import core/],
  ['the service imports the action', 'lib/cli/x.ts', "import '../../actions/a.mjs';", /cli may not import actions/],
  ['a part that nobody has named', 'lib/utils/x.ts', '', /belongs to no part/],
];
test.each(planted)('caught: %s', (_, path, text, expected) => {
  expect(violations(scan(path, text))).toContainEqual(expect.stringMatching(expected));
});

const allowed: [string, string, string][] = [
  ['core makes a date of a number', 'lib/core/x.ts', 'export const at = (ms: number) => new Date(ms).toISOString();'],
  [
    'core has names like globals',
    'lib/core/x.ts',
    'export const f = (fetch: number, o: { process: 1 }) => fetch + o.process;',
  ],
  [
    'core speaks of types',
    'lib/core/x.ts',
    'export type A = Promise<Date>; export const a = (x: typeof fetch | A) => x;',
  ],
  [
    'flows see the world',
    'lib/flows/x.ts',
    "import type { World } from '../world.ts'; import { covers } from '../core/pool.ts';",
  ],
  ['types among types', 'lib/handlers/x.ts', "import { type SQSEvent } from 'aws-lambda';"],
  [
    'sim sees the shapes of the world',
    'lib/sim/x.ts',
    "import type { Task } from '../world.ts'; import { a } from './b.ts';",
  ],
  ['functions read the environment', 'functions/x.ts', 'export const a = process.env; import "../lib/live/world.ts";'],
  ['local ends its processes', 'lib/local/x.ts', "process.on('SIGINT', () => process.exit());"],
];
test.each(allowed)('allowed: %s', (_, path, text) => {
  expect(violations(scan(path, text))).toEqual([]);
});

test('a violation names its file, line and rule', () => {
  const text = "// ä\nimport { a } from './a.ts';\n\nexport const b = a(Date.now());\n";
  expect(violations(scan('lib/core/x.ts', text))).toEqual(['lib/core/x.ts:4: core may not use Date.now']);
});
