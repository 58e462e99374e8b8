/** Stand-in bundles: a module's text in a directory of its own, as a function's zip would unpack. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFunction, type FunctionOptions, type LocalFunction } from '../../lib/local/lambda.ts';

export async function aBundle(source: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'ecs-runners-')), 'index.mjs');
  await writeFile(file, source);
  return file;
}

const started: LocalFunction[] = [];

export async function aFunction(source: string, overrides: Partial<FunctionOptions> = {}): Promise<LocalFunction> {
  const made = createFunction({
    name: 'stand-in',
    bundle: await aBundle(source),
    environment: {},
    timeoutSeconds: 30,
    concurrency: 1,
    time: { originMs: 0, speed: 1 },
    log: () => {},
    ...overrides,
  });
  started.push(made);
  return made;
}

export async function closeFunctions(): Promise<void> {
  await Promise.all(started.splice(0).map((one) => one.close()));
}
