/** Bytes and import time of the functions' bundles, beside an empty one and the SDK's client of SQS alone. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bundle, build, FUNCTIONS } from '../build.ts';
import { measured } from './child.ts';
import { median } from './median.ts';

export type MeasuredBundle = {
  name: string;
  bytes: number;
  importMs: number;
  importOverEmptyMs: number;
  /** Of all threads; it says more than `importMs` on a machine that is busy with other things. */
  importCpuMs: number;
};

type Loading = { ms: number; cpuMs: number };

const fileOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Bundles to compare with, and those whose inside is measured: all made with the settings of the functions. */
export function buildAll(outdir: string): Promise<Bundle[]> {
  const own = FUNCTIONS.map((name) => [name, fileOf(`../../../functions/${name}.ts`)]);
  return build({
    outdir,
    functions: {
      empty: fileOf('./empty.ts'),
      'client-sqs': fileOf('./client-sqs.ts'),
      ...Object.fromEntries(own),
      'webhook-events': fileOf('./webhook-events.ts'),
    },
  });
}

/** In turns (A B C A B C …), so that whatever else the machine does meets all of them alike. */
export async function measureBundles(bundles: readonly Bundle[], rounds: number): Promise<MeasuredBundle[]> {
  const loader = fileOf('./import-time.mjs');
  const times = new Map<string, Loading[]>(bundles.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, file } of bundles) times.get(name)?.push(await measured<Loading>(loader, file));
  }
  const of = (name: string, key: keyof Loading) => median((times.get(name) ?? []).map((loading) => loading[key]));
  return bundles.map(({ name, bytes }) => ({
    name,
    bytes,
    importMs: of(name, 'ms'),
    importOverEmptyMs: of(name, 'ms') - of('empty', 'ms'),
    importCpuMs: of(name, 'cpuMs'),
  }));
}

export function bundleFile(outdir: string, name: string): string {
  return join(outdir, name, 'index.mjs');
}
